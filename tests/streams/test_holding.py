"""After an outage: what a partition proposes while it catches up is held, and then leaves paced or not at all."""

from collections.abc import Iterable

import pytest
from prometheus_client import CollectorRegistry
from rig import BASKET, HOUR, OFFER, T0, Rig, willing

from engine.event import HOLD_SPACING_MS, Event
from state.changelog import Mark
from state.codec import encode
from state.store import MemoryStore
from streams.holding import CAUGHT_UP_MS, HOLD_LAG_MS
from streams.metrics.metrics import Metrics
from streams.metrics.observer import WorkerObserver
from streams.metrics.watchdog import Watchdog
from streams.touchpoints.decoder import Forward, encode_forward

AT_ONCE = {**OFFER, "steps": [{"send": "offer"}]}
PEOPLE = ["p0", "p1", "p2", "p3"]


def after_an_outage(*people: str, definition: dict[str, object] = OFFER, event_clock: bool = False) -> Rig:
    """Ten hours were missed; at their beginning these people left baskets, near their end something else happened."""
    rig = Rig(definitions=[definition], event_clock=event_clock, trace_all=True)
    willing(rig, *people)
    for person in people:
        rig.put("touchpoints.web", T0, "basket.updated", person, occurred_at=T0)
    rig.put("touchpoints.web", T0 + 9 * HOUR, "page.viewed", "somebody", occurred_at=T0 + 9 * HOUR)
    return rig


def decided(rig: Rig) -> list[tuple[str, int]]:
    """Whose action was decided when, by the wall clock at the end of the outage, in the order of the instants."""
    found = [(said["customer"], said["decided_at"] - T0 - 10 * HOUR) for said in rig.said() if said["kind"] == "send"]
    return sorted(found, key=lambda one: one[1])


def lines(rig: Rig, what: str) -> list[str]:
    found = [line for said in rig.said("decisions") for line in said.get("lines", []) if line["what"] == what]
    return [line.get("code", "") for line in found]


def pass_time(rig: Rig, instants: Iterable[int]) -> None:
    """The wall clock goes to each of these instants after the outage (ms)."""
    for instant in instants:
        rig.wall.now = T0 + 10 * HOUR + instant
        rig.run()


@pytest.mark.parametrize("ordered_at", [HOUR // 2, 2 * HOUR, 9 * HOUR + 1])
@pytest.mark.parametrize("first", ["touchpoints.web", "touchpoints.store"])
def test_whoever_the_backlog_shows_to_have_ordered_is_never_reminded(first: str, ordered_at: int) -> None:
    """Before and after the wait was over, and whichever topic comes in first."""
    rig = Rig(definitions=[OFFER])
    for topic in sorted(("touchpoints.web", "touchpoints.store"), key=lambda topic: topic != first):
        for other, log in rig.logs.items():
            log.unread = other.startswith("touchpoints.") and topic == first != other
        if topic == "touchpoints.store":
            rig.put(topic, T0 + ordered_at, "order.placed")
        else:
            willing(rig)
            rig.put(topic, T0, "basket.updated")
            rig.put(topic, T0 + 9 * HOUR, "page.viewed")
        rig.run()
    pass_time(rig, (0, 20, 1000, 5 * HOUR))
    assert not any(lane.rows or lane.lagging for lane in rig.partition.lanes.values())
    assert rig.processor.held == (ordered_at > HOUR)
    assert rig.sent() == []


def test_who_did_not_order_is_reminded_after_catching_up_one_after_the_other() -> None:
    rig = after_an_outage(*PEOPLE)
    pass_time(rig, [0])
    assert (decided(rig), lines(rig, "held")) == ([], ["catching_up"] * 4)
    assert rig.partition.wait_ms() == HOLD_SPACING_MS
    pass_time(rig, range(10, 50, 10))
    assert decided(rig) == [("p0", 20), ("p1", 40)]
    pass_time(rig, [1000, 5 * HOUR])
    assert decided(rig) == [(person, 20 * number) for number, person in enumerate(PEOPLE, 1)]


def test_only_what_was_held_takes_an_instant() -> None:
    rig = Rig(definitions=[AT_ONCE])
    willing(rig, "p0", "p1")
    rig.put("touchpoints.web", T0, "basket.updated", "p0")
    for number in range(30):
        rig.put("touchpoints.web", T0 + number, "page.viewed", f"q{number}")
    rig.put("touchpoints.web", T0 + HOUR, "basket.updated", "p1")
    pass_time(rig, (0, 1000))
    assert decided(rig) == [("p0", 20), ("p1", 40)]


def test_what_arrives_at_the_end_of_the_backlog_still_stops_what_is_held() -> None:
    rig = after_an_outage("ordered", "withdrew", "erased", "nothing")
    rig.put("touchpoints.store", T0 + 10 * HOUR - 3, "order.placed", "ordered")
    answer = {"topic": "offers", "channel": "email", "given": False}
    rig.put("touchpoints.store", T0 + 10 * HOUR - 2, "consent.changed", "withdrew", properties=answer)
    rig.put("touchpoints.store", T0 + 10 * HOUR - 1, "customer.erased", "erased")
    pass_time(rig, (0, 1000))
    assert lines(rig, "held") == ["catching_up"] * 4
    assert [customer for customer, _ in decided(rig)] == ["nothing"]
    assert lines(rig, "refused") == ["consent"]


def test_a_time_to_live_that_ended_in_the_outage_ends_it() -> None:
    rig = after_an_outage("p0", definition={**OFFER, "ttl": "2h"})
    pass_time(rig, (0, 1000))
    assert (decided(rig), lines(rig, "held"), lines(rig, "exited")) == ([], ["catching_up"], ["expired"])


def test_messages_of_class_service_are_not_held() -> None:
    rig = after_an_outage("p0", definition=BASKET)
    pass_time(rig, [0])
    assert decided(rig) == [("p0", -9 * HOUR)]
    assert lines(rig, "held") == []


def test_with_the_event_clock_nothing_is_held() -> None:
    rig = after_an_outage("p0", event_clock=True)
    pass_time(rig, [0])
    assert decided(rig) == [("p0", -9 * HOUR)]
    assert lines(rig, "held") == []


def test_one_that_still_lags_at_the_instant_is_held_again_and_an_order_by_then_counts() -> None:
    rig = after_an_outage("p0", "p1")
    rig.logs["touchpoints.store"].unread = True
    rig.put("touchpoints.store", T0 + 9 * HOUR, "page.viewed", "somebody")
    pass_time(rig, [0])
    assert lines(rig, "held") == ["catching_up"] * 2
    rig.wall.now += HOUR
    rig.put("touchpoints.store", T0 + 10 * HOUR + HOUR // 2, "page.viewed", "somebody")
    rig.put("touchpoints.store", T0 + 11 * HOUR - 1, "order.placed", "p1")
    rig.run()
    assert lines(rig, "held") == ["catching_up"] * 4
    rig.logs["touchpoints.store"].unread = False
    pass_time(rig, (HOUR, HOUR + 1000))
    assert decided(rig) == [("p0", HOUR + HOLD_SPACING_MS)]


def test_instants_that_were_missed_while_catching_up_are_no_burst() -> None:
    rig = after_an_outage(*PEOPLE)
    rig.logs["touchpoints.store"].unread = True
    rig.put("touchpoints.store", T0 + 9 * HOUR, "page.viewed", "somebody")
    pass_time(rig, [0])
    rig.logs["touchpoints.store"].unread = False
    pass_time(rig, [HOUR])
    assert decided(rig) == []
    pass_time(rig, [HOUR + 1000])
    assert [at - HOUR for _, at in decided(rig)] == [20, 40, 60, 80]


def test_timers_that_an_outage_without_touchpoints_missed_leave_paced_too() -> None:
    rig = Rig(definitions=[OFFER])
    rig.wall.now = T0
    willing(rig, *PEOPLE)
    for person in PEOPLE:
        rig.put("touchpoints.web", T0, "basket.updated", person)
    rig.run()
    pass_time(rig, [0])
    assert decided(rig) == []
    pass_time(rig, [1000])
    assert decided(rig) == [(person, 20 * number) for number, person in enumerate(PEOPLE, 1)]


@pytest.mark.parametrize(("lag", "held"), [(HOLD_LAG_MS, 0), (HOLD_LAG_MS + 1, 1)])
def test_a_lag_of_half_a_minute_is_none(lag: int, held: int) -> None:
    rig = Rig(definitions=[AT_ONCE])
    willing(rig, at=rig.wall.now - lag)
    rig.put("touchpoints.web", rig.wall.now - lag, "basket.updated")
    rig.run()
    assert rig.processor.held == held


def test_the_end_of_a_backlog_does_not_overtake_what_is_held() -> None:
    """Once it catches up, a partition holds until it has; then a small lag is none again."""
    rig = Rig(definitions=[AT_ONCE])
    willing(rig, "a", "b", "c", "d")
    now = rig.wall.now
    for person, lag in (("a", HOUR), ("b", CAUGHT_UP_MS + 1), ("c", CAUGHT_UP_MS)):
        rig.put("touchpoints.web", now - lag, "basket.updated", person)
    rig.run()
    assert decided(rig) == [("c", -CAUGHT_UP_MS)]
    pass_time(rig, [1000])
    assert decided(rig)[1:] == [("a", 20), ("b", 40)]
    rig.wall.now += HOLD_LAG_MS
    rig.put("touchpoints.web", rig.wall.now - HOLD_LAG_MS, "basket.updated", "d")
    rig.run()
    assert decided(rig)[-1] == ("d", 1000)


def test_what_comes_from_another_partition_is_held_by_the_lag_of_this_one() -> None:
    rig = Rig(definitions=[AT_ONCE])
    willing(rig)
    event = Event("x1", "basket.updated", "c1", "web", T0, T0)
    rig.put_bytes("touchpoints.rekeyed", T0 + HOUR, encode_forward(Forward("3>0", 1, "o", event)).value or b"")
    pass_time(rig, (0, 20))
    assert decided(rig) == [("c1", 20)]


def test_the_size_of_a_record_counts_the_events_kept_for_what_is_held() -> None:
    rig = Rig(definitions=[{**AT_ONCE, "journey": f"j{number}"} for number in range(4)])
    willing(rig)
    rig.put("touchpoints.web", T0 + HOUR, "basket.updated", properties={"text": "x" * 100_000})
    rig.run()
    record = rig.processor.store.get(b"c1")
    assert record is not None
    assert rig.processor.held == 4
    assert record.size >= len(encode(record, 0)) > 800_000


def restarted(rig: Rig, wall: int) -> Rig:
    """Another owner of what the first had written."""
    store = MemoryStore()
    for key in rig.processor.store:
        record = rig.processor.store.get(key)
        assert record is not None
        store.settle({key: encode(record, 7)}, Mark())
    again = Rig(definitions=[OFFER], store=store, clock=rig.partition.clock)
    again.wall.now = wall
    return again


def test_what_is_held_outlives_its_owner_and_leaves_once() -> None:
    rig = after_an_outage(*PEOPLE)
    pass_time(rig, (0, 20, 40))
    assert decided(rig) == [("p0", 20), ("p1", 40)]
    again = restarted(rig, rig.wall.now + 10)
    pass_time(again, (50, 60, 1000))
    assert decided(again) == [(person, 20 * number) for number, person in enumerate(PEOPLE, 1)]
    last = restarted(again, again.wall.now)
    pass_time(last, [HOUR])
    assert len(decided(last)) == 4


def test_an_owner_that_comes_late_holds_it_again() -> None:
    rig = after_an_outage(*PEOPLE)
    pass_time(rig, [0])
    again = restarted(rig, rig.wall.now)
    pass_time(again, [HOUR])
    assert decided(again) == []
    pass_time(again, [HOUR + 1000])
    assert [at - HOUR for _, at in decided(again)] == [20, 40, 60, 80]


def test_what_was_held_is_counted() -> None:
    rig = after_an_outage(*PEOPLE)
    pass_time(rig, [0])
    metrics = Metrics(CollectorRegistry())
    observer = WorkerObserver(metrics, Watchdog(60_000, rig.wall.now), rig.wall)
    for _ in range(2):
        observer.stepped([rig.partition])
    assert metrics.registry.get_sample_value("sillage_held_proposals_total") == 4

"""Triggers that time brings about: dates, absences, sequences, segments, and what a release changes of them."""

import gc
import weakref
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onelife import START_AT, Life, journey_of, ms

from engine.catalog import Catalog
from engine.compile import DefinitionError, compile_segment
from engine.context import EMPTY
from engine.customer import ALARMS, next_due
from engine.draft import Draft
from engine.entries import enter
from engine.event import Event, EventArrived
from engine.past import Past
from journeys.duration import Duration
from journeys.model import Segment

DAY = 24.0


def segment(name: str, when: str | list[str], **parts: Any) -> Any:
    return compile_segment(Segment.model_validate({"segment": name, "when": when, **parts}), f"{name}-{when}")


def release(life: Life, *segments: Any, n: int = 0, since: dict[str, int] | None = None) -> None:
    """The journeys of a life with these segments, as release `n`."""
    found = life.catalog
    life.catalog = Catalog(n or found.release, found.current, life._find, segments, life.zone, since)


def past_of(life: Life) -> Past:
    return Past(life.customer, life.catalog, life.at)


def days(life: Life) -> list[float]:
    return [hours / DAY for _, hours in life.sent_after_hours()]


class TestAbsence:
    def life(self, **trigger: Any) -> Life:
        return Life(journey_of(enter={"absent": "order", "for": "30d", **trigger}, steps=[{"send": "hello"}]))

    def test_is_noticed_once_after_the_last_one(self) -> None:
        life = self.life()
        life.event("order")
        life.advance("10d")
        life.event("order")
        life.advance("100d")
        assert days(life) == [40]

    def test_again_after_each_silence(self) -> None:
        life = self.life()
        for _ in range(2):
            life.event("order")
            life.advance("40d")
        assert days(life) == [30, 70]

    def test_nothing_is_absent_that_was_never_there(self) -> None:
        life = self.life()
        life.event("visit")
        life.advance("100d")
        assert life.sent() == []

    def test_a_late_event_counts_from_when_it_happened_and_never_notices_what_is_over(self) -> None:
        life = self.life()
        life.event("order", occurred_at=START_AT - 40 * 86_400_000)
        assert life.customer.alarms == {}
        life.event("order", occurred_at=START_AT - 20 * 86_400_000)
        life.advance("100d")
        assert days(life) == [10]

    def test_since_another_event(self) -> None:
        life = self.life(after="account.created")
        life.event("order")
        life.advance("1d")
        life.event("account.created")
        life.advance("5d")
        life.event("order")
        assert life.customer.alarms == {}
        life.advance("1d")
        life.event("account.created")
        life.advance("100d")
        assert days(life) == [37]

    def test_the_conditions_of_the_trigger_are_asked_when_it_is_noticed(self) -> None:
        life = self.life(where=["customer.tier == 'gold'", "event.last_at > 0"])
        life.event("order")
        life.advance("29d")
        life.event("customer.updated", {"set": {"tier": "gold"}})
        life.advance("2d")
        assert life.sent() == ["hello"]


class TestDates:
    def life(self, zone: str = "UTC", **trigger: Any) -> Life:
        return Life(journey_of(enter={"date": "customer.born", **trigger}, steps=[{"send": "hello"}]), zone=zone)

    def written(self, life: Life, value: object) -> None:
        life.event("customer.updated", {"set": {"born": value}})

    def test_comes_at_nine_in_the_persons_zone(self) -> None:
        life = self.life("Europe/Paris")
        self.written(life, "2026-04-12")
        assert next_due(life.customer) == ms("2026-04-12T07:00+00:00")
        life.event("customer.updated", {"set": {"timezone": "America/New_York"}})
        assert next_due(life.customer) == ms("2026-04-12T13:00+00:00")

    def test_moved_it_comes_at_the_new_one_and_cleared_never(self) -> None:
        life = self.life(offset="-7d", at="12:00")
        self.written(life, "2026-04-12")
        self.written(life, "2026-04-20")
        life.advance("60d")
        assert [action.decided_at for action in life.actions()] == [ms("2026-04-13T12:00+00:00")]
        self.written(life, "2026-08-01")
        life.event("customer.updated", {"unset": ["born"]})
        life.advance("200d")
        assert len(life.sent()) == 1

    @pytest.mark.parametrize("value", ["2026-02-01", "not a date", 7, None, {"a": 1}])
    def test_what_is_past_or_no_date_begins_nothing(self, value: object) -> None:
        life = self.life()
        self.written(life, value)
        life.advance("400d")
        assert life.sent() == []

    def test_a_fault_of_the_expression_is_told_and_is_no_date(self) -> None:
        life = Life(journey_of(enter={"date": "1 / customer.zero"}, steps=[{"send": "hello"}]))
        life.event("customer.updated", {"set": {"zero": 0}})
        assert life.customer.alarms == {}
        assert life.lines("error")[-1].why.startswith("date: ")

    def test_a_birthday_of_the_29th_of_february(self) -> None:
        life = self.life(yearly="yes")
        self.written(life, "1992-02-29")
        life.advance("1100d")
        came = [action.decided_at for action in life.actions()]
        assert came == [ms("2027-02-28T09:00+00:00"), ms("2028-02-29T09:00+00:00"), ms("2029-02-28T09:00+00:00")]


class TestSequences:
    def life(self, **trigger: Any) -> Life:
        enter = {"sequence": ["seen", "filled", "left"], "within": "2h", **trigger}
        return Life(journey_of(enter=enter, steps=[{"send": "hello"}]))

    def test_in_order_and_in_time(self) -> None:
        life = self.life()
        for type_ in ("seen", "filled", "left"):
            life.event(type_)
            life.advance("1h")
        assert life.sent_after_hours() == [("hello", 2)]

    def test_out_of_order_or_too_slow_begins_nothing(self) -> None:
        life = self.life()
        for type_ in ("filled", "seen", "left"):
            life.event(type_)
            life.advance("5m")
        life.advance("5h")
        for type_ in ("seen", "filled", "left"):
            life.event(type_)
            life.advance("61m")
        assert life.sent() == []

    def test_told_out_of_order_it_is_taken_by_when_it_happened(self) -> None:
        life = self.life()
        for type_, minutes in (("left", 0), ("seen", -20), ("filled", -10)):
            life.event(type_, occurred_at=life.at + minutes * 60_000)
        assert life.sent() == ["hello"]

    def test_an_earlier_start_does_not_hide_a_later_one(self) -> None:
        life = self.life()
        life.event("seen")
        life.advance("3h")
        for type_ in ("seen", "filled", "left"):
            life.event(type_)
            life.advance("1m")
        assert life.sent() == ["hello"]


class TestSegments:
    def life(self, **enter: Any) -> Life:
        return Life(journey_of(enter=enter or {"enters_segment": "vip"}, steps=[{"send": "hello"}]))

    def test_entered_by_an_event_and_left_by_time_alone(self) -> None:
        life = Life(
            journey_of("in", enter={"enters_segment": "vip"}, steps=[{"send": "hello"}]),
            journey_of("out", enter={"leaves_segment": "vip"}, steps=[{"send": "again"}]),
        )
        release(life, segment("vip", 'count("order", "30d") >= 2'))
        life.event("order")
        life.advance("10d")
        life.event("order")
        life.advance("90d")
        assert [(name, hours // DAY) for name, hours in life.sent_after_hours()] == [("hello", 10), ("again", 30)]
        assert life.customer.alarms == {}

    def test_days_since_changes_with_the_day(self) -> None:
        life = self.life()
        release(life, segment("vip", 'days_since("order") >= 3'))
        life.event("order")
        life.advance("30d")
        assert [hours for _, hours in life.sent_after_hours()] == [54]  # Ordered at 18:00, three midnights later.
        assert next_due(life.customer) == 0

    def test_of_attributes_tags_and_consent(self) -> None:
        life = self.life()
        release(life, segment("vip", ["customer.tier == 'gold'", "consented('offers', 'email')"], unless="customer.x"))
        life.event("customer.updated", {"set": {"tier": "gold", "x": True}})
        assert life.customer.segments == {}
        life.event("customer.updated", {"unset": ["x"]})
        assert life.sent() == ["hello"]
        life.event("consent.changed", {"topic": "offers", "channel": "email", "given": False})
        assert life.customer.segments == {}

    def test_one_that_looks_at_another_changes_with_it(self) -> None:
        life = self.life()
        release(life, segment("vip", 'in_segment("buyers")'), segment("buyers", 'count("order") > 0'))
        life.event("order")
        assert set(life.customer.segments) == {"vip", "buyers"}
        assert life.sent() == ["hello"]

    def test_what_a_journey_writes_changes_it_within_the_same_decision(self) -> None:
        writer = journey_of("writer", steps=[{"set": {"customer.tier": '"gold"'}}])
        life = Life(writer, journey_of("reader", enter={"enters_segment": "vip"}, steps=[{"send": "hello"}]))
        release(life, segment("vip", "customer.tier == 'gold'"))
        decision = life.event("began")
        assert [action.message for action in decision.outputs] == ["hello"]

    def test_a_new_one_takes_its_members_silently_and_with_backfill_aloud(self) -> None:
        for backfill, sent in (("no", []), ("yes", ["hello"])):
            life = self.life()
            life.event("customer.updated", {"set": {"tier": "gold"}})
            release(life, segment("vip", "customer.tier == 'gold'", backfill=backfill), n=2, since={"segment/vip": 2})
            life.event("visit")
            assert (set(life.customer.segments), life.sent()) == ({"vip"}, sent)
            release(life, segment("vip", "customer.tier == 'gold'", backfill=backfill), n=3, since={"segment/vip": 2})
            life.event("visit")
            assert life.sent() == sent

    def test_one_that_is_gone_is_forgotten(self) -> None:
        life = self.life()
        release(life, segment("vip", 'count("order", "9d") > 0'), n=2, since={"segment/vip": 2})
        life.event("order")
        assert life.customer.alarms
        release(life, n=3)
        life.event("visit")
        assert (life.customer.segments, life.customer.alarms, life.customer.history) == ({}, {}, {})

    def test_before_the_first_event_of_a_release_it_is_asked_as_it_is(self) -> None:
        life = self.life()
        life.event("customer.updated", {"set": {"tier": "gold"}})
        release(life, segment("vip", "customer.tier == 'gold'"), n=2, since={"segment/vip": 2})
        assert Past(life.customer, life.catalog, life.at).in_segment("vip")

    @pytest.mark.parametrize("when", ["event.x == 1", "local_time().hour > 8", "weather(customer.place).raining"])
    def test_looks_at_the_person_alone(self, when: str) -> None:
        with pytest.raises(DefinitionError, match="segment vip: looks at"):
            segment("vip", when)

    def test_a_fault_of_its_condition_keeps_everybody_out(self) -> None:
        life = self.life()
        release(life, segment("vip", "1 / customer.zero == 1"))
        life.event("customer.updated", {"set": {"zero": 0}})
        assert life.customer.segments == {}
        assert "segment vip" in life.lines("error")[-1].why


def test_at_the_limit_of_alarms_no_further_one_is_set_and_that_is_told() -> None:
    enter = [{"absent": "order", "for": f"{number + 1}d"} for number in range(ALARMS + 2)]
    life = Life(journey_of(enter=enter, steps=[{"exit": "done"}]))
    life.event("order")
    assert len(life.customer.alarms) == ALARMS
    assert life.codes("error") == ["too_many_alarms"] * 2


OFFSETS = st.lists(st.integers(-60 * 24, 0), min_size=1, max_size=40)


@settings(max_examples=60, deadline=None)
@given(OFFSETS, st.permutations(range(40)), st.integers(1, 50))
def test_counting_does_not_hang_on_the_order_in_which_events_are_told(
    hours: list[int], order: list[int], window: int
) -> None:
    """However late they come, and repeated: what is counted is what happened in the window."""
    enter = {"on": "never", "where": f'count("order", "{window}d") > 0 && sum("order", "total", "{window}d") > 0'}
    life = Life(journey_of(enter=enter, steps=[{"exit": "done"}]))
    events = [(f"o{number}", START_AT + hour * 3_600_000, number + 1.5) for number, hour in enumerate(hours)]
    for place in order:
        for name, at, total in [*events[place : place + 1]] * 2:
            life.event("order", {"total": total}, id=name, occurred_at=at)
    past = Past(life.customer, life.catalog, life.at)
    inside = [total for _, at, total in events if at >= START_AT - window * 86_400_000]
    assert past.count("order", Duration.parse(f"{window}d")) == len(inside)
    assert past.sum("order", "total", Duration.parse(f"{window}d")) == pytest.approx(sum(inside))
    assert past.count("order", None) == len(events)


def test_beyond_the_newest_256_days_are_counted_whole_and_nothing_is_lost() -> None:
    enter = {"on": "never", "where": 'count("order") > 0 && sum("order", "total") > 0'}
    life = Life(journey_of(enter=enter, steps=[{"exit": "done"}]))
    for number in range(1000):
        life.event("order", {"total": 1}, occurred_at=START_AT - number * 43_200_000)
    past = Past(life.customer, life.catalog, life.at)
    history = life.customer.history["order"]
    assert (past.count("order", None), past.sum("order", "total", None)) == (1000, 1000)
    assert (len(history.recent), len(history.days)) == (256, 372)
    assert past.count("order", Duration.parse("100d")) == 201
    assert past.count("order", Duration.parse("300d")) in (600, 601, 602)


@pytest.mark.parametrize("count", [5, 600], ids=["one by one", "by day too"])
def test_only_numbers_are_summed(count: int) -> None:
    enter = {"on": "never", "where": 'sum("order", "total") > 0'}
    life = Life(journey_of(enter=enter, steps=[{"exit": "done"}]))
    for number in range(count):
        told = (2, 0.5, True, "9", None)[number % 5]
        life.event("order", {"total": told}, occurred_at=START_AT - (count - number) * 3_600_000)
    assert Past(life.customer, life.catalog, life.at).sum("order", "total", None) == count / 5 * 2.5


def test_a_decision_leaves_no_circle_behind() -> None:
    """Lines hold facts, and not all that they hold is known to the collector: a circle would never be freed."""
    life = Life(journey_of(enter={"on": "began", "where": 'count("began") > 5'}, steps=[{"exit": "done"}]))
    life.event("began")
    given = EventArrived(Event("x", "began", "c1", "web", life.at, life.at), life.at)
    draft = Draft(life.catalog, life.customer, given, given.event, EMPTY)
    alive = weakref.ref(draft.past)
    enter(draft, given.event)
    gc.disable()
    try:
        del draft
        assert alive() is None
    finally:
        gc.enable()

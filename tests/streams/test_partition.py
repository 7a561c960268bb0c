"""The partition clock of ARCHITECTURE.md: inputs merged by append time, timers at their instants, nothing goes back."""

import json

from rig import HOUR, T0, Rig, with_email

from engine.event import Event
from streams.partition import LOOK_MS
from streams.touchpoints.decoder import Forward, encode_forward

LATER = T0 + 100 * HOUR
"""An append time from which the instants of a replay lie in the past."""


def test_a_backlog_is_applied_in_the_order_of_append_times_across_topics() -> None:
    """After an outage nobody is reminded of a basket that the backlog shows was bought."""
    rig = Rig()
    with_email(rig)
    rig.put("touchpoints.web", T0, "basket.updated")
    rig.put("touchpoints.web", T0 + 5 * HOUR, "page.viewed")
    rig.put("touchpoints.store", T0 + HOUR // 2, "order.placed")
    rig.run()
    assert rig.sent() == []


def test_without_the_order_the_reminder_leaves_at_its_own_instant() -> None:
    rig = Rig()
    with_email(rig)
    rig.put("touchpoints.web", T0, "basket.updated")
    rig.put("touchpoints.web", T0 + 5 * HOUR, "page.viewed")
    rig.run()
    assert [(said["message"], said["decided_at"]) for said in rig.said()] == [("reminder", T0 + HOUR)]


def test_a_topic_with_more_in_its_log_than_in_hand_holds_the_others_up() -> None:
    rig = Rig()
    with_email(rig)
    rig.put("touchpoints.web", T0, "basket.updated")
    rig.put("touchpoints.web", T0 + 5 * HOUR, "page.viewed")
    rig.logs["touchpoints.store"].unread = True
    rig.run()
    assert rig.sent() == []
    rig.logs["touchpoints.store"].unread = False
    rig.put("touchpoints.store", T0 + HOUR // 2, "order.placed")
    rig.run()
    assert rig.sent() == []
    assert rig.partition.lanes["t.touchpoints.web", 0].next == 3


def test_touchpoints_go_before_ticks_at_one_instant() -> None:
    rig = Rig(event_clock=True)
    with_email(rig, at=LATER)
    rig.put("ticks", LATER + 2, "sillage.clock", "", properties={"at": T0 + 2 * HOUR})
    rig.put("touchpoints.web", LATER + 2, "basket.updated", occurred_at=T0)
    rig.run()
    assert rig.sent() == ["c1:reminder"]


def test_a_timer_fires_before_an_event_of_the_same_instant() -> None:
    rig = Rig(event_clock=True)
    with_email(rig, at=LATER)
    rig.put("touchpoints.web", LATER, "basket.updated", occurred_at=T0)
    rig.put("touchpoints.web", LATER + 1, "order.placed", occurred_at=T0 + HOUR)
    rig.run()
    assert rig.sent() == ["c1:reminder"]


def test_an_event_a_millisecond_before_the_timer_pre_empts_it() -> None:
    rig = Rig(event_clock=True)
    with_email(rig, at=LATER)
    rig.put("touchpoints.web", LATER, "basket.updated", occurred_at=T0)
    rig.put("touchpoints.web", LATER + 1, "order.placed", occurred_at=T0 + HOUR - 1)
    rig.put("ticks", LATER + 2, "sillage.clock", "", properties={"at": T0 + 9 * HOUR})
    rig.run()
    assert rig.sent() == []


def test_the_event_clock_goes_by_the_greatest_instant_and_never_back() -> None:
    rig = Rig(event_clock=True)
    rig.put("touchpoints.web", LATER, "page.viewed", occurred_at=T0 + HOUR)
    rig.put("touchpoints.web", LATER, "page.viewed", occurred_at=T0)
    rig.run()
    assert rig.partition.clock == T0 + HOUR


def test_an_event_without_an_instant_takes_the_event_clock_and_never_moves_it() -> None:
    rig = Rig(event_clock=True, trace_all=True)
    rig.put("touchpoints.web", LATER, "page.viewed", occurred_at=T0)
    rig.put("touchpoints.web", LATER + 9 * HOUR, "account.created")
    rig.run()
    assert rig.partition.clock == T0
    assert rig.said("decisions")[-1]["input"]["event"]["occurred_at"] == T0


def test_when_nothing_is_unread_the_wall_clock_fires_timers() -> None:
    rig = Rig()
    rig.wall.now = T0
    with_email(rig)
    rig.put("touchpoints.web", T0, "basket.updated")
    rig.run()
    assert rig.partition.wait_ms() == HOUR
    rig.wall.now = T0 + HOUR - 1
    rig.run()
    assert rig.sent() == []
    rig.wall.now = T0 + HOUR
    rig.run()
    assert rig.sent() == ["c1:reminder"]


def test_a_partition_with_nothing_to_do_asks_its_logs_once_in_a_while_and_what_comes_is_not_kept_waiting() -> None:
    rig = Rig()
    rig.wall.now = T0
    with_email(rig)
    rig.run()
    log = rig.logs["touchpoints.web"]
    rig.wall.now += LOOK_MS
    rig.run()
    asked = log.asked
    rig.wall.now += LOOK_MS - 1
    rig.run()
    assert log.asked == asked
    rig.put("touchpoints.web", rig.wall.now, "basket.updated")
    rig.wall.now += HOUR
    rig.run()
    assert rig.sent() == ["c1:reminder"]
    asked = log.asked
    rig.wall.now += LOOK_MS
    rig.run()
    assert log.asked > asked


def test_with_unread_rows_the_wall_clock_fires_nothing() -> None:
    rig = Rig()
    rig.wall.now = T0
    with_email(rig)
    rig.put("touchpoints.web", T0, "basket.updated")
    rig.run()
    rig.wall.now = T0 + 3 * HOUR
    rig.logs["touchpoints.store"].unread = True
    rig.run()
    assert rig.sent() == []


def test_timers_go_on_over_several_steps_before_the_event_behind_them() -> None:
    rig = Rig(event_clock=True)
    people = [f"p{number}" for number in range(7)]
    with_email(rig, *people, at=LATER)
    for person in people:
        rig.put("touchpoints.web", LATER, "basket.updated", person, occurred_at=T0)
    rig.put("touchpoints.web", LATER + 1, "order.placed", "p6", occurred_at=T0 + 2 * HOUR)
    while rig.partition.step(2):
        continue
    assert rig.sent() == [f"{person}:reminder" for person in people]
    assert rig.partition.clock == T0 + 2 * HOUR


def test_what_cannot_be_decoded_becomes_a_dead_letter_and_the_stream_goes_on() -> None:
    rig = Rig()
    rig.put_bytes("touchpoints.web", T0, b"{not json")
    with_email(rig)
    rig.put("touchpoints.web", T0, "account.created")
    rig.run()
    assert rig.sent() == ["c1:hello"]
    [(topic, letter)] = rig.partition.dead
    assert (topic, letter.key, letter.value) == ("touchpoints.web.dead", b"t.touchpoints.web/0/0", b"{not json")


def test_an_offset_taken_before_is_not_taken_again() -> None:
    rig = Rig()
    with_email(rig)
    rig.put("touchpoints.web", T0, "account.created")
    rig.run()
    again = Rig(store=rig.processor.store)  # type: ignore[arg-type]
    with_email(again)
    again.put("touchpoints.web", T0, "account.created")
    again.run()
    assert again.sent() == ["c1:hello"]
    assert again.processor.counts.repeated == 2


def test_a_customer_of_another_partition_is_forwarded_by_the_router() -> None:
    rig = Rig(partitions=64)
    rig.put("touchpoints.web", T0, "account.created", "c1", id="x1")
    rig.run()
    assert rig.sent() == []
    [forward] = rig.said("touchpoints.rekeyed")
    assert (forward["origin"], forward["event"]["id"], forward["seq"]) == ("touchpoints.web/0#id/0", "x1", 1)
    assert forward["event"]["received_at"] == T0


def test_a_forward_is_applied_once_however_often_it_comes() -> None:
    rig = Rig()
    with_email(rig)
    event = Event("x1", "account.created", "c1", "web", T0, T0)
    for seq in (4, 4, 3):
        rig.put_bytes("touchpoints.rekeyed", T0 + 1, encode_forward(Forward("3>0", seq, "o", event)).value or b"")
    rig.run()
    assert rig.sent() == ["c1:hello"]
    assert rig.processor.counts.repeated == 2


def test_positions_name_what_comes_next_and_keep_the_clock() -> None:
    rig = Rig(event_clock=True)
    rig.put("touchpoints.web", LATER, "page.viewed", occurred_at=T0)
    rig.run()
    positions = rig.partition.positions(7)
    assert positions.offsets["touchpoints.web/0"] == 1
    assert positions.offsets["touchpoints.store/0"] == 0
    assert (positions.epoch, positions.clock) == (7, T0)


def test_a_decision_too_large_is_not_taken_and_its_input_is_a_dead_letter() -> None:
    rig = Rig()
    for number in range(12):
        filler = {"set": {f"a{number}": "x" * 900_000}}
        rig.put("touchpoints.web", T0, "customer.updated", properties=filler)
    rig.run()
    record = rig.processor.store.get(b"c1")
    router = rig.processor.store.get(b"\xffR/dead")
    assert record is not None and record.customer is not None and router is not None
    kept = len(record.customer.attributes)
    assert 0 < kept < 12
    assert len(router.outbox) == rig.processor.unpublished == 12 - kept
    assert record.applied == {"touchpoints.web/0#id": 11}
    assert json.loads(router.outbox[0].value)["type"] == "customer.updated"

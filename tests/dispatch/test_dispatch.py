"""What becomes of actions: sent, refused, failed, each once and each with its receipt."""

import asyncio
from collections.abc import Sequence

import pytest
from dispatching import HELLO, NOW, AllNoted, Office, Row, action, rows
from waiting import until

from channels.channel import Away, Permanent, Transient, Unknown
from channels.limits import NONE
from engine.decision import ConsentChange, Erasure, Void
from journeys.messages.model import Message
from journeys.model import MessageHead
from streams.broker.publish import Out
from streams.broker.watch import DamagedLog
from streams.dispatch.ahead import note_of
from streams.dispatch.errand import MAX_AGE_MS
from streams.touchpoints.home import home
from streams.touchpoints.record import Damaged


async def test_an_action_leaves_and_its_receipt_comes_back(office: Office) -> None:
    await office.take(action())
    (outgoing,) = office.hatch.sent
    assert (outgoing.recipient, outgoing.rendered.subject, outgoing.rendered.text) == (
        "ann@example.org",
        "Hello Ann",
        "Dear Ann",
    )
    (receipt,) = office.shelf.values("touchpoints.email")
    assert receipt["type"] == "message.sent"
    assert (receipt["customer"], receipt["channel"]) == ("ann", "email")
    assert receipt["properties"] == {"action_id": "a1", "message": "hello", "journey": "welcome", "step": "hello"}
    assert receipt["occurred_at"] >= NOW
    assert [value["status"] for value in office.shelf.values("dispatches")] == ["reserved", "sent"]


async def test_a_receipt_goes_to_the_home_partition(office: Office) -> None:
    await office.take(*(action(f"a{n}", customer=f"c{n}") for n in range(40)))
    for (topic, partition), log in office.shelf.logs.items():
        if topic.endswith("touchpoints.email"):
            assert all(home(out.key.decode(), office.settings.partitions) == partition for out in log if out.key)


async def test_a_repeated_id_leaves_once_and_repeats_its_receipt_unchanged(office: Office) -> None:
    await office.take(action(), action())
    await office.take(action())
    assert office.hatch.ids() == ["a1"]
    first, again = office.shelf.values("touchpoints.email")
    assert first == again


async def test_a_restart_remembers_what_left(office: Office) -> None:
    await office.take(action())
    restarted = await office.another().open()
    await restarted.take(action())
    assert office.hatch.ids() == ["a1"]


async def test_what_is_too_old_is_refused_visibly(office: Office) -> None:
    now = office._ticking()
    await office.take(action("old"), queued_at=now - MAX_AGE_MS - 1000)
    await office.take(action("young"), queued_at=now - MAX_AGE_MS + 60_000)
    assert office.hatch.ids() == ["young"]
    assert office.receipts() == [("action.refused", "old", "age"), ("message.sent", "young", "")]


async def test_an_old_action_that_left_in_time_is_not_refused_afterwards(office: Office) -> None:
    await office.take(action())
    await office.take(action(), queued_at=office._ticking() - MAX_AGE_MS - 1000)
    assert office.receipts() == [("message.sent", "a1", ""), ("message.sent", "a1", "")]


async def test_an_action_without_the_header_is_as_old_as_its_record(office: Office) -> None:
    (row,) = rows(action(), queued_at=0)
    await office.dispatcher.take(0, [Row(row.value, timestamp=office._ticking() - MAX_AGE_MS - 1000)])
    assert office.receipts() == [("action.refused", "a1", "age")]


async def test_void_at_is_compared_with_the_wall_clock(office: Office) -> None:
    await office.take(
        action("late", void_at=office._ticking() - 1), action("early", void_at=office._ticking() + 60_000)
    )
    assert sorted(office.receipts()) == [("action.refused", "late", "void"), ("message.sent", "early", "")]


async def test_in_a_replay_void_at_is_compared_with_the_decision(office: Office) -> None:
    office.settings.clock = "event"
    replay = await office.another().open()
    await replay.take(action("late", void_at=1000), action("early", void_at=1001))
    assert sorted(replay.receipts()) == [("action.refused", "late", "void"), ("message.sent", "early", "")]
    assert {value["occurred_at"] for value in replay.shelf.values("touchpoints.email")} == {1000}


async def test_quiet_hours_that_began_meanwhile_refuse_what_is_late(office: Office) -> None:
    """The hours of one action hold now, those of the other begin in three hours."""
    hour = office._ticking() // 3_600_000 % 24
    night, day = ((hour - 1) * 60 % 1440, (hour + 2) * 60 % 1440), ((hour + 3) * 60 % 1440, (hour + 5) * 60 % 1440)
    await office.take(
        action("late", quiet=night, timezone="UTC"),
        action("early", quiet=day, timezone="UTC"),
        action("always", timezone="UTC"),
    )
    assert sorted(office.receipts()) == [
        ("action.refused", "late", "quiet_hours"),
        ("message.sent", "always", ""),
        ("message.sent", "early", ""),
    ]


async def test_in_a_replay_quiet_hours_are_those_of_the_decision(office: Office) -> None:
    office.settings.clock = "event"
    replay = await office.another().open()
    await replay.take(action("night", quiet=(0, 60), timezone="UTC"), action("day", quiet=(60, 1380), timezone="UTC"))
    assert sorted(replay.receipts()) == [("action.refused", "night", "quiet_hours"), ("message.sent", "day", "")]


async def test_a_void_behind_the_action_in_the_same_batch_stops_it(office: Office) -> None:
    await office.take(action(), Void("v1", "ann", "a1", "exit", 1001))
    assert office.hatch.ids() == []
    assert office.receipts() == [("action.refused", "a1", "void")]


async def test_a_void_comes_too_late_for_what_left(office: Office) -> None:
    await office.take(action())
    await office.take(Void("v1", "ann", "a1", "exit", 1001))
    await office.take(action())
    assert {kind for kind, _, _ in office.receipts()} == {"message.sent"}


async def test_a_withdrawal_in_the_queue_stops_marketing_decided_before_it(office: Office) -> None:
    await office.take(
        action("before"),
        action("service", class_="service"),
        action("asked", class_="service", asks_consent=True),
        action("sms-topic", topic="news"),
        ConsentChange("c1", "ann", "offers", "email", False, 2000),
        action("after", decided_at=2001),
    )
    assert sorted(office.hatch.ids()) == ["after", "service", "sms-topic"]
    assert ("action.refused", "before", "consent") in office.receipts()
    assert ("action.refused", "asked", "consent") in office.receipts()


@pytest.mark.parametrize(("regranted_at", "sent"), [(2001, ["a1"]), (2000, []), (1999, [])])
async def test_a_later_grant_lifts_a_withdrawal_and_a_tie_goes_to_the_refusal(
    office: Office, regranted_at: int, sent: list[str]
) -> None:
    withdrawn = ConsentChange("c1", "ann", "offers", "email", False, 2000)
    granted = ConsentChange("c2", "ann", "offers", "email", True, regranted_at)
    await office.take(withdrawn, granted, withdrawn, action())
    assert office.hatch.ids() == sent


async def test_nothing_leaves_for_an_erased_customer(office: Office) -> None:
    await office.take(action("a1", class_="critical"), action("b1", customer="bob"), Erasure("x", "ann", 1000))
    assert office.hatch.ids() == ["b1"]
    assert ("action.refused", "a1", "erased") in office.receipts()


async def test_the_ledger_does_not_hold_names(office: Office) -> None:
    await office.take(action(customer="ann-of-lyon"), Erasure("x", "ann-of-lyon", 1000))
    assert b"ann" not in b"".join(out.value or b"" for out in office.shelf.logs[office.settings.topic("dispatches"), 0])


async def test_a_record_that_is_no_action_goes_to_the_dead_letters(office: Office) -> None:
    good = rows(action(), queued_at=office._ticking())
    deep = b'{"kind":"send","variables":{"a":' + b"[" * 5000 + b"]" * 5000 + b"}}"
    await office.dispatcher.take(0, [Row(b"{nonsense"), Row(None), Row(b'{"kind":"fax"}'), Row(deep), *good])
    assert [code for _, code in office.gone] == ["not_an_action"] * 4
    assert note_of(deep) is None
    assert office.hatch.ids() == ["a1"]


async def test_a_damaged_batch_of_actions_is_not_stepped_over(office: Office) -> None:
    """It may hold a void or a withdrawal of what lies behind it."""
    batch = Damaged("t.actions", 0, 4, 9, NOW, b"raw", "damaged_batch", "the batch is damaged")
    good = rows(action(), queued_at=office._ticking())
    with pytest.raises(DamagedLog, match=r"t.actions/0/4: the batch is damaged; it may hold voids .* set to 10"):
        await office.dispatcher.take(0, [batch, *good])
    assert not office.hatch.ids()
    assert not office.gone


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"recipient": ""}, "no_recipient"),
        ({"channel": "fax"}, "unknown_channel"),
        ({"message_hash": "none"}, "unknown_message"),
    ],
)
async def test_what_cannot_be_sent_fails_with_its_code(office: Office, changed: dict[str, str], code: str) -> None:
    await office.take(action(**changed))
    assert office.hatch.ids() == []
    receipts = [
        v for (topic, _), _ in office.shelf.logs.items() if "touchpoints" in topic for v in office.shelf.values(topic)
    ]
    assert [(value["type"], value["properties"]["code"]) for value in receipts] == [("message.failed", code)]


async def test_a_message_that_cannot_be_rendered_fails_and_is_not_reserved(office: Office) -> None:
    broken = Message("loop", MessageHead(), {"email.txt": "{% for i in (1..9999999) %}x{% endfor %}"})
    office.messages[broken.content_hash] = broken
    await office.take(action(message_hash=broken.content_hash))
    assert office.receipts() == [("message.failed", "a1", "template")]
    assert [value["status"] for value in office.shelf.values("dispatches")] == ["failed"]


async def test_a_message_that_arrives_a_little_later_is_awaited(office: Office) -> None:
    office.messages.clear()
    taking = asyncio.create_task(office.take(action()))
    await asyncio.sleep(0)
    office.messages[HELLO.content_hash] = HELLO
    await taking
    assert office.hatch.ids() == ["a1"]


async def test_a_transient_fault_is_tried_again_and_the_reserve_given_back_meanwhile(office: Office) -> None:
    office.hatch.script["a1"] = [Transient("smtp_451"), Transient("smtp_451")]
    await office.take(action())
    assert office.hatch.ids() == ["a1"]
    statuses = [value["status"] for value in office.shelf.values("dispatches")]
    assert statuses == ["reserved", "released", "reserved", "released", "reserved", "sent"]


async def test_after_enough_attempts_it_fails(office: Office) -> None:
    office.hatch.script["a1"] = [Transient("smtp_451")] * 3
    await office.take(action())
    assert office.receipts() == [("message.failed", "a1", "smtp_451")]


async def test_a_provider_that_is_away_does_not_count_against_the_message(office: Office) -> None:
    office.hatch.script["a1"] = [Away("smtp_unreachable")] * 6
    await office.take(action())
    assert office.receipts() == [("message.sent", "a1", "")]


async def test_a_void_during_the_wait_for_a_retry_stops_it(office: Office) -> None:
    async def void() -> None:
        await office.book.note(0, [Void("v", "ann", "a1", "exit", 2000)])
        raise Transient("smtp_451")

    office.hatch.script["a1"] = [void]
    await office.take(action())
    assert office.receipts() == [("action.refused", "a1", "void")]


async def test_a_slow_retry_holds_up_nobody_else(office: Office) -> None:
    office.hatch.script["a0"] = [Transient("smtp_451", retry_after=2.0)]
    await office.take(*(action(f"a{n}") for n in range(100)))
    assert len(office.hatch.ids()) == 100
    assert office.hatch.ids()[-1] == "a0"


async def test_a_permanent_fault_fails_at_once(office: Office) -> None:
    office.hatch.script["a1"] = [Permanent("smtp_550")]
    await office.take(action())
    assert office.receipts() == [("message.failed", "a1", "smtp_550")]


async def test_an_unknown_fate_is_not_tried_again_but_counted(office: Office) -> None:
    office.hatch.script["a1"] = [Unknown("smtp_no_answer")]
    await office.take(action())
    await office.take(action())
    assert office.hatch.ids() == []
    assert office.dispatcher.unresolved == 1
    assert set(office.receipts()) == {("message.failed", "a1", "unresolved")}


async def test_a_critical_message_of_unknown_fate_leaves_again_after_a_while(office: Office) -> None:
    office.hatch.script["a1"] = [Unknown("smtp_no_answer")]
    begun = asyncio.get_running_loop().time()
    await office.take(action(class_="critical"))
    assert office.hatch.ids() == ["a1"]
    assert asyncio.get_running_loop().time() - begun >= office.patience.overtake_ms / 1000


async def test_hand_overs_that_did_not_succeed_are_counted_by_code(office: Office) -> None:
    office.hatch.script["a1"] = [Transient("smtp_451"), Permanent("smtp_550")]
    office.hatch.script["a2"] = [Unknown("smtp_no_answer")]
    office.hatch.script["a3"] = [RuntimeError("broken")]
    await office.take(action("a1"))
    await office.take(action("a2"))
    await office.take(action("a3"))
    codes = ["smtp_451", "smtp_550", "smtp_no_answer", "channel_fault"]
    assert office.tally.errors == [("email", code) for code in codes]


async def test_each_action_is_counted_once_and_each_message_that_left_is_told(office: Office) -> None:
    office.hatch.script["a2"] = [Permanent("smtp_550")]
    office.hatch.script["a3"] = [Unknown("smtp_no_answer")]
    actions = [action("a1"), action("a2"), action("a3"), action("a4", recipient="")]
    for _ in range(2):
        await office.take(*actions)
    codes = [code for _, code in office.tally.counts.elements()]
    assert [codes.count(code) for code in ("sent", "unresolved")] == [1, 1]
    assert set(codes) == {"sent", "smtp_550", "unresolved", "no_recipient"}
    assert len(office.tally.seconds) == 3
    [took] = office.tally.took["welcome", "email"]
    assert took >= 0
    assert office.left == ["a1: Hello Ann"]


async def test_a_channel_that_breaks_leaves_the_fate_unknown(office: Office) -> None:
    office.hatch.script["a1"] = [ZeroDivisionError()]
    await office.take(action("a1"), action("a2"))
    assert office.hatch.ids() == ["a2"]
    assert sorted(office.receipts())[0] == ("message.failed", "a1", "unresolved")


async def test_the_ledger_is_asked_only_when_all_notes_ahead_were_read(office: Office) -> None:
    class Behind(AllNoted):
        def __init__(self) -> None:
            super().__init__()
            self.open = asyncio.Event()

        async def caught_up(self, partition: int) -> None:
            self.asked += 1
            await self.open.wait()

    behind = Behind()
    waiting = await office.another(ahead=behind).open()
    taking = asyncio.create_task(waiting.take(action()))
    await until(lambda: behind.asked)
    await waiting.book.note(0, [Void("v", "ann", "a1", "exit", 2000)])
    assert office.hatch.ids() == []
    behind.open.set()
    await taking
    assert waiting.receipts() == [("action.refused", "a1", "void")]


async def test_a_cancelled_take_gives_back_what_was_not_handed_over_and_settles_what_was(office: Office) -> None:
    go = asyncio.Event()
    for n in range(20):
        office.hatch.script[f"a{n}"] = [go.wait]
    taking = asyncio.create_task(office.take(*(action(f"a{n}") for n in range(20))))
    await until(lambda: sum(not steps for steps in office.hatch.script.values()) == NONE.parallel)
    taking.cancel()
    await asyncio.sleep(0)
    go.set()
    with pytest.raises(asyncio.CancelledError):
        await taking
    begun = len(office.hatch.ids())
    assert begun == NONE.parallel
    office.hatch.script.clear()
    restarted = await office.another().open()
    await restarted.take(*(action(f"a{n}") for n in range(20)))
    assert sorted(office.hatch.ids()) == sorted(f"a{n}" for n in range(20))


async def test_a_take_cancelled_while_a_refusal_is_told_gives_back_what_was_reserved_beside_it(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    told, append = asyncio.Event(), office.shelf.append

    async def hanging(topic: str, partition: int, records: Sequence[Out]) -> int:
        if topic.endswith("touchpoints.email"):
            told.set()
            await asyncio.Event().wait()
        return await append(topic, partition, records)

    await office.book.note(0, [Void("v", "ann", "a1", "goal", 1000)])
    monkeypatch.setattr(office.shelf, "append", hanging)
    taking = asyncio.create_task(office.take(action("a1"), action("a2")))
    await told.wait()
    taking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await taking
    monkeypatch.undo()
    restarted = await office.another().open()
    await restarted.take(action("a1"), action("a2"))
    assert office.hatch.ids() == ["a2"]

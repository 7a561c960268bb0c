"""Providers that are full, limited, away or hang: who waits for them waits alone, and what is parked leaves once."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from dispatching import NOW, Hatch, Office, Row, action
from waiting import until

from channels.channel import Away, Permanent, Transient
from channels.limits import Limits, LimitsError, read_limits
from engine.decision import Erasure, Void
from state.ledger import Ask, Entry, LedgerAway
from state.recall import Recall
from streams.broker.publish import Out
from streams.dispatch.errand import MAX_AGE_MS, Errand
from streams.dispatch.parking import FEW_PARKED, HOLD_PARKED, Parking
from streams.dispatch.provider import Provider
from streams.settings import Settings

WAITING = "t.actions.waiting.email"
CRITICAL = "t.actions.waiting.critical"


@pytest.fixture
async def office() -> Office:
    """A dispatcher with a ledger in memory: Redis has no part in this."""
    return await Office(Settings(prefix="t"), Recall()).open()


class Texts(Hatch):
    """Another provider."""

    name = "sms"


def parked_office(office: Office, **changed: Any) -> Office:
    """A dispatcher that parks, beside a second channel, on the shelf of the office."""
    parking = Parking(office.settings, office.shelf, {WAITING, CRITICAL})
    return office.another(parking=parking, others=(Texts(),), **changed)


def waiting(office: Office, topic: str = WAITING) -> list[Row]:
    """What is parked there, as it is read again."""
    outs = office.shelf.logs[topic, 0]
    return [
        Row(out.value, number, topic, 0, NOW + 5, key=out.key, headers=out.headers) for number, out in enumerate(outs)
    ]


async def forever() -> None:
    await asyncio.Event().wait()


async def test_a_provider_that_hangs_takes_no_place_of_another(office: Office) -> None:
    parking = await parked_office(office, limits={"email": Limits(parallel=2)}).open()
    for n in range(2):
        office.hatch.script[f"a{n}"] = [forever]
    taking = asyncio.create_task(parking.take(*(action(f"a{n}") for n in range(9)), action("s", channel="email")))
    await until(lambda: len(waiting(parking)) == 8)
    assert not taking.done()
    await asyncio.wait_for(parking.take(*(action(f"b{n}") for n in range(5))), 60)
    assert len(waiting(parking)) == 13
    assert parking.tally.parking == {"email": 13}
    taking.cancel()
    await asyncio.gather(taking, return_exceptions=True)


async def test_what_is_parked_leaves_once_it_is_read_again_and_was_not_reserved_meanwhile(office: Office) -> None:
    parking = await parked_office(office, limits={"email": Limits(parallel=1)}).open()
    go = asyncio.Event()
    office.hatch.script["a0"] = [go.wait]
    taking = asyncio.create_task(parking.take(action("a0"), action("a1"), action("a2")))
    await until(lambda: len(waiting(parking)) == 2)
    assert {value["key"] for value in parking.shelf.values("dispatches")} == {"a0"}
    go.set()
    await taking
    await parking.dispatcher.take(0, waiting(parking))
    await parking.dispatcher.take(0, waiting(parking))
    assert office.hatch.ids() == ["a0", "a1", "a2"]
    # A crash before the commit: the same actions are read from `actions` again.
    again = await office.another().open()
    await again.take(action("a0"), action("a1"), action("a2"))
    assert office.hatch.ids() == ["a0", "a1", "a2"]


async def parked(office: Office, **changed: Any) -> Office:
    """One action that found its provider away."""
    parking = await parked_office(office).open()
    office.hatch.script["a1"] = [Away("smtp_unreachable", 60.0)]
    await parking.take(action("a1", **changed))
    assert len(waiting(parking)) == 1
    return parking


async def test_a_void_and_an_erasure_count_for_what_is_parked(office: Office) -> None:
    parking = await parked(office)
    office.hatch.script["a2"] = [Away("smtp_unreachable", 60.0)]
    await parking.take(action("a2", customer="bob"))
    await parking.take(Void("v", "ann", "a1", "exit", 2000), Erasure("e", "bob", 2000))
    office.now += 61_000
    await parking.dispatcher.take(0, waiting(parking))
    assert office.hatch.ids() == []
    assert sorted(parking.receipts()) == [("action.refused", "a1", "void"), ("action.refused", "a2", "erased")]


async def test_what_is_refused_waits_for_no_place_at_a_provider_that_hangs(office: Office) -> None:
    parking = await parked_office(office, limits={"email": Limits(parallel=1)}).open()
    office.hatch.script["held"] = [forever]
    void_at = office._ticking() + 60_000
    several = [action("a1"), action("a2", customer="bob"), action("late", void_at=void_at), action("kept")]
    holding = asyncio.create_task(parking.take(action("held"), *several))
    await until(lambda: len(waiting(parking)) == 4)
    reading = asyncio.create_task(parking.dispatcher.take(0, waiting(parking)))
    await parking.take(Void("v", "ann", "a1", "exit", 2000), Erasure("e", "bob", 2000))
    office.now += 61_000
    await until(lambda: len(parking.receipts()) == 3)
    refused = [("action.refused", "a1", "void"), ("action.refused", "a2", "erased"), ("action.refused", "late", "void")]
    assert sorted(parking.receipts()) == refused
    assert not holding.done()
    assert not reading.done()
    for task in (holding, reading):
        task.cancel()
    await asyncio.gather(holding, reading, return_exceptions=True)


async def test_the_age_of_what_is_parked_counts_from_its_outbox(office: Office) -> None:
    before = office._ticking()
    parking = await parked(office)
    told = dict(waiting(parking)[0].headers)
    assert before <= int(told["queued_at"]) <= office._ticking()
    office.now += MAX_AGE_MS + 1
    await parking.dispatcher.take(0, waiting(parking))
    assert parking.receipts() == [("action.refused", "a1", "age")]


async def test_attempts_and_the_providers_wait_are_remembered(office: Office) -> None:
    parking = await parked_office(office).open()
    office.hatch.script["a1"] = [Transient("smtp_451", 60.0), Transient("smtp_451"), Transient("smtp_451")]
    await parking.take(action("a1"))
    told = {name: int(value) for name, value in waiting(parking)[0].headers if value.isdigit()}
    assert told["attempts"] == told["delays"] == 1
    assert told["appended_at"] == NOW
    assert 30_000 < told["not_before"] - office._ticking() <= 60_000
    reading = asyncio.create_task(parking.dispatcher.take(0, waiting(parking)))
    await asyncio.sleep(0)
    assert not reading.done()
    reading.cancel()
    await asyncio.gather(reading, return_exceptions=True)
    office.now += 61_000
    await parking.dispatcher.take(0, waiting(parking))
    assert parking.receipts() == [("message.failed", "a1", "smtp_451")]


class Deaf(Recall):
    """A ledger that reserves what it is asked for first, and whose answer to that is lost."""

    heard = False

    async def reserve(self, partition: int, asks: Sequence[Ask], at: int) -> list[Entry]:
        answers = await super().reserve(partition, asks, at)
        if not self.heard:
            self.heard = True
            raise LedgerAway("Redis does not answer the ledger")
        return answers


async def test_what_redis_reserved_unheard_is_no_strangers_once_it_is_parked(office: Office) -> None:
    patience = replace(office.patience, first_seconds=0.5, greatest_seconds=0.5)
    parking = await parked_office(office, ledger=Deaf(), patience=patience).open()
    taking = asyncio.create_task(parking.take(action("a1")))
    await until(lambda: parking.book.away)
    await parking.take(action("a2"))
    await taking
    await parking.dispatcher.take(0, waiting(parking))
    assert office.hatch.ids() == ["a2", "a1"]
    assert parking.receipts() == [("message.sent", "a2", ""), ("message.sent", "a1", "")]


async def test_what_redis_may_have_reserved_is_given_back_before_it_is_parked(office: Office) -> None:
    patience = replace(office.patience, first_seconds=0.5, greatest_seconds=0.5)
    parking = await parked_office(office, ledger=Deaf(), patience=patience, limits={"email": Limits(parallel=1)}).open()
    taking = asyncio.create_task(parking.take(action("a1")))
    await until(lambda: parking.book.away)
    office.hatch.script["held"] = [forever]
    holding = asyncio.create_task(parking.take(action("held")))
    await taking
    told = [value["status"] for value in parking.shelf.values("dispatches") if value["key"] == "a1"]
    assert told == ["reserved", "released"]
    holding.cancel()
    await asyncio.gather(holding, return_exceptions=True)
    await parking.dispatcher.take(0, waiting(parking))
    assert office.hatch.ids() == ["a1"]


async def test_who_comes_later_queues_behind_what_is_parked_but_for_critical_ones(office: Office) -> None:
    parking = await parked(office)
    office.hatch.script.clear()
    assert parking.parking is not None
    await parking.take(action("later"), action("urgent", class_="critical"))
    assert office.hatch.ids() == ["urgent"]
    parking.parking.opened((WAITING, 0), 0, 2)
    parking.parking.settled((WAITING, 0), 2)
    await parking.take(action("free"))
    assert office.hatch.ids() == ["urgent", "free"]


async def test_one_that_is_to_wait_for_a_day_is_not_in_the_way_of_what_is_parked_behind_it(office: Office) -> None:
    parking = await parked_office(office).open()
    office.hatch.script["a1"] = [Transient("smtp_451", 86_400.0)]
    await parking.take(action("a1"))
    await asyncio.wait_for(parking.dispatcher.take(0, waiting(parking)), 60)
    first, second = (dict(row.headers) for row in waiting(parking))
    assert abs(int(second["not_before"]) - int(first["not_before"])) < 60_000
    assert (second["attempts"], second["queued_at"]) == (first["attempts"], first["queued_at"])
    office.now += 86_400_000
    await parking.dispatcher.take(0, waiting(parking))
    assert office.hatch.ids() == ["a1"]


async def test_what_is_parked_side_by_side_is_known_to_lie_there_whole() -> None:
    class Halves:
        """A log that takes a list as two batches, between which others may write, as Kafka does with a large one."""

        def __init__(self) -> None:
            self.log: list[Out] = []

        async def append(self, topic: str, partition: int, records: Sequence[Out]) -> int:
            first = len(self.log)
            self.log += records[:1]
            for _ in range(3):
                await asyncio.sleep(0)
            self.log += records[1:]
            return first

    halves = Halves()
    parking = Parking(Settings(prefix="t"), halves, {WAITING})
    errands = [Errand(action(f"a{n}"), NOW, NOW, NOW, "", Row(b"{}")) for n in range(4)]
    parking.opened((WAITING, 0), 0, 0)
    await asyncio.gather(*(parking.park(0, Provider("email"), some, NOW, 0.0) for some in (errands[:2], errands[2:])))
    parking.settled((WAITING, 0), 3)
    assert parking.behind(WAITING, 0)
    parking.settled((WAITING, 0), 4)
    assert not parking.behind(WAITING, 0)


async def test_few_are_in_hand_of_what_waits_for_one_that_does_not_answer() -> None:
    class Shelf:
        async def append(self, topic: str, partition: int, records: Sequence[Out]) -> int:
            return 0

    parking, mail = Parking(Settings(prefix="t"), Shelf(), {WAITING}), Provider("email")
    errand = Errand(action("a"), NOW, NOW, NOW, "", Row(b"{}"))
    assert parking.room(WAITING, 0) == HOLD_PARKED
    await parking.park(0, mail, [errand], NOW, 0.0)
    assert parking.room(WAITING, 0) == FEW_PARKED
    mail.left(True)
    assert parking.room(WAITING, 0) == HOLD_PARKED
    parking.opened((WAITING, 1), 0, 1)
    silent = Provider("email")
    await parking.park(1, silent, [errand], NOW, 0.0)
    assert (parking.room(WAITING, 0), parking.room(WAITING, 1)) == (FEW_PARKED, HOLD_PARKED)
    await parking.park(0, Provider("email/b"), [errand], NOW, 0.0)
    assert parking.room(WAITING, 0) == HOLD_PARKED


async def test_critical_ones_are_served_first(office: Office) -> None:
    narrow = await office.another(limits={"email": Limits(parallel=1)}).open()
    go = asyncio.Event()
    office.hatch.script["a0"] = [go.wait]
    taking = [asyncio.create_task(narrow.take(action("a0")))]
    await until(lambda: not office.hatch.script["a0"])
    taking += [asyncio.create_task(narrow.take(*(action(f"a{n}") for n in range(1, 9))))]
    await until(lambda: narrow.dispatcher._providers._found["email"]._others)
    taking += [asyncio.create_task(narrow.take(action("c", class_="critical")))]
    await until(lambda: narrow.dispatcher._providers._found["email"]._critical)
    go.set()
    await asyncio.gather(*taking)
    assert office.hatch.ids()[:2] == ["a0", "c"]


async def test_the_breaker_keeps_hand_overs_back_and_tells(office: Office, caplog: pytest.LogCaptureFixture) -> None:
    narrow = await office.another(limits={"email": Limits(parallel=1)}).open()
    tried: list[int] = []

    async def away() -> None:
        tried.append(1)
        raise Away("smtp_unreachable")

    office.hatch.script["a1"] = [away] * 5
    await narrow.take(action("a1"))
    assert len(tried) == 5
    assert office.hatch.ids() == ["a1"]
    told = [line for line in caplog.messages if line.startswith("provider ")]
    assert told[0].startswith("provider email fails again and again")
    assert told[-1] == "provider email answers again"
    assert narrow.tally.away == {"email": False}


async def test_a_cancelled_take_waits_for_each_of_its_groups_to_wind_up(office: Office) -> None:
    narrow = await office.another(limits={"email": Limits(parallel=4)}).open()
    goes = {name: asyncio.Event() for name in ("a", "c")}
    for name, go in goes.items():
        office.hatch.script[name] = [go.wait]
    taking = asyncio.create_task(narrow.take(action("a"), action("c", class_="critical")))
    await until(lambda: not any(office.hatch.script[name] for name in goes))
    taking.cancel()
    goes["c"].set()
    await until(lambda: narrow.receipts() == [("message.sent", "c", "")])
    goes["a"].set()
    await asyncio.gather(taking, return_exceptions=True)
    assert narrow.receipts() == [("message.sent", "c", ""), ("message.sent", "a", "")]


async def test_a_cancelled_take_leaves_the_places_of_all_its_groups(office: Office) -> None:
    limited = await office.another(limits={"email": Limits(parallel=4, per_second=2.0)}).open()
    several = [action(name, class_=class_) for class_ in ("marketing", "critical") for name in (class_, f"{class_} 2")]
    taking = asyncio.create_task(limited.take(*several))
    await until(lambda: len(limited.shelf.values("dispatches")) == 3)
    taking.cancel()
    await asyncio.gather(taking, return_exceptions=True)
    assert limited.dispatcher._providers._found["email"]._free == 4


async def test_a_hand_over_that_does_not_end_is_given_up_and_its_fate_is_unknown(office: Office) -> None:
    short = await office.another(limits={"email": Limits(timeout_seconds=0.1)}).open()
    office.hatch.script["a1"] = [forever]
    await short.take(action("a1"))
    assert short.receipts() == [("message.failed", "a1", "unresolved")]
    assert short.tally.errors == [("email", "time_out")]


async def test_a_dead_address_is_told_with_the_receipt_also_a_second_time(office: Office) -> None:
    office.hatch.script["a1"] = [Permanent("push_unregistered", dead_address=True)]
    await office.take(action())
    await office.take(action())
    first, second = office.shelf.values("touchpoints.email")
    assert first == second
    assert first["properties"]["code"] == "push_unregistered"
    assert first["properties"]["dead_address"] == "ann@example.org"


def test_limits_are_read_and_refused_with_their_place() -> None:
    assert read_limits('{"sms": {"per_second": 20}}')["sms"] == Limits(per_second=20.0)
    wrong = (
        "[]",
        '{"sms": {"paralel": 1}}',
        '{"sms": {"parallel": 0}}',
        '{"sms": {"timeout_seconds": 0}}',
    )
    for text in wrong:
        with pytest.raises(LimitsError, match="SILLAGE_LIMITS"):
            read_limits(text)

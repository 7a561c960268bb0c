"""Crashes, rivals and a Redis that comes and goes: an action leaves once, or is known not to be known."""

import asyncio
from collections.abc import AsyncIterable, Sequence
from dataclasses import replace

import pytest
from dispatching import QUICK, Hatch, Office, action
from waiting import turns, until

from channels.channel import Outgoing, Sent
from engine.decision import Erasure, Void
from local.redis import RedisServer
from state.ledger import Ask, Entry, LedgerAway
from state.recall import Recall
from state.redis_ledger import RedisLedger
from streams.broker.publish import Out, PublishError


def fail_on(word: bytes) -> object:
    """A broker session that breaks when a record with this word is to be written."""

    def refuse(_topic: str, records: Sequence[Out]) -> bool:
        return any(word in (out.value or b"") for out in records)

    return refuse


def slow_writes(office: Office, monkeypatch: pytest.MonkeyPatch) -> tuple[asyncio.Event, asyncio.Event]:
    """A log whose writes wait for the second event; the first is set once there is one."""
    writing, go = asyncio.Event(), asyncio.Event()
    append = office.shelf.append

    async def slow(topic: str, partition: int, records: Sequence[Out]) -> int:
        writing.set()
        await go.wait()
        return await append(topic, partition, records)

    monkeypatch.setattr(office.shelf, "append", slow)
    return writing, go


async def crash_between_hand_over_and_confirm(office: Office, **changed: str) -> Office:
    office.shelf.refuse = fail_on(b'"status":"sent"')
    with pytest.raises(PublishError):
        await office.take(action(**changed))
    office.shelf.refuse = lambda _topic, _records: False
    assert office.hatch.ids() == ["a1"]
    return await office.another().open()


@pytest.mark.parametrize("class_", ["marketing", "service"])
async def test_a_bare_reserve_is_skipped_and_counted(office: Office, class_: str) -> None:
    restarted = await crash_between_hand_over_and_confirm(office, class_=class_)
    await restarted.take(action(class_=class_))
    assert office.hatch.ids() == ["a1"]
    assert restarted.dispatcher.unresolved == restarted.tally.unresolved == 1
    assert restarted.receipts() == [("message.failed", "a1", "unresolved")]


async def test_a_bare_reserve_of_a_critical_message_is_sent_again_after_a_while(office: Office) -> None:
    begun = asyncio.get_running_loop().time()
    restarted = await crash_between_hand_over_and_confirm(office, class_="critical")
    await restarted.take(action(class_="critical"))
    assert office.hatch.ids() == ["a1", "a1"]
    assert asyncio.get_running_loop().time() - begun >= office.patience.overtake_ms / 1000 / 2


async def test_a_bare_reserve_is_sent_again_where_the_receiver_drops_repeats(office: Office) -> None:
    office.hatch.at_most_once = False
    restarted = await crash_between_hand_over_and_confirm(office)
    await restarted.take(action())
    assert office.hatch.ids() == ["a1", "a1"]
    assert restarted.receipts() == [("message.sent", "a1", "")]


async def test_without_redis_what_may_be_repeated_waits_like_all_that_is_not_critical(
    shaky: Office, own_redis: RedisServer
) -> None:
    shaky.hatch.at_most_once = False
    own_redis.kill()
    taking = asyncio.create_task(shaky.take(action("a1"), action("a2", class_="critical")))
    await until(lambda: shaky.hatch.ids() == ["a2"], 10)
    own_redis.start()
    await taking
    assert shaky.hatch.ids() == ["a2", "a1"]


async def test_a_crash_between_confirm_and_receipt_gives_the_receipt_later(office: Office) -> None:
    office.shelf.refuse = fail_on(b"message.sent")
    with pytest.raises(PublishError):
        await office.take(action())
    office.shelf.refuse = lambda _topic, _records: False
    restarted = await office.another().open()
    await restarted.take(action())
    assert office.hatch.ids() == ["a1"]
    assert restarted.receipts() == [("message.sent", "a1", "")]


async def test_a_reserve_that_was_not_durable_is_given_back(office: Office) -> None:
    office.shelf.refuse = fail_on(b'"status":"reserved"')
    with pytest.raises(PublishError):
        await office.take(action())
    office.shelf.refuse = lambda _topic, _records: False
    restarted = await office.another().open()
    await restarted.take(action())
    assert office.hatch.ids() == ["a1"]


async def test_two_dispatchers_at_one_partition_send_each_action_once(office: Office) -> None:
    office = await office.another(patience=replace(QUICK, settle_ms=10_000)).open()
    rival = await office.another().open()
    actions = [action(f"a{n}") for n in range(60)]
    await asyncio.gather(office.take(*actions), rival.take(*reversed(actions)), office.take(*actions))
    assert sorted(office.hatch.ids()) == sorted(one.id for one in actions)
    assert {kind for kind, _, _ in office.receipts()} == {"message.sent"}
    assert office.tally.conflicts + rival.tally.conflicts > 0


async def test_an_emptied_redis_is_filled_again_before_anything_leaves(shaky: Office, own_redis: RedisServer) -> None:
    await shaky.take(action("a1"), Void("v", "ann", "a2", "exit", 2000), Erasure("x", "bob", 2000))
    await shaky.ledger._redis.flushall()
    await shaky.take(action("a1"), action("a2"), action("a3", customer="bob"), action("a4"))
    assert shaky.hatch.ids() == ["a1", "a4"]


async def test_a_restarted_redis_is_not_believed(shaky: Office, own_redis: RedisServer) -> None:
    await shaky.take(action("a1"))
    keys = await shaky.ledger._redis.keys("*/a1")
    await shaky.ledger._redis.delete(*keys)
    own_redis.stop()
    own_redis.start()
    await shaky.take(action("a1"), action("a2"))
    assert shaky.hatch.ids() == ["a1", "a2"]


async def test_a_confirm_while_redis_is_away_is_known_when_it_is_back(shaky: Office, own_redis: RedisServer) -> None:
    async def stop() -> None:
        await asyncio.to_thread(own_redis.kill)

    shaky.hatch.script["a1"] = [stop]
    await shaky.take(action("a1"))
    assert shaky.receipts() == [("message.sent", "a1", "")]
    await asyncio.to_thread(own_redis.start)
    await shaky.take(action("a1"))
    assert shaky.hatch.ids() == ["a1"]


async def test_what_redis_missed_without_a_restart_is_known_when_it_answers_again(office: Office) -> None:
    class Deaf(RedisLedger):
        async def put(self, partition: int, entries: Sequence[Entry]) -> None:
            raise LedgerAway("the connection was lost")

    deaf = Deaf(office.settings.redis, office.settings.prefix)
    first = await office.another(ledger=deaf).open()
    await first.take(action("a1"), Void("v", "ann", "a2", "exit", 2000))
    await first.take(action("a1"), action("a2"), action("a3"))
    assert office.hatch.ids() == ["a1", "a3"]
    assert {kind for kind, _, _ in first.receipts()} == {"message.sent", "action.refused"}
    await deaf.close()


async def test_nothing_leaves_while_redis_is_still_told_what_it_missed(office: Office) -> None:
    class Deaf(Recall):
        deaf = False

        async def put(self, partition: int, entries: Sequence[Entry]) -> None:
            if self.deaf:
                raise LedgerAway("the connection was lost")
            await super().put(partition, entries)

        async def refill(self, partition: int, entries: AsyncIterable[Sequence[Entry]]) -> None:
            filling.set()
            await go.wait()
            await super().refill(partition, entries)

    filling, go, deaf = asyncio.Event(), asyncio.Event(), Deaf()
    go.set()
    office = await office.another(ledger=deaf).open()
    deaf.deaf = True
    await office.take(Void("v", "ann", "a2", "exit", 2000))
    deaf.deaf = False
    go.clear()
    filling.clear()
    takes = [asyncio.create_task(office.take(action("a1")))]
    await filling.wait()
    takes.append(asyncio.create_task(office.take(action("a2"))))
    await turns()
    assert not office.hatch.ids()
    go.set()
    await asyncio.gather(*takes)
    assert office.hatch.ids() == ["a1"]


async def test_a_reserve_that_redis_forgot_before_it_was_durable_is_not_given_twice(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger = Recall()
    office = await office.another(ledger=ledger).open()
    writing, go = slow_writes(office, monkeypatch)
    takes = [asyncio.create_task(office.take(action("a1")))]
    await writing.wait()
    ledger.clear()
    takes.append(asyncio.create_task(office.take(action("a1"))))
    await turns()
    go.set()
    await asyncio.gather(*takes)
    assert office.hatch.ids() == ["a1"]


async def test_while_redis_is_away_only_critical_messages_leave_and_nothing_is_lost(
    shaky: Office, own_redis: RedisServer, caplog: pytest.LogCaptureFixture
) -> None:
    own_redis.kill()
    waiting = asyncio.create_task(shaky.take(action("m1"), action("s1", class_="service")))
    await until(lambda: shaky.book.away)
    critical = action("c1", class_="critical")
    await shaky.take(critical)
    await shaky.take(critical)
    await shaky.take(Void("v", "ann", "m1", "exit", 2000), Void("v", "ann", "c2", "exit", 2000))
    await shaky.take(action("c2", class_="critical"))
    assert shaky.hatch.ids() == ["c1"]
    assert not waiting.done()
    own_redis.start()
    await waiting
    await shaky.take(critical)
    assert shaky.hatch.ids() == ["c1", "s1"]
    assert not shaky.book.away
    assert len([line for line in caplog.messages if "nothing is lost" in line]) == 1


async def test_a_frozen_redis_is_away_within_its_time_limit(shaky: Office, own_redis: RedisServer, prefix: str) -> None:
    ledger = RedisLedger(own_redis.address, prefix, timeout_seconds=0.3)
    hasty = await shaky.another(ledger=ledger).open()
    own_redis.pause()
    try:
        await asyncio.wait_for(hasty.take(action("c1", class_="critical")), 30)
    finally:
        own_redis.resume()
    assert shaky.hatch.ids() == ["c1"]
    await hasty.take(action("m1"))
    assert shaky.hatch.ids() == ["c1", "m1"]
    await ledger.close()


async def test_redis_may_be_away_at_start(own_redis: RedisServer, prefix: str, shaky: Office) -> None:
    await shaky.take(action("c0", class_="critical"), action("m0"))
    own_redis.kill()
    ledger = RedisLedger(own_redis.address, prefix, timeout_seconds=5.0)
    late = await shaky.another(ledger=ledger).open()
    assert late.book.away
    taking = asyncio.create_task(late.take(action("m0"), action("m1"), action("c0", class_="critical")))
    await until(lambda: len(late.receipts()) > 2)
    own_redis.start()
    await taking
    assert sorted(shaky.hatch.ids()) == ["c0", "m0", "m1"]
    await ledger.close()


async def test_a_critical_message_reserved_without_redis_is_given_back_where_its_take_is_cancelled(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Gone(Recall):
        async def reserve(self, partition: int, asks: Sequence[Ask], at: int) -> list[Entry]:
            raise LedgerAway("gone")

    alone = await office.another(ledger=Gone()).open()
    writing, go = slow_writes(office, monkeypatch)
    taking = asyncio.create_task(alone.take(action("c", class_="critical")))
    await writing.wait()
    taking.cancel()
    await asyncio.sleep(0)
    go.set()
    with pytest.raises(asyncio.CancelledError):
        await taking
    restarted = await office.another(ledger=Recall()).open()
    await restarted.take(action("c", class_="critical"))
    assert (office.hatch.ids(), restarted.tally.conflicts) == (["c"], 0)


async def test_a_reference_that_nobody_can_write_down_ends_no_dispatcher(office: Office) -> None:
    class Strange(Hatch):
        async def send(self, outgoing: Outgoing) -> Sent:
            await super().send(outgoing)
            return Sent("\ud800x")

    strange = await office.another(hatch=Strange()).open()
    await strange.take(action("a1"))
    assert strange.receipts() == [("message.sent", "a1", "")]

"""The ledger's promise, kept by Redis and by memory."""

from collections.abc import AsyncIterator, Sequence

import pytest

from state.ledger import (
    SETTLED,
    Ask,
    Entry,
    Ledger,
    NeedsRefill,
    Status,
    consent_key,
    erased_key,
    void_key,
)
from state.recall import Recall
from state.redis_ledger import RedisLedger


@pytest.fixture(params=["redis", "memory"])
async def ledger(request: pytest.FixtureRequest, prefix: str) -> AsyncIterator[Ledger]:
    if request.param == "memory":
        yield Recall()
        return
    redis = RedisLedger(request.getfixturevalue("redis_url"), prefix)
    yield redis
    await redis.close()


async def batches(*several: Sequence[Entry]) -> AsyncIterator[Sequence[Entry]]:
    for entries in several:
        yield entries


def ask(id_: str = "a1", token: str = "me", **changed: object) -> Ask:
    fields = {"customer": "ann", "topic": "offers", "channel": "email", "decided_at": 1000, "consent": True}
    return Ask(id_, token, **{**fields, **changed})


async def answer(ledger: Ledger, one: Ask, at: int = 5000) -> tuple[Status, int, str]:
    (entry,) = await ledger.reserve(0, [one], at)
    return entry.status, entry.at, entry.code


async def test_a_partition_never_filled_answers_nothing(ledger: Ledger) -> None:
    with pytest.raises(NeedsRefill):
        await ledger.reserve(0, [ask()], 5000)
    with pytest.raises(NeedsRefill):
        await ledger.put(0, [Entry("a1", Status.SENT, 5000)])


async def test_partitions_are_filled_one_by_one(ledger: Ledger) -> None:
    await ledger.refill(0, batches())
    with pytest.raises(NeedsRefill):
        await ledger.reserve(1, [ask()], 5000)


async def test_one_reserves_and_the_others_are_told_since_when(ledger: Ledger) -> None:
    await ledger.refill(0, batches())
    assert await answer(ledger, ask()) == (Status.RESERVED, 5000, "")
    assert await answer(ledger, ask(token="other"), 6000) == (Status.HELD, 5000, "")


async def test_asking_again_with_the_same_token_is_harmless(ledger: Ledger) -> None:
    await ledger.refill(0, batches())
    await answer(ledger, ask())
    assert (await answer(ledger, ask(), 6000))[0] is Status.RESERVED


async def test_answers_come_in_the_order_of_the_asks(ledger: Ledger) -> None:
    await ledger.refill(0, batches([Entry("b", Status.SENT, 1, "ref"), Entry(void_key("d"), Status.VOID, 2)]))
    answers = await ledger.reserve(0, [ask("a"), ask("b"), ask("c"), ask("d")], 5000)
    assert [entry.key for entry in answers] == ["a", "b", "c", "d"]
    assert [entry.status.value for entry in answers] == ["reserved", "sent", "reserved", "refused"]


@pytest.mark.parametrize("status", sorted(SETTLED))
async def test_what_is_settled_stays_so_with_its_instant_and_code(ledger: Ledger, status: Status) -> None:
    await ledger.refill(0, batches())
    await answer(ledger, ask())
    await ledger.put(0, [Entry("a1", status, 5500, "a|code")])
    assert await answer(ledger, ask(token="other"), 6000) == (status, 5500, "a|code")


async def test_what_was_sent_keeps_how_many_segments_it_had(ledger: Ledger) -> None:
    await ledger.refill(0, batches([Entry("a1", Status.SENT, 5500, "a|code", segments=3)]))
    await ledger.put(0, [Entry("a2", Status.SENT, 5500, segments=12), Entry("a3", Status.SENT, 5500, "code")])
    # A reference is the provider's, whatever is in it.
    await ledger.put(0, [Entry("a4", Status.SENT, 5500, "a\x1fb", segments=2), Entry("a5", Status.SENT, 5500, "\x1fb")])
    answers = await ledger.reserve(0, [ask(f"a{number}") for number in range(1, 6)], 6000)
    found = [("a|code", 3), ("", 12), ("code", 0), ("a\x1fb", 2), ("\x1fb", 0)]
    assert [(entry.code, entry.segments) for entry in answers] == found


async def test_sent_stands_above_every_other_answer(ledger: Ledger) -> None:
    await ledger.refill(0, batches())
    await ledger.put(0, [Entry("a1", Status.UNRESOLVED, 5000)])
    await ledger.put(0, [Entry("a1", Status.SENT, 4000)])
    await ledger.put(0, [Entry("a1", Status.FAILED, 9000), Entry("a1", Status.RESERVED, 9000)])
    assert await answer(ledger, ask()) == (Status.SENT, 4000, "")


async def test_what_is_given_back_may_be_reserved_again(ledger: Ledger) -> None:
    await ledger.refill(0, batches())
    await answer(ledger, ask())
    await ledger.put(0, [Entry("a1", Status.RELEASED, 5000)])
    assert await answer(ledger, ask(token="other"), 6000) == (Status.RESERVED, 6000, "")


@pytest.mark.parametrize(("overtake_at", "status"), [(4999, Status.HELD), (5000, Status.RESERVED)])
async def test_an_old_reserve_may_be_taken_over_by_one(ledger: Ledger, overtake_at: int, status: Status) -> None:
    await ledger.refill(0, batches())
    await answer(ledger, ask())
    assert (await answer(ledger, ask(token="other", overtake_at=overtake_at), 9000))[0] is status
    if status is Status.RESERVED:
        assert await answer(ledger, ask(token="third", overtake_at=5000), 9000) == (Status.HELD, 9000, "")


async def test_erasure_goes_before_void_before_consent_before_verdict(ledger: Ledger) -> None:
    await ledger.refill(0, batches())
    verdict = Status.FAILED, "template"
    notes = [
        Entry(consent_key("ann", "offers", "email"), Status.WITHDRAWN, 1000),
        Entry(void_key("a3"), Status.VOID, 1),
        Entry(void_key("a4"), Status.VOID, 1),
        Entry(erased_key("bob"), Status.ERASED, 1),
    ]
    await ledger.put(0, notes)
    assert await answer(ledger, ask("a1", verdict=verdict, consent=False)) == (Status.FAILED, 5000, "template")
    assert await answer(ledger, ask("a2", verdict=verdict)) == (Status.REFUSED, 5000, "consent")
    assert await answer(ledger, ask("a3", verdict=verdict)) == (Status.REFUSED, 5000, "void")
    assert await answer(ledger, ask("a4", verdict=verdict, customer="bob")) == (Status.REFUSED, 5000, "erased")


async def test_a_withdrawal_concerns_its_customer_topic_and_channel_and_what_was_decided_by_then(
    ledger: Ledger,
) -> None:
    await ledger.refill(0, batches([Entry(consent_key("ann", "offers", "email"), Status.WITHDRAWN, 1000)]))
    asks = [
        ask("a"),
        ask("b", customer="bob"),
        ask("c", topic="news"),
        ask("d", channel="sms"),
        ask("e", decided_at=1001),
    ]
    answers = await ledger.reserve(0, asks, 5000)
    assert [entry.status.value for entry in answers] == ["refused"] + ["reserved"] * 4


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ([("withdrawn", 1000), ("given", 1001)], Status.RESERVED),
        ([("given", 1001), ("withdrawn", 1000)], Status.RESERVED),
        ([("withdrawn", 1000), ("given", 1000)], Status.REFUSED),
        ([("given", 1000), ("withdrawn", 1000)], Status.REFUSED),
    ],
)
async def test_the_later_consent_counts_and_a_tie_is_a_refusal(
    ledger: Ledger, changes: list[tuple[str, int]], status: Status
) -> None:
    await ledger.refill(0, batches())
    for given, at in changes:
        await ledger.put(0, [Entry(consent_key("ann", "offers", "email"), Status(given), at)])
    assert (await answer(ledger, ask(decided_at=900)))[0] is status


async def test_a_refill_merges_and_never_takes_back(ledger: Ledger) -> None:
    await ledger.refill(0, batches())
    await answer(ledger, ask("a1"))
    await ledger.put(0, [Entry("a1", Status.SENT, 5500)])
    await answer(ledger, ask("a2"), 6000)
    log = [Entry("a1", Status.RESERVED, 5000), Entry("a2", Status.RELEASED, 4000), Entry("a3", Status.SENT, 4000)]
    await ledger.refill(0, batches(log[:1], [], log[1:]))
    answers = await ledger.reserve(0, [ask("a1", "x"), ask("a2", "x"), ask("a3", "x")], 7000)
    assert [entry.status.value for entry in answers] == ["sent", "held", "sent"]


async def test_a_refill_of_many_entries_arrives_whole(ledger: Ledger) -> None:
    await ledger.refill(0, batches([Entry(f"a{n}", Status.SENT, n) for n in range(2000)]))
    answers = await ledger.reserve(0, [ask(f"a{n}") for n in range(0, 2000, 7)], 5000)
    assert {entry.status for entry in answers} == {Status.SENT}


@pytest.mark.parametrize("more", [True, False])
async def test_a_redis_emptied_during_its_refill_is_not_declared_whole(redis_url: str, prefix: str, more: bool) -> None:
    ledger = RedisLedger(redis_url, prefix)

    async def emptied_midway() -> AsyncIterator[Sequence[Entry]]:
        yield [Entry("a1", Status.SENT, 1)]
        await ledger._redis.delete(*await ledger._redis.keys(f"*{prefix}.0*"))
        if more:
            yield [Entry("a2", Status.SENT, 1)]

    with pytest.raises(NeedsRefill):
        await ledger.refill(0, emptied_midway())
    with pytest.raises(NeedsRefill):
        await ledger.reserve(0, [ask()], 5000)
    await ledger.close()


async def test_entries_expire_and_keys_share_a_slot(redis_url: str, prefix: str) -> None:
    ledger = RedisLedger(redis_url, prefix)
    await ledger.refill(3, batches([Entry("a0", Status.SENT, 1)]))
    await ledger.reserve(3, [ask()], 5000)
    keys = await ledger._redis.keys(f"*{prefix}*")
    assert {key.split("/")[0] for key in keys} == {f"{{{prefix}.3}}"}
    lives = {key.split("/")[1]: await ledger._redis.pttl(key) for key in keys}
    assert lives.pop("whole") == -1
    month_ms = 30 * 24 * 3600 * 1000
    assert all(month_ms - 60_000 < life <= month_ms for life in lives.values()), lives
    await ledger.close()

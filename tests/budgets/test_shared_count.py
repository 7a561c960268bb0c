"""The promise of the shared count, kept by Redis and by memory."""

from collections.abc import AsyncIterator

import pytest
from budgets.budgeting import MemoryCount
from redis.asyncio import Redis

from state.budgets import Answer, CountAway, Counted, NeedsShares, Share, SharedCount, Want, together
from state.redis_budgets import RedisBudgets

NAME = "welcome/messages/2026-11-29"


@pytest.fixture(params=["redis", "memory"])
async def shared(request: pytest.FixtureRequest, prefix: str) -> AsyncIterator[SharedCount]:
    if request.param == "memory":
        yield MemoryCount()
        return
    redis = RedisBudgets(request.getfixturevalue("redis_url"), prefix)
    yield redis
    await redis.close()


async def fill(shared: SharedCount, *rows: Share) -> None:
    await shared.fill(await shared.begin(), together(rows))


async def answer(shared: SharedCount, have: int, want: int, holder: str = "a", limit: int = 100) -> Answer:
    return (await shared.move([Want(NAME, holder, have, want, limit)]))[1][0]


async def test_a_count_that_was_never_filled_gives_nothing(shared: SharedCount) -> None:
    with pytest.raises(NeedsShares):
        await shared.move([])


async def test_all_shares_together_stay_within_the_limit(shared: SharedCount) -> None:
    await fill(shared)
    assert await answer(shared, 0, 70) == Answer(70, 70)
    assert await answer(shared, 0, 70, "b") == Answer(30, 100)
    assert await answer(shared, 30, 40, "b") == Answer(30, 100)


async def test_what_is_given_back_may_be_drawn_by_others(shared: SharedCount) -> None:
    await fill(shared)
    await answer(shared, 0, 100)
    assert await answer(shared, 100, 40) == Answer(40, 40)
    assert await answer(shared, 0, 100, "b") == Answer(60, 100)


async def test_a_share_moved_before_is_told_and_not_moved_again(shared: SharedCount) -> None:
    await fill(shared)
    await answer(shared, 0, 10)
    assert await answer(shared, 0, 20) == Answer(10, 10)


async def test_a_share_that_the_count_does_not_know_is_counted_on_top(shared: SharedCount) -> None:
    await fill(shared, Share(NAME, "b", 90))
    assert await answer(shared, 30, 40) == Answer(30, 120)


async def test_a_holder_that_hands_on_what_others_drew_stands_below_nothing(shared: SharedCount) -> None:
    await fill(shared, Share(NAME, "b", 90), Share(NAME, "b", 100))
    assert await answer(shared, 0, -3) == Answer(-3, 97)
    assert await answer(shared, -3, 50) == Answer(0, 100)


async def test_a_lower_limit_takes_nothing_away_and_gives_nothing(shared: SharedCount) -> None:
    await fill(shared)
    await answer(shared, 0, 80)
    assert await answer(shared, 80, 90, limit=50) == Answer(80, 80)


async def test_of_two_refills_the_first_stands(shared: SharedCount) -> None:
    first, second = await shared.begin(), await shared.begin()
    await shared.fill(first, together([Share(NAME, "b", 90)]))
    await answer(shared, 0, 10)
    await shared.fill(second, {})
    assert await answer(shared, 10, 50) == Answer(10, 100)


async def test_a_generation_lasts_until_the_count_is_lost(redis_url: str, prefix: str) -> None:
    shared = RedisBudgets(redis_url, prefix)
    await fill(shared)
    generation, _ = await shared.move([])
    assert (await shared.move([]))[0] == generation
    slow = await shared.begin()
    async with Redis.from_url(redis_url) as redis:
        await redis.delete(*[key async for key in redis.scan_iter(f"{{{prefix}.budgets}}/*")])
    with pytest.raises(NeedsShares):
        await shared.fill(slow, {})
    await fill(shared)
    assert (await shared.move([]))[0] != generation
    await shared.close()


async def test_another_redis_under_the_same_keys_is_not_believed(redis_url: str, prefix: str) -> None:
    shared = RedisBudgets(redis_url, prefix)
    await fill(shared)
    async with Redis.from_url(redis_url) as redis:
        await redis.set(f"{{{prefix}.budgets}}/whole", "anotherrun|g1")
    with pytest.raises(NeedsShares):
        await answer(shared, 0, 10)
    await shared.close()


async def test_redis_tells_what_was_drawn_and_what_holders_keep(redis_url: str, prefix: str) -> None:
    shared = RedisBudgets(redis_url, prefix)
    await fill(shared)
    await shared.move([Want(NAME, "a", 0, 40, 100, 0), Want(NAME, "b", 0, 20, 100, 0)])
    await shared.move([Want(NAME, "a", 40, 40, 100, 15), Want(NAME, "b", 20, 20, 100, 5)])
    assert await shared.counted() == [Counted(NAME, 60, 20, 100)]
    await shared.close()


async def test_a_redis_that_does_not_answer_is_told_as_such(prefix: str) -> None:
    shared = RedisBudgets("redis://127.0.0.1:1/0", prefix)
    with pytest.raises(CountAway):
        await shared.move([])
    await shared.close()

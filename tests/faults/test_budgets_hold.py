"""A budget, spent by two workers of which one is killed, from a Redis that dies and forgets: it is never exceeded."""

import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from breakable import FOLDER, House, Kept, killed, orders, people
from redis.asyncio import Redis
from waiting import until

from journeys.load import load_project
from state.budgets import NeedsShares
from state.redis_budgets import RedisBudgets
from streams.budgets.lease import PART
from streams.definitions.deploy import deploy

LIMIT = 24


async def answers(house: House) -> tuple[int, int]:
    """How many messages left, and how many customers have an answer."""
    sent = {value["id"] for value in await house.values("actions") if value["kind"] == "send"}
    traces = await house.values("decisions")
    answered = {
        each["customer"] for each in traces for line in each["lines"] if line["what"] in ("sent", "refused", "deferred")
    }
    return len(sent), len(answered)


def answered(house: House, count: int) -> Callable[[], Awaitable[bool]]:
    async def all_are() -> bool:
        return (await answers(house))[1] >= count

    return all_are


def filled(shared: RedisBudgets) -> Callable[[], Awaitable[bool]]:
    async def it_is() -> bool:
        try:
            await shared.counted()
        except NeedsShares:
            return False
        return True

    return it_is


@pytest.mark.slow
async def test_no_more_leaves_than_the_budget_whoever_dies(house: House, tmp_path: Path) -> None:
    text = FOLDER["journeys/thanks.yaml"].replace("enter:", f"budget: {{messages: {LIMIT}, per: ever}}\nenter:")
    folder = load_project({**FOLDER, "journeys/thanks.yaml": text})
    await deploy(house.settings, folder, time.time_ns() // 1_000_000, "test")
    (tmp_path / "second").mkdir()
    second = Kept("worker", house.settings, tmp_path / "second")
    shared = RedisBudgets(house.settings.redis, house.settings.prefix)
    customers = people(100)
    await house.introduce(customers)
    house.worker.start()
    second.start()
    try:
        await house.flow(orders(customers[:20]))
        await until(answered(house, 20), 30)
        second.kill()
        await house.flow(orders(customers[20:60]))
        await until(answered(house, 60), 30)
        with killed(house.redis):
            await house.flow(orders(customers[60:80]))
            await until(answered(house, 80), 30)
        async with Redis.from_url(house.settings.redis) as redis:
            await redis.flushall()
        await house.flow(orders(customers[80:]))
        await until(answered(house, 100), 30)
        await until(filled(shared), 30)
        assert house.worker.stop() == 0
    finally:
        second.kill()
    sent, _ = await answers(house)
    assert 0 < sent <= LIMIT
    (counted,) = await shared.counted()
    await shared.close()
    assert sent <= counted.drawn <= LIMIT
    assert "Traceback" not in house.worker.log + second.log
    assert counted.free <= LIMIT // PART, "only what the killed one held may be lost"

"""A broadcast through two real workers, of which one is killed in the middle: everyone is met, and once."""

import asyncio
import json
import os
import re
import subprocess
import sys
import time
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from breakable import SESSION_SECONDS, Kept, calm, event, people
from fanout.fanout_page import FOLDER, snippet
from waiting import until

from journeys.load import load_project
from local.demo.house import environment
from streams.broker.publish import KafkaPublisher, Out
from streams.broker.reader import read_all
from streams.broker.topics import migrate
from streams.definitions.deploy import deploy
from streams.operations.fanouts import Found, read_fanouts
from streams.operations.sweep import Sweep
from streams.settings import Settings
from streams.touchpoints.home import home

PARTITIONS = 8
CUSTOMERS = 2_000
SLOWER = (
    snippet("yaml")
    .replace("cheaper\n", "dearer\n", 1)
    .replace("price.dropped", "price.raised")
    .replace("200/s", "16/s")
)
"""A journey that takes minutes for all, so that however slow this machine is, its fan-out goes on while we look."""


@pytest.fixture
async def house(settings: Settings, tmp_path: Path) -> Settings:
    """Eight partitions, a journey that listens to `price.dropped`, and nobody at work."""
    told = {"partitions": PARTITIONS, "channels": "web,email", "start": "earliest", "data": tmp_path}
    told["session_seconds"] = SESSION_SECONDS
    found = settings.model_copy(update=told)
    await asyncio.to_thread(migrate, found)
    await deploy(found, load_project({**FOLDER, "journeys/dearer.yaml": SLOWER}), time.time_ns() // 1_000_000, "test")
    return found


async def publish(settings: Settings, outs: list[Out]) -> None:
    publisher = KafkaPublisher(settings.kafka)
    await publisher.start()
    by_home = defaultdict(list)
    for out in outs:
        by_home[home((out.key or b"").decode(), PARTITIONS)].append(out)
    for partition, found in by_home.items():
        await publisher.append(settings.topic("touchpoints.web"), partition, found)
    await publisher.stop()


async def introduce(settings: Settings, names: list[str]) -> None:
    outs = []
    for name in names:
        outs.append(event(name, "customer.updated", set={"email": f"{name}@x.example"}))
        outs.append(event(name, "consent.changed", topic="offers", channel="email", given=True, source="test"))
    await publish(settings, outs)


@asynccontextmanager
async def counting(settings: Settings) -> AsyncIterator[Callable[[], Awaitable[int]]]:
    """Asks how many actions there are, some of them twice perhaps; it is asked often, and reads none of them."""
    spots = [TopicPartition(settings.topic("actions"), partition) for partition in range(PARTITIONS)]
    async with AIOKafkaConsumer(bootstrap_servers=settings.kafka) as consumer:

        async def count() -> int:
            return sum((await consumer.end_offsets(spots)).values())

        yield count


async def sent(settings: Settings) -> Counter[str]:
    """How many different actions each customer got."""
    ids = {}
    for partition in range(PARTITIONS):
        async for rows in read_all(settings.brokers, settings.topic("actions"), partition):
            for row in rows:
                action = json.loads(row.value)
                ids[action["id"]] = action["customer"]
    return Counter(ids.values())


def two_workers(settings: Settings, folder: Path) -> tuple[Kept, Kept]:
    """Each with a folder of its own, so that their logs are two."""
    kept = []
    for name in ("first", "second"):
        (folder / name).mkdir()
        kept.append(Kept("worker", settings.model_copy(update={"data": folder / name}), folder / name))
    return kept[0].start(), kept[1].start()


@pytest.mark.slow
async def test_with_a_worker_killed_in_the_middle_everyone_is_met_once(house: Settings, tmp_path: Path) -> None:
    names = people(CUSTOMERS)
    first, second = two_workers(house, tmp_path)
    try:
        await introduce(house, names)
        await asyncio.to_thread(run, house, "-c", snippet("python"))

        async with counting(house) as said:
            before = await until(lambda: at_least(said, 50), 60)
            first.kill()
            assert before < CUSTOMERS
            await until(lambda: at_least(said, CUSTOMERS), 120)
        await until(lambda: everyone(house, names), 30)
        assert await sent(house) == Counter(names)
        calm(second.log)

        await asyncio.to_thread(run, house, "-c", snippet("python"))
        dearer = snippet("python").replace('"b1"', '"b2"').replace("price.dropped", "price.raised")
        await asyncio.to_thread(run, house, "-c", dearer)
        await until(lambda: sent_twice(house, 20), 60)
        await until(lambda: only(house, "b2"), 30)
        found = await listed(house)
        table = await asyncio.to_thread(run, house, "-m", "cli.main", "fanouts", "list")
        assert re.split(r" {2,}", table.splitlines()[0]) == re.split(r" {2,}", snippet("").splitlines()[0])
        assert len(table.splitlines()) == 1 + PARTITIONS
        assert sorted(each.partition for each in found) == list(range(PARTITIONS))
        assert {each.walk.pace for each in found} == {2.0}
        await asyncio.to_thread(run, house, "-m", "cli.main", "fanouts", "stop", "b2")
        await until(lambda: only(house), 30)
        assert sum((await sent(house)).values()) < 2 * CUSTOMERS
        assert max((await sent(house)).values()) == 2
    finally:
        first.kill()
        second.kill()


async def at_least(said: Callable[[], Awaitable[int]], count: int) -> int:
    """How many actions there are, 0 while they are less."""
    found = await said()
    return found if found >= count else 0


async def everyone(settings: Settings, names: list[str]) -> bool:
    return (await sent(settings)).keys() == set(names)


async def sent_twice(settings: Settings, count: int) -> bool:
    return sum(number == 2 for number in (await sent(settings)).values()) >= count


def run(settings: Settings, *arguments: str) -> str:
    """What a program of ours says, run with the settings of the house."""
    done = subprocess.run(
        [sys.executable, *arguments], env={**os.environ, **environment(settings)}, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


async def listed(settings: Settings) -> list[Found]:
    """The fan-outs as `sillage fanouts list` reads them."""
    async with Sweep(settings.brokers) as sweep:
        return await read_fanouts(sweep, settings, {settings.topic("state"): PARTITIONS})


async def only(settings: Settings, *ids: str) -> bool:
    return {each.walk.id for each in await listed(settings)} == set(ids)

"""A journey is paused, its people fall due, the worker is killed, the journey resumed: each is taken on, and once."""

import asyncio
import json
import time
from collections import Counter
from pathlib import Path

import pytest
from breakable import SESSION_SECONDS, Kept, event
from definition_files import files
from waiting import until

from journeys.load import load_project
from streams.broker.publish import KafkaPublisher, Out
from streams.broker.reader import read_all
from streams.broker.topics import migrate
from streams.definitions.deploy import deploy, pause, resume
from streams.definitions.inside import people_inside, waiting_in
from streams.definitions.moving import FOLLOW, Moving
from streams.definitions.pausing import Waiting
from streams.definitions.shelf_reader import read_shelf
from streams.settings import Settings

NAMES = [f"c{number}" for number in range(20)]
HEAD = "journey: welcome\ntopic: offers\nttl: 9d\nenter:\n  on: account.created\nsteps:\n"
OLD = HEAD + "  - wait: 8s\n    id: short\n  - send: hello\n    channel: email\n  - wait: 5d\n    id: long\n"
NEW = OLD + "  - wait: 6d\n    id: longer\n"


def now() -> int:
    return time.time_ns() // 1_000_000


async def sent(settings: Settings) -> Counter[str]:
    ids = {}
    async for rows in read_all(settings.brokers, settings.topic("actions"), 0):
        for row in rows:
            action = json.loads(row.value)
            ids[action["id"]] = action["customer"]
    return Counter(ids.values())


async def publish(settings: Settings, outs: list[Out]) -> None:
    publisher = KafkaPublisher(settings.kafka)
    await publisher.start()
    await publisher.append(settings.topic("touchpoints.web"), 0, outs)
    await publisher.stop()


@pytest.mark.slow
async def test_with_the_worker_killed_in_a_pause_everyone_is_taken_on_once(settings: Settings, tmp_path: Path) -> None:
    house = settings.model_copy(
        update={
            "partitions": 1,
            "channels": "web,email",
            "start": "earliest",
            "data": tmp_path,
            "session_seconds": SESSION_SECONDS,
        }
    )
    await asyncio.to_thread(migrate, house)
    await deploy(house, load_project(files(welcome=OLD)), now(), "test")
    worker = Kept("worker", house, tmp_path).start()
    try:
        await publish(house, [event(name, "customer.updated", set={"email": f"{name}@x.example"}) for name in NAMES])
        await until(lambda: known(house), 60)
        await publish(house, [event(name, "account.created", basket="b") for name in NAMES])

        async def waits(wanted: Waiting) -> bool:
            return await waiting_in(house, "welcome", now()) == wanted

        await until(lambda: waits(Waiting(len(NAMES), 0)), 30)
        await pause(house, "welcome", now())
        await until(lambda: waits(Waiting(len(NAMES), len(NAMES))), 30)
        worker.kill()
        assert await sent(house) == {}
        await resume(house, "welcome", now(), overdue="go", pace=200)
        worker.start()

        async def all_sent() -> bool:
            return len(await sent(house)) == len(NAMES)

        await until(all_sent, 60)
        assert await sent(house) == Counter(NAMES)
        await deploy(house, load_project(files(welcome=NEW)), now(), "test", Moving(FOLLOW))
        await until(lambda: all_in_use(house), 30)
    finally:
        worker.kill()


async def known(settings: Settings) -> bool:
    """Whether the worker is at work: everyone's record is written."""
    written = set()
    async for rows in read_all(settings.brokers, settings.topic("state"), 0):
        written |= {row.key for row in rows}
    return {name.encode() for name in NAMES} <= written


async def all_in_use(settings: Settings) -> bool:
    """Whether everyone is in the version of the last deploy."""
    shelf = await read_shelf(settings)
    assert shelf.release is not None
    return set(await people_inside(settings)) == {("welcome", shelf.release.journeys["welcome"].version)}

"""The consumer beside Faust's: what it fetches, and what it still knows of a spot when another one is opened."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager

import pytest
from aiokafka import AIOKafkaProducer
from kafka.admin import KafkaAdminClient, NewTopic
from waiting import turns, until

from streams.broker.assigned import AssignedSource, JoinedSource
from streams.broker.source import Spot
from streams.inputs import Inputs
from streams.settings import Settings
from streams.touchpoints.record import Record

LARGE = b"x" * 700_000
"""Of such rows a fetch brings one or two."""


class Beside(AssignedSource):
    """A source that notes what it brings and what is committed."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings.kafka, self._note)
        self.brought: dict[Spot, list[int]] = {}
        self.committed_to: dict[Spot, int] = {}
        self.first = asyncio.Event()

    def _note(self, topic: str, partition: int, rows: Sequence[Record]) -> None:
        self.brought.setdefault((topic, partition), []).extend(row.offset for row in rows)
        self.first.set()

    def commit(self, offsets: Mapping[Spot, int]) -> None:
        self.committed_to |= offsets


@pytest.fixture
async def topic(settings: Settings) -> str:
    """A topic of two partitions, three large rows in each."""
    name = settings.topic("touchpoints.rekeyed")
    admin = KafkaAdminClient(bootstrap_servers=settings.kafka)
    admin.create_topics([NewTopic(name, 2, 1)])
    admin.close()
    async with AIOKafkaProducer(bootstrap_servers=settings.kafka) as producer:
        for partition in (0, 1):
            for _ in range(3):
                await producer.send_and_wait(name, LARGE, partition=partition)
    return name


@asynccontextmanager
async def started(source: Beside) -> AsyncIterator[Beside]:
    await source.start()
    try:
        yield source
    finally:
        await source.stop()


@asynccontextmanager
async def running(source: Beside) -> AsyncIterator[None]:
    task = asyncio.create_task(source.run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_what_is_held_stays_held_when_another_spot_is_opened(settings: Settings, topic: str) -> None:
    async with started(Beside(settings)) as source:
        source.open({(topic, 0): 0})
        source.hold((topic, 0))
        source.open({(topic, 1): 0})
        async with running(source):
            await until(lambda: source.brought.get((topic, 1)) == [0, 1, 2], 30)
            assert (topic, 0) not in source.brought
            source.release((topic, 0))
            await until(lambda: source.brought.get((topic, 0)) == [0, 1, 2], 30)


async def test_what_was_seen_of_a_log_is_known_when_another_spot_is_opened(settings: Settings, topic: str) -> None:
    """Else the others would pass what is still unread there."""
    async with started(Beside(settings)) as source:
        source.open({(topic, 0): 0})
        async with running(source):
            await asyncio.wait_for(source.first.wait(), 30)
        assert source.brought[topic, 0] == [0]
        source.open({(topic, 1): 0})
        assert source.unread((topic, 0), 0)


async def test_what_is_closed_and_opened_anew_is_not_held(settings: Settings, topic: str) -> None:
    async with started(Beside(settings)) as source:
        source.open({(topic, 0): 0})
        async with running(source):
            await asyncio.wait_for(source.first.wait(), 30)
        source.hold((topic, 0))
        source.close([(topic, 0)])
        source.open({(topic, 0): 2})
        async with running(source):
            await until(lambda: source.brought[topic, 0] == [0, 2], 30)
        assert not source.unread((topic, 0), 0)


async def test_a_source_that_was_just_given_more_stops(settings: Settings, topic: str) -> None:
    """aiokafka by itself would wait for its fetches for ever: it swallows the cancellation."""
    source = Beside(settings)
    await source.start()
    source.open({(topic, 0): 0})
    async with running(source):
        await until(lambda: source.brought.get((topic, 0)) == [0, 1, 2], 30)
    source.open({(topic, 1): 3})
    await turns(1)
    await asyncio.wait_for(source.stop(), 10)


async def test_of_two_sources_the_other_fetches_and_the_first_hears_of_positions(
    settings: Settings, topic: str
) -> None:
    async with started(Beside(settings)) as first, started(Beside(settings)) as other:
        joined = JoinedSource(first, other, [topic])
        assert await joined.bounds([(topic, 0)]) == {(topic, 0): (0, 3)}
        joined.open({(topic, 0): 1})
        async with running(other), running(first):
            await until(lambda: other.brought.get((topic, 0)) == [1, 2], 30)
        joined.commit({(topic, 0): 3})
    assert not first.brought
    assert first.committed_to == {(topic, 0): 3}


def test_what_is_quiet_or_not_assigned_is_fetched_beside() -> None:
    names = ("touchpoints.web", "touchpoints.rekeyed", "ticks")
    inputs = Inputs(
        Settings(partitions=3, prefix="t"), {**{f"t.{name}": 3 for name in names}, "t.touchpoints.crm": 5}, {}
    )
    assert inputs.beside == ["t.ticks", "t.touchpoints.crm", "t.touchpoints.rekeyed"]
    assert inputs.co_partitioned == ["t.ticks", "t.touchpoints.rekeyed", "t.touchpoints.web"]

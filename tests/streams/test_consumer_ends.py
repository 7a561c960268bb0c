"""A consumer ends whole also where one of its fetches rests after a fault: aiokafka's own end breaks off there."""

import asyncio
from contextlib import suppress
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer
from aiokafka.consumer.fetcher import Fetcher
from waiting import turns

from streams.broker.ending import stopped


def resting() -> Any:
    """A consumer with such a fetch, by aiokafka's own code, that never had a broker."""
    consumer = AIOKafkaConsumer(bootstrap_servers="127.0.0.1:1")
    fetcher = Fetcher.__new__(Fetcher)
    fetcher._fetch_waiters = set()
    fetcher._fetch_task = asyncio.create_task(asyncio.Event().wait())
    fetcher._pending_tasks = {asyncio.create_task(asyncio.Event().wait()) for _ in range(3)}
    consumer._fetcher = fetcher
    consumer._closed = False
    return consumer


async def test_aiokafka_itself_breaks_off() -> None:
    with pytest.raises(asyncio.CancelledError):
        await resting().stop()


async def test_it_ends_whole_for_a_caller_whom_nobody_cancelled(monkeypatch: pytest.MonkeyPatch) -> None:
    consumer, closed = resting(), []
    close = consumer._client.close

    async def told() -> None:
        closed.append(consumer)
        await close()

    monkeypatch.setattr(consumer._client, "close", told)
    await stopped(consumer)
    await turns(2)
    assert closed == [consumer]
    assert all(fetch.cancelled() for fetch in consumer._fetcher._pending_tasks)


async def test_a_fetcher_that_swallows_a_cancellation_is_told_again() -> None:
    """As aiokafka's does while it waits for the fetches of its former assignment."""
    consumer, fetching = resting(), asyncio.Event()

    async def swallows() -> None:
        with suppress(asyncio.CancelledError):
            fetching.set()
            await asyncio.Event().wait()
        await asyncio.Event().wait()

    consumer._fetcher._fetch_task.cancel()
    consumer._fetcher._fetch_task = asyncio.create_task(swallows())
    await fetching.wait()
    await asyncio.wait_for(stopped(consumer), 10)
    assert consumer._fetcher._fetch_task.cancelled()


async def test_a_caller_who_is_cancelled_is() -> None:
    class Hanging:
        _fetcher = None

        async def stop(self) -> None:
            await asyncio.Event().wait()

    stopping = asyncio.create_task(stopped(Hanging()))
    await turns(1)
    stopping.cancel()
    await asyncio.wait([stopping])
    assert stopping.cancelled()

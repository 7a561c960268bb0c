"""The dispatcher whole: real Kafka, Redis and SMTP, with the reader that goes ahead."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack
from typing import Any

import msgspec
import pytest
from aiokafka import ConsumerRecord
from dispatching import HELLO, QUICK, action

from channels.email import Email
from engine.decision import Erasure, Output, Void
from local.mailbox import Mailbox
from state.redis_ledger import RedisLedger
from streams.broker.publish import KafkaPublisher, Out
from streams.broker.reader import read_all
from streams.broker.topics import migrate
from streams.dispatch.ahead import Ahead, NotOpen, note_of
from streams.dispatch.book import Book, Note, dispatches_log
from streams.dispatch.dispatcher import Dispatcher
from streams.settings import Settings
from streams.touchpoints.home import home


def wall_ms() -> int:
    return int(time.time() * 1000)


class Process:
    """What a dispatcher process is made of; `partition` is Ann's home."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.partition = home("ann", settings.partitions)
        self.publisher = KafkaPublisher(settings.kafka)
        self.ledger = RedisLedger(settings.redis, settings.prefix)
        self.book = Book(settings, self.publisher, self.ledger, wall_ms, dispatches_log(settings))
        self.ahead: Ahead[Note] = Ahead(settings, settings.topic("actions"), self.book.note, note_of)
        self.email = Email(settings.smtp, now=time.time)
        self.dispatcher = Dispatcher(
            settings,
            self.publisher,
            self.book,
            self.ahead,
            {"email": self.email},
            {HELLO.content_hash: HELLO}.get,
            wall_ms,
            self._dead,
            patience=QUICK,
        )

    async def __aenter__(self) -> "Process":
        await self.publisher.start()
        await self.ahead.start()
        await self.book.open(self.partition)
        self.ahead.open(self.partition, 0)
        return self

    async def __aexit__(self, *_fault: object) -> None:
        await self.ahead.stop()
        await self.email.close()
        await self.publisher.stop()
        await self.ledger.close()

    async def queue(self, *outputs: Output) -> int:
        header = [("queued_at", str(wall_ms()).encode())]
        outs = [Out(output.customer.encode(), msgspec.json.encode(output), header) for output in outputs]
        return await self.publisher.append(self.settings.topic("actions"), self.partition, outs)

    async def records(self, topic: str) -> list[ConsumerRecord]:
        stream: AsyncIterator[Sequence[Any]]
        stream = read_all(self.settings.kafka, self.settings.topic(topic), self.partition)
        return [record async for several in stream for record in several]

    async def _dead(self, record: Any, code: str, reason: str) -> None:
        raise AssertionError(f"{record}: {code}: {reason}")


@pytest.fixture
async def start(settings: Settings) -> AsyncIterator[Callable[[], Any]]:
    """Starts a dispatcher; again, for a second one or a restart."""
    settings.partitions = 2
    settings.channels = "email"
    await asyncio.to_thread(migrate, settings)
    async with AsyncExitStack() as stack:
        yield lambda: stack.enter_async_context(Process(settings))


async def test_from_actions_to_the_mailbox_and_back_as_a_touchpoint(start: Callable[[], Any], mailbox: Mailbox) -> None:
    process = await start()
    await process.queue(*(action(f"a{n}") for n in range(50)))
    await process.dispatcher.take(process.partition, await process.records("actions"))
    assert sorted(message["X-Sillage-Action"] for message in mailbox.messages) == sorted(f"a{n}" for n in range(50))
    receipts = [json.loads(record.value) for record in await process.records("touchpoints.email")]
    assert sorted(receipt["properties"]["action_id"] for receipt in receipts) == sorted(f"a{n}" for n in range(50))
    assert {receipt["type"] for receipt in receipts} == {"message.sent"}
    restarted = await start()
    await restarted.ledger._redis.delete(*await restarted.ledger._redis.keys(f"*{process.settings.prefix}*"))
    await restarted.dispatcher.take(process.partition, await process.records("actions"))
    assert len(mailbox.mails) == 50


async def test_a_void_that_lies_ahead_is_seen_before_the_action_leaves(
    start: Callable[[], Any], mailbox: Mailbox
) -> None:
    process = await start()
    await process.queue(action("a1"), action("a2"), action("b1", customer="bob"))
    batch = await process.records("actions")
    await process.queue(Void("v", "ann", "a1", "exit", 2000), Erasure("x", "bob", 2000))
    await process.dispatcher.take(process.partition, batch)
    assert [message["X-Sillage-Action"] for message in mailbox.messages] == ["a2"]
    assert process.ahead.noted(process.partition) == 5


async def test_reading_ahead_goes_on_through_opening_and_closing_of_partitions(start: Callable[[], Any]) -> None:
    process = await start()
    other = 1 - process.partition
    with pytest.raises(NotOpen):
        await process.ahead.caught_up(other)
    process.ahead.open(other, 0)
    await asyncio.wait_for(process.ahead.caught_up(other), 60)
    offset = await process.queue(Void("v", "ann", "a1", "exit", 2000))
    await asyncio.wait_for(process.ahead.caught_up(process.partition), 60)
    assert process.ahead.noted(process.partition) == offset + 1
    process.ahead.close(process.partition)
    with pytest.raises(NotOpen):
        await process.ahead.caught_up(process.partition)


async def test_a_reader_ahead_that_broke_stops_the_dispatcher(settings: Settings, start: Callable[[], Any]) -> None:
    process = await start()

    async def break_down(partition: int, notes: Sequence[Note]) -> None:
        raise ZeroDivisionError

    broken: Ahead[Note] = Ahead(settings, settings.topic("actions"), break_down, note_of)
    await broken.start()
    broken.open(process.partition, 0)
    await process.queue(Void("v", "ann", "a1", "exit", 2000))
    with pytest.raises(ZeroDivisionError):
        await asyncio.wait_for(broken.caught_up(process.partition), 60)
    await broken.stop()

"""Reading ahead of who takes records, so that nothing leaves before a void or an erasure that lies behind was seen."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

import msgspec
from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition

from engine.decision import Action
from streams.broker.ending import stopped
from streams.broker.security import client_options
from streams.broker.watch import Watch
from streams.dispatch.book import Note
from streams.dispatch.errand import read_output
from streams.settings import Settings

N = TypeVar("N")
"""A note: what a record says of others."""

_POLL_MS = 100


class NotOpen(Exception):
    """The partition was never opened, or was closed because another dispatcher has it now."""


class Ahead(Generic[N]):
    """An own assigned consumer over the partitions of a topic that a desk has, such as `actions`.

    `note` is told of what `read` finds in the value of a record, None for a record that is no note.
    """

    def __init__(
        self,
        settings: Settings,
        topic: str,
        note: Callable[[int, Sequence[N]], Awaitable[None]],
        read: Callable[[bytes | None], N | None],
    ) -> None:
        self._topic = topic
        self._note = note
        self._note_of = read
        self._consumer = AIOKafkaConsumer(
            **client_options(settings.brokers),
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            max_partition_fetch_bytes=8 << 20,
            max_poll_records=5000,
        )
        self._watch = Watch(self._consumer)
        # A broker answers a connection's requests in order: asked behind a waiting fetch, the end would come late.
        self._asker = AIOKafkaConsumer(**client_options(settings.brokers), enable_auto_commit=False)
        self._positions: dict[int, int] = {}
        self._changed = True
        self._moved = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._asked: list[tuple[TopicPartition, asyncio.Future[int]]] = []
        self._asking: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Connects and reads on until `stop`."""
        await self._consumer.start()
        await self._asker.start()
        self._task = asyncio.create_task(self._read())
        self._task.add_done_callback(lambda _task: self._wake())

    async def stop(self) -> None:
        """Ends the reading. A fault of it was raised by `caught_up`."""
        for task in (self._task, self._asking):
            if task is not None:
                task.cancel()
                await asyncio.wait([task])
        await stopped(self._consumer)
        await stopped(self._asker)

    async def topics(self) -> set[str]:
        """The full names of all topics that the brokers have."""
        return set(await self._asker.topics())

    def open(self, partition: int, start: int) -> None:
        """Reads this partition too, from the offset where the dispatcher begins."""
        self._positions[partition] = start
        self._changed = True

    def close(self, partition: int) -> None:
        """Reads this partition no more."""
        self._positions.pop(partition, None)
        self._changed = True
        self._wake()

    def noted(self, partition: int) -> int:
        """The offset before which every note of the partition is in the book."""
        return self._positions.get(partition, 0)

    async def caught_up(self, partition: int) -> None:
        """Waits until the partition was read to the end that it has now. Raises NotOpen, and what ended the reading."""
        end = await self._end(partition)
        while not self._ended() and not self._reached(partition, end):
            await self._moved.wait()
        if self._task is not None and self._task.done() and not self._task.cancelled():
            self._task.result()
        if partition not in self._positions:
            raise NotOpen(f"{self._topic}/{partition} is not read ahead; open it first")

    async def _end(self, partition: int) -> int:
        """The end that the partition has now; those that ask while a question is under way ask the next together."""
        asked: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._asked.append((TopicPartition(self._topic, partition), asked))
        if self._asking is None or self._asking.done():
            self._asking = asyncio.create_task(self._ask())
        return await asked

    async def _ask(self) -> None:
        while self._asked:
            several, self._asked = self._asked, []
            try:
                ends = await self._asker.end_offsets({spot for spot, _ in several})
            except Exception as fault:
                for _, asked in several:
                    if not asked.done():
                        asked.set_exception(fault)
                continue
            for spot, asked in several:
                if not asked.done():
                    asked.set_result(ends[spot])

    def _reached(self, partition: int, end: int) -> bool:
        return partition not in self._positions or self._positions[partition] >= end

    def _ended(self) -> bool:
        return self._task is None or self._task.done()

    async def _read(self) -> None:
        while True:
            if self._changed:
                await self._assign()
            fetched = await self._fetch()
            for spot, records in fetched.items():
                await self._take(spot.partition, records)

    async def _assign(self) -> None:
        self._changed = False
        spots = {TopicPartition(self._topic, partition): at for partition, at in self._positions.items()}
        self._consumer.assign(list(spots))
        first = await self._asker.beginning_offsets(list(spots))
        for spot, at in spots.items():
            start = max(at, first[spot])
            self._consumer.seek(spot, start)
            if spot.partition in self._positions:
                self._positions[spot.partition] = start
        self._wake()

    async def _fetch(self) -> dict[TopicPartition, list[ConsumerRecord]]:
        if not self._positions:
            await asyncio.sleep(_POLL_MS / 1000)
            return {}
        return await self._watch.whole(_POLL_MS)

    async def _take(self, partition: int, records: Sequence[ConsumerRecord]) -> None:
        notes = [note for record in records if (note := self._note_of(record.value)) is not None]
        if notes:
            await self._note(partition, notes)
        if partition in self._positions and not self._changed:
            self._positions[partition] = records[-1].offset + 1
            self._wake()

    def _wake(self) -> None:
        """Lets every waiter look again; those that wait on take the next event."""
        self._moved.set()
        self._moved = asyncio.Event()


def note_of(value: bytes | None) -> Note | None:
    """The void, consent change or erasure that a record of `actions` holds, None for anything else."""
    with contextlib.suppress(msgspec.DecodeError):
        output = read_output(value)
        return None if isinstance(output, Action) else output
    return None

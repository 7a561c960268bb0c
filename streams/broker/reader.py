"""Reading a stretch of one partition of a topic, ended by position and not by a record that compaction may have
removed.
"""

from collections.abc import AsyncIterator, Callable, Sequence

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition

from streams.broker.ending import stopped
from streams.broker.rows import give_rows
from streams.broker.security import Brokers, client_options
from streams.broker.watch import Watch
from streams.touchpoints.record import Record

POLL_MS = 500

Read = Callable[[str, int, int, int], AsyncIterator[Sequence[Record]]]
"""Gives the records of a topic and partition from one offset up to, not including, another, in batches."""


class Reader:
    """An own assigned consumer of one partition, outside any group. Use as an async context manager.

    Nothing is read around: what is read here is what is known, so that a gap in it would be taken for the truth.
    """

    def __init__(self, brokers: Brokers, topic: str, partition: int) -> None:
        give_rows()
        self._spot = TopicPartition(topic, partition)
        self._consumer = AIOKafkaConsumer(
            **client_options(brokers),
            enable_auto_commit=False,
            auto_offset_reset="none",
            max_partition_fetch_bytes=8 << 20,
            fetch_max_bytes=32 << 20,
            fetch_max_wait_ms=50,
            max_poll_records=5000,
        )
        self._watch = Watch(self._consumer)

    async def __aenter__(self) -> "Reader":
        try:
            await self._consumer.start()
        except BaseException:
            await stopped(self._consumer)
            raise
        self._consumer.assign([self._spot])
        return self

    async def __aexit__(self, *_fault: object) -> None:
        await stopped(self._consumer)

    async def bounds(self) -> tuple[int, int]:
        """The first offset of the log and its end, the offset after the last."""
        first = await self._consumer.beginning_offsets([self._spot])
        end = await self._consumer.end_offsets([self._spot])
        return first[self._spot], end[self._spot]

    async def read(self, start: int, end: int) -> AsyncIterator[Sequence[ConsumerRecord]]:
        """The records from `start` up to, not including, `end`, in batches. `start` before the log's first is its
        first. Raises DamagedLog.
        """
        first, _ = await self.bounds()
        self._consumer.seek(self._spot, max(start, first))
        while await self._consumer.position(self._spot) < end:
            fetched = await self._watch.whole(POLL_MS)
            rows = fetched.get(self._spot, [])
            if rows and rows[-1].offset >= end:
                rows = [row for row in rows if row.offset < end]
            if rows:
                yield rows


def reading(brokers: Brokers) -> Read:
    """A Read of these brokers."""

    async def read(topic: str, partition: int, start: int, end: int) -> AsyncIterator[Sequence[Record]]:
        async with Reader(brokers, topic, partition) as reader:
            async for rows in reader.read(start, end):
                yield rows

    return read


async def read_all(brokers: Brokers, topic: str, partition: int) -> AsyncIterator[Sequence[ConsumerRecord]]:
    """The whole log of a partition, to the end seen at the start."""
    async with Reader(brokers, topic, partition) as reader:
        first, end = await reader.bounds()
        async for rows in reader.read(first, end):
            yield rows

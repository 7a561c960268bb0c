"""Reading the topic `definitions`: to the end seen at the start, then on, and only what was committed."""

import logging
from collections.abc import AsyncIterator

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition

from streams.broker.ending import stopped
from streams.broker.security import client_options
from streams.definitions.shelf import NewerFormat, Shelf, ShelfFault
from streams.settings import Settings

TOPIC = "definitions"
_POLL_MS = 200
_LARGEST_FETCH = 16 << 20

log = logging.getLogger(__name__)


class NoDefinitionsTopic(Exception):
    """The topic `definitions` does not exist under this prefix."""


class ShelfReader:
    """An own consumer of the one partition, assigned, outside any group. Use as an async context manager."""

    def __init__(self, settings: Settings) -> None:
        self._spot = TopicPartition(settings.topic(TOPIC), 0)
        self._consumer = AIOKafkaConsumer(
            **client_options(settings.brokers),
            isolation_level="read_committed",
            auto_offset_reset="earliest",
            enable_auto_commit=False,
            max_partition_fetch_bytes=_LARGEST_FETCH,
        )

    async def start(self) -> None:
        """Connects. Raises NoDefinitionsTopic, or aiokafka's KafkaConnectionError where no broker answers."""
        try:
            await self._consumer.start()
            if self._spot.topic not in await self._consumer.topics():
                raise NoDefinitionsTopic(f"topic {self._spot.topic} does not exist; `sillage topics apply` creates it")
        except BaseException:
            await stopped(self._consumer)
            raise
        self._consumer.assign([self._spot])

    async def stop(self) -> None:
        """Gives the connections back."""
        await stopped(self._consumer)

    async def to_end(self) -> AsyncIterator[list[ConsumerRecord]]:
        """The records up to the end seen now, in batches; ended by position, since the last record may be compacted."""
        end = await self.end()
        while await self.position() < end:
            yield await self.next()

    async def end(self) -> int:
        """The offset after the last committed record now."""
        ends = await self._consumer.end_offsets([self._spot])
        return int(ends[self._spot])

    async def position(self) -> int:
        """The offset after the last record that was given."""
        return int(await self._consumer.position(self._spot))

    async def next(self) -> list[ConsumerRecord]:
        """The records after the last ones; none where none came for a moment."""
        fetched = await self._consumer.getmany(self._spot, timeout_ms=_POLL_MS)
        return list(fetched.get(self._spot, []))

    async def __aenter__(self) -> "ShelfReader":
        await self.start()
        return self

    async def __aexit__(self, *_fault: object) -> None:
        await self.stop()


async def read_shelf(settings: Settings) -> Shelf:
    """All that is on the topic now. What cannot be used is logged and passed over, save NewerFormat, raised."""
    shelf = Shelf()
    async with ShelfReader(settings) as reader:
        async for records in reader.to_end():
            for record in records:
                try:
                    shelf.feed(record.key, record.value)
                except NewerFormat:
                    raise
                except ShelfFault as fault:
                    log.warning("%s/0/%d: %s; passed over", record.topic, record.offset, fault)
    return shelf

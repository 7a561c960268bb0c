"""Reading many partitions with one consumer, each from an offset to another that was chosen before."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence

from aiokafka import AIOKafkaConsumer, TopicPartition

from streams.broker.ending import stopped
from streams.broker.rows import give_rows
from streams.broker.security import Brokers, client_options
from streams.broker.source import Spot
from streams.broker.watch import Watch
from streams.touchpoints.record import Row

POLL_MS = 300

Stretch = tuple[int, int]
"""From one offset up to, not including, another."""


class Sweep:
    """An own consumer outside any group. Use as an async context manager; one `read` at a time.

    Nothing is read around: a damaged log raises DamagedLog.
    """

    def __init__(self, brokers: Brokers) -> None:
        give_rows()
        self._consumer = AIOKafkaConsumer(
            **client_options(brokers),
            enable_auto_commit=False,
            auto_offset_reset="none",
            max_partition_fetch_bytes=2 << 20,
            fetch_max_bytes=32 << 20,
            fetch_max_wait_ms=50,
            max_poll_records=5000,
        )
        self._watch = Watch(self._consumer)

    async def __aenter__(self) -> "Sweep":
        try:
            await self._consumer.start()
            # Stopped before its tasks ran for the first time, the consumer raises CancelledError.
            await asyncio.sleep(0)
        except BaseException:
            await stopped(self._consumer)
            raise
        return self

    async def __aexit__(self, *_fault: object) -> None:
        await stopped(self._consumer)

    async def bounds(self, spots: Iterable[Spot]) -> dict[Spot, Stretch]:
        """The first offset of each log and its end now."""
        partitions = [TopicPartition(*spot) for spot in spots]
        if not partitions:
            return {}
        first = await self._consumer.beginning_offsets(partitions)
        end = await self._consumer.end_offsets(partitions)
        return {(each.topic, each.partition): (first[each], end[each]) for each in partitions}

    async def since(self, bounds: Mapping[Spot, Stretch], at: int) -> dict[Spot, Stretch]:
        """The same stretches from their first record appended at or after `at` (ms) on."""
        partitions = {TopicPartition(*spot): at for spot in bounds}
        found = await self._consumer.offsets_for_times(partitions) if partitions else {}
        later = {(each.topic, each.partition): place for each, place in found.items()}
        return {
            spot: (max(first, place.offset) if (place := later.get(spot)) is not None else end, end)
            for spot, (first, end) in bounds.items()
        }

    async def read(self, stretches: Mapping[Spot, Stretch]) -> AsyncIterator[tuple[Spot, Sequence[Row]]]:
        """The records of each stretch, in batches, those of one partition in their order."""
        left = {TopicPartition(*spot): end for spot, (start, end) in stretches.items() if start < end}
        if not left:
            return
        self._consumer.assign(list(left))
        for each in left:
            self._consumer.seek(each, stretches[each.topic, each.partition][0])
        while left:
            for each, rows in (await self._watch.whole(POLL_MS)).items():
                wanted = [row for row in rows if row.offset < left.get(each, 0)]
                if wanted:
                    yield (each.topic, each.partition), wanted
            for each in list(left):
                if await self._consumer.position(each) >= left[each]:
                    del left[each]
                    self._consumer.pause(each)

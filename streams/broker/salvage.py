"""Reading around damage: what a consumer cannot unpack is fetched once more, and what is damaged becomes one row."""

import time
from itertools import zip_longest
from typing import Any, NamedTuple

from aiokafka import TopicPartition
from aiokafka.consumer.fetcher import READ_UNCOMMITTED, PartitionRecords
from aiokafka.errors import KafkaError
from aiokafka.protocol.fetch import FetchRequest
from aiokafka.record.memory_records import MemoryRecords

from streams.broker.frames import Frame, claimed_last, claimed_millis, frames
from streams.broker.watch import SERVER_FAILED, UNREADABLE, Watch
from streams.touchpoints.record import Damaged, Record, RefusalError

FETCH_BYTES = 18 << 20
"""More than the largest batch of our topics, so that a fetch shows what lies behind it."""

_NO_HEADER = "its header is none"
_CURE = "look for its records on another replica or in a backup, and publish them again"


class Served(NamedTuple):
    """What a broker answered for one offset; `end` is the end of the log."""

    data: bytes
    end: int
    error: int = 0

    @property
    def frames(self) -> list[Frame]:
        return frames(self.data, self.end)


class Salvage:
    """Reads on where the consumer of `watch` cannot."""

    def __init__(self, watch: Watch) -> None:
        self._watch = watch

    async def rows(self, spot: TopicPartition, start: int) -> list[Record]:
        """The records from `start` on up to the first damage, and that as one Damaged.

        Fetched anew, so that what was damaged on its way only is read well. Empty where the broker cannot be asked.
        """
        try:
            served = await self._fetch(spot, start)
            if not served.data:
                return await self._unserved(spot, start, served)
            return await self._unpacked(spot, start, served)
        except KafkaError:
            return []

    async def _unpacked(self, spot: TopicPartition, start: int, served: Served) -> list[Record]:
        found: list[Record] = []
        after, in_order = start, served.frames
        for frame, follower in zip_longest(in_order, in_order[1:]):
            why = _NO_HEADER
            if frame.sound:
                try:
                    rows, after = _records(spot, served.data[frame.begin : frame.end], after)
                    found += rows
                    continue
                except Exception as fault:
                    # Whatever a codec or a parser raises on nonsense, the batch cannot be unpacked.
                    why = f"its records cannot be unpacked ({fault!r})"
            elif found and follower is None:
                # It may only be cut off; the next fetch begins with it.
                break
            last = await self._last(spot, served, frame, follower, after)
            if last >= after:
                return [*found, _damaged(spot, served, frame, after, last, why)]
        return found

    async def _last(
        self, spot: TopicPartition, served: Served, frame: Frame, follower: Frame | None, after: int
    ) -> int:
        """The damaged batch's last offset: what the next one shows, else what it says itself, else what is served."""
        if follower is not None and follower.sound:
            return follower.base - 1
        claimed = claimed_last(served.data, frame) if frame.sound else None
        if claimed is not None and claimed < served.end:
            return claimed
        begin = max(after, frame.base) if frame.sound else after
        base, _ = await self._next_served(spot, begin, begin + 1, served.end)
        return base - 1

    async def _unserved(self, spot: TopicPartition, start: int, served: Served) -> list[Record]:
        """Nothing comes of this offset: its bytes come with others before it or behind it, or not at all."""
        if served.error not in UNREADABLE or start >= served.end:
            return []
        before = await self._before(spot, start)
        rows = await self._unpacked(spot, start, before) if before.data else []
        if rows:
            return rows
        base, behind = await self._next_served(spot, start, start, served.end)
        if behind is not None and base == start:
            return await self._unpacked(spot, start, behind)
        if behind is None and not before.data and served.error == SERVER_FAILED:
            # The broker may fail for another reason than this place in its log.
            return []
        return [_not_served(spot, start, base - 1, served.error)]

    async def _before(self, spot: TopicPartition, start: int) -> Served:
        """What comes of an offset before, in steps that double, down to the first of the log: brokers come to damage
        also when they look for what lies next to it.
        """
        served, step = Served(b"", 0), 1
        first = (await self._watch.consumer.beginning_offsets([spot]))[spot]
        while not served.data and start - step // 2 > first:
            served, step = await self._fetch(spot, max(first, start - step)), step * 2
        return served

    async def _next_served(self, spot: TopicPartition, after: int, least: int, end: int) -> tuple[int, Served | None]:
        """The base offset, `least` or more, of the first sound batch that comes of an offset behind `after`, with what
        is served of it; `end` where there is none.

        In steps that double and then halve: brokers find offsets by an index, and come to no damage behind its entries.
        """
        low, step = after, 1
        high = end
        found: tuple[int, Served | None] = (end, None)
        while low + step < end:
            if answer := await self._sound(spot, low + step, least):
                high, found = low + step, answer
                break
            low, step = low + step, step * 2
        while high - low > 1:
            middle = (low + high) // 2
            if answer := await self._sound(spot, middle, least):
                high, found = middle, answer
            else:
                low = middle
        return found

    async def _sound(self, spot: TopicPartition, offset: int, least: int) -> tuple[int, Served] | None:
        """The base offset of the sound batch that comes of this offset, None unless it is `least` or more."""
        served = await self._fetch(spot, offset)
        first = served.frames[0] if served.data else None
        return (first.base, served) if first is not None and first.sound and first.base >= least else None

    async def _fetch(self, spot: TopicPartition, offset: int) -> Served:
        consumer: Any = self._watch.consumer
        node = consumer._client.cluster.leader_for_partition(spot)
        if node is None or node == -1:
            raise KafkaError(f"{spot.topic}/{spot.partition}: no broker leads it")
        wanted = [(spot.topic, [(spot.partition, offset, FETCH_BYTES)])]
        request = FetchRequest(0, 0, FETCH_BYTES, READ_UNCOMMITTED, wanted)
        response = await self._watch.send(node, request)
        ((_, ((_, error, highwater, *rest),)),) = response.topics
        if error:
            return Served(b"", (await consumer.end_offsets([spot]))[spot], error)
        return Served(rest[-1] or b"", highwater)


def _records(spot: TopicPartition, batch: bytes, start: int) -> tuple[list[Record], int]:
    """The records of one batch from `start` on, all or none, and the offset behind it."""
    unpacking = PartitionRecords(spot, MemoryRecords(batch), [], start, None, None, True, READ_UNCOMMITTED)
    return list(unpacking), max(start, unpacking.next_fetch_offset)


def _damaged(spot: TopicPartition, served: Served, frame: Frame, after: int, last: int, why: str) -> Damaged:
    first = frame.base if frame.sound else after
    raw = served.data[frame.begin : frame.end]
    reason = (
        f"the batch of offsets {first} to {last} is damaged, {why}; here are its bytes as they lie in the log: {_CURE}"
    )
    millis = claimed_millis(served.data, frame, time.time_ns() // 1_000_000)
    refusal = RefusalError("damaged_batch", reason)
    return Damaged(spot.topic, spot.partition, first, last, millis, raw, refusal.code, refusal.reason)


def _not_served(spot: TopicPartition, first: int, last: int, error: int) -> Damaged:
    reason = f"the broker serves nothing of offsets {first} to {last} (error {error}), its log is damaged: {_CURE}"
    refusal = RefusalError("not_served", reason)
    return Damaged(spot.topic, spot.partition, first, last, 0, None, refusal.code, refusal.reason)

"""Recorded events in a range of topics on a broker, merged by the instants at which they were appended."""

import asyncio
import heapq
from collections.abc import AsyncIterator, Iterator, Sequence

from streams.backtest.passed import BacktestFault, Passed
from streams.broker.reader import Reader
from streams.broker.source import Spot
from streams.broker.topics import touchpoint_topics
from streams.operations.sweep import Stretch, Sweep
from streams.settings import Settings
from streams.touchpoints.record import Record

REKEYED = "touchpoints.rekeyed"
"""What workers hand to one another, read once more from where it came from."""
_ROWS = 1000


class Topics:
    """A Source over `names` (as docs/events.md calls them, or in full), from the first record appended at or after
    `start` (ms) up to, not including, `end`; None for the end of the logs as they are now.

    Raises BacktestFault for a topic that is not there, and what clients of Kafka raise.
    """

    ends_at = 0

    def __init__(self, settings: Settings, names: Sequence[str], start: int, end: int | None) -> None:
        self.name = ", ".join(names)
        self.done = 0
        self._settings = settings
        counts = {topic: n for topic, n in touchpoint_topics(settings).items() if topic != settings.topic(REKEYED)}
        topics = [settings.topic(name.removeprefix(f"{settings.prefix}.")) for name in dict.fromkeys(names)]
        missing = [topic for topic in topics if topic not in counts]
        if missing:
            known = ", ".join(sorted(counts)) or "a topic of touchpoints, of which there is none"
            raise BacktestFault(f"topic {', '.join(missing)}: not there; expected one of {known}")
        self.channels = {topic: topic.removeprefix(settings.topic("touchpoints.")) for topic in topics}
        spots = [(topic, partition) for topic in topics for partition in range(counts[topic])]
        self._stretches = asyncio.run(_stretches(settings, spots, start, end))
        self.total = self.events = sum(upto - first for first, upto in self._stretches.values())

    def __iter__(self) -> Iterator[Passed]:
        with asyncio.Runner() as runner:
            blocks = self._merged()
            while (block := runner.run(_next(blocks))) is not None:
                yield from block

    async def _merged(self) -> AsyncIterator[list[Passed]]:
        """The records of all partitions by append time, in blocks; of one instant by topic, partition, offset."""
        logs = [_log(self._settings, spot, stretch) for spot, stretch in sorted(self._stretches.items())]
        heads: list[tuple[int, int, Record]] = []
        for number, log in enumerate(logs):
            if (record := await anext(log, None)) is not None:
                heads.append((record.timestamp, number, record))
        heapq.heapify(heads)
        block: list[Passed] = []
        while heads:
            _, number, record = heads[0]
            block.append(_passed(record))
            self.done += 1
            if (following := await anext(logs[number], None)) is None:
                heapq.heappop(heads)
            else:
                heapq.heapreplace(heads, (following.timestamp, number, following))
            if len(block) >= _ROWS:
                yield block
                block = []
        yield block


async def _next(blocks: AsyncIterator[list[Passed]]) -> list[Passed] | None:
    return await anext(blocks, None)


async def _stretches(settings: Settings, spots: Sequence[Spot], start: int, end: int | None) -> dict[Spot, Stretch]:
    async with Sweep(settings.brokers) as sweep:
        bounds = await sweep.bounds(spots)
        begun = await sweep.since(bounds, start) if start else bounds
        ended = await sweep.since(bounds, end) if end is not None else {}
    ends = {spot: first for spot, (first, _) in ended.items()}
    found = {spot: (first, ends.get(spot, upto)) for spot, (first, upto) in begun.items()}
    return {spot: (first, upto) for spot, (first, upto) in found.items() if first < upto}


async def _log(settings: Settings, spot: Spot, stretch: Stretch) -> AsyncIterator[Record]:
    async with Reader(settings.brokers, *spot) as reader:
        async for records in reader.read(*stretch):
            for record in records:
                yield record


def _passed(record: Record) -> Passed:
    return Passed(
        record.topic, record.offset, record.value, record.timestamp,
        partition=record.partition, key=record.key, headers=record.headers, timestamp_type=record.timestamp_type,
    )  # fmt: skip

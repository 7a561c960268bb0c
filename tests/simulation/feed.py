"""A Source over the simulated broker: fetches come late, in pieces, and know of the log's end as of their own time."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from random import Random

from fakelog import Row
from simulation.broker import Broker
from simulation.virtual import Process

from streams.broker.source import Offer, Spot

FETCH_SECONDS = 0.02
"""The longest that a fetch takes."""


class Committed:
    """The offsets of the consumer group, whoever committed them."""

    def __init__(self) -> None:
        self.offsets: dict[Spot, int] = {}

    def take(self, offsets: Mapping[Spot, int]) -> None:
        """A commit."""
        self.offsets.update(offsets)


class Feed:
    """What one process reads of the log."""

    def __init__(self, broker: Broker, process: Process, group: Committed, random: Random, offer: Offer) -> None:
        self._broker = broker
        self._process = process
        self._group = group
        self._random = random
        self._offer = offer
        self._next: dict[Spot, int] = {}
        self._end: dict[Spot, int] = {}
        self._coming: set[Spot] = set()
        self._held: set[Spot] = set()
        broker.landed.append(self._landed)

    async def bounds(self, spots: Iterable[Spot]) -> dict[Spot, tuple[int, int]]:
        await asyncio.sleep(0)
        return {spot: (0, self._broker.end(*spot)) for spot in spots}

    async def committed(self, spots: Iterable[Spot]) -> dict[Spot, int]:
        await asyncio.sleep(0)
        return {spot: self._group.offsets[spot] for spot in spots if spot in self._group.offsets}

    def open(self, starts: Mapping[Spot, int]) -> None:
        self._next.update(starts)
        for spot in starts:
            self._end[spot] = 0
            self._fetch(spot)

    def close(self, spots: Iterable[Spot]) -> None:
        for spot in spots:
            self._next.pop(spot, None)
            self._held.discard(spot)

    def hold(self, spot: Spot) -> None:
        self._held.add(spot)

    def release(self, spot: Spot) -> None:
        self._held.discard(spot)
        if spot in self._next:
            self._fetch(spot)

    def unread(self, spot: Spot, upto: int) -> bool:
        return spot in self._next and self._next[spot] < max(self._end[spot], upto)

    def commit(self, offsets: Mapping[Spot, int]) -> None:
        if not self._process.dead:
            self._group.take(offsets)

    def _landed(self, topic: str, partition: int, rows: Sequence[Row]) -> None:
        if (topic, partition) in self._next:
            self._fetch((topic, partition))

    def _fetch(self, spot: Spot) -> None:
        if spot not in self._coming and not self._process.dead:
            self._coming.add(spot)
            seconds = self._random.random() * FETCH_SECONDS
            self._broker.loop.call_later(seconds, self._bring, spot, context=self._process.context)

    def _bring(self, spot: Spot) -> None:
        self._coming.discard(spot)
        if spot not in self._next or spot in self._held:
            return
        start, end = self._next[spot], self._broker.end(*spot)
        most = self._random.choice((1, 3, 50))
        rows = self._broker.rows[spot][start : start + most]
        self._end[spot] = end
        if rows:
            self._next[spot] = rows[-1].offset + 1
            self._offer(*spot, rows)
        if self._next[spot] < end:
            self._fetch(spot)

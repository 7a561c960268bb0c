"""A dispatcher's partitions of `actions` or `calls`: opened when assigned, taken side by side, committed in order."""

import asyncio
import logging
from collections import deque
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple, Protocol

from streams.broker.source import Source, Spot
from streams.dispatch.ahead import Ahead
from streams.dispatch.book import Book
from streams.touchpoints.record import Record

log = logging.getLogger("sillage.dispatcher")

HOLD_ROWS = 10_000
HOLD_BYTES = 32 << 20
"""Actions of one partition in hand, and their bytes, from which no more are fetched."""
STOP_SECONDS = 4.0
"""How long a stop waits for what was begun; a message that waits for Redis or its provider is given back then."""


class Take(NamedTuple):
    """A batch in hand: the offset behind it, its rows and their bytes, and the work on it."""

    offset: int
    rows: int
    size: int
    task: "asyncio.Task[None]"


class Taker(Protocol):
    """What works on batches; Dispatcher fits, and Caller of streams/calls."""

    async def take(self, partition: int, records: Sequence[Record]) -> None:
        """Returns when all is settled, so that the offset behind `records` may be committed."""
        ...


class Desk:
    """Owner of the partitions of `topic` that `assigned` names, fed by a Source through `offer`.

    Both of actions and of calls read ahead; one of calls needs no book.
    """

    def __init__(
        self, topic: str, dispatcher: Taker, book: Book | None = None, ahead: Ahead[Any] | None = None
    ) -> None:
        self.source: Source | None = None
        self._topic = topic
        self._dispatcher = dispatcher
        self._book = book
        self._ahead = ahead
        self._given: set[int] = set()
        self._member = False
        self._open: dict[int, deque[Take]] = {}
        self._changed = asyncio.Event()
        self._moved = asyncio.Event()
        self._held: set[int] = set()

    @property
    def ready(self) -> bool:
        """Whether the group has given partitions, or none, and each is open."""
        return self._member and set(self._open) == self._given

    def assigned(self, numbers: Iterable[int]) -> None:
        """The group gives these partitions, and no others."""
        self._given = set(numbers)
        self._member = True
        self._changed.set()
        self._moved.set()

    async def pause(self) -> None:
        """A rebalance begins: what is settled is told, so that it can be committed."""
        self._settle()

    def offer(self, topic: str, partition: int, rows: Sequence[Record]) -> None:
        """Rows of one partition, in order; dropped where it is not open."""
        takes = self._open.get(partition)
        if takes is None or topic != self._topic or not rows:
            return
        task = asyncio.create_task(self._dispatcher.take(partition, rows))
        task.add_done_callback(lambda _task: self._moved.set())
        size = sum(len(row.value or b"") for row in rows)
        takes.append(Take(rows[-1].offset + 1, len(rows), size, task))
        if _fills(takes) > 1:
            self._hold(partition)

    async def run(self) -> None:
        """Opens, closes and commits until cancelled. Raises what ended a take."""
        try:
            while True:
                await self._moved.wait()
                self._moved.clear()
                self._settle()
                if self._changed.is_set():
                    self._changed.clear()
                    await self._match()
        finally:
            await self._close(list(self._open))

    async def stop(self) -> None:
        """Takes no more; what was begun gets a few seconds to end, and what is settled is told."""
        self._given = set()
        self._member = False
        for number in self._open:
            self._hold(number)
        begun = [take.task for takes in self._open.values() for take in takes]
        if begun:
            await asyncio.wait(begun, timeout=STOP_SECONDS)
        self._settle()
        await self._close(list(self._open))

    async def _match(self) -> None:
        await self._close([number for number in self._open if number not in self._given])
        for number in sorted(self._given - set(self._open)):
            await self._open_one(number)

    async def _open_one(self, number: int) -> None:
        if self.source is None:
            raise RuntimeError("the desk was given partitions before its source; attach the source first")
        spot: Spot = (self._topic, number)
        if self._book is not None:
            await self._book.open(number)
        first, end = (await self.source.bounds([spot]))[spot]
        start = min(max((await self.source.committed([spot])).get(spot, first), first), end)
        if self._ahead is not None:
            self._ahead.open(number, start)
        self._open[number] = deque()
        self.source.open({spot: start})

    async def _close(self, numbers: Sequence[int]) -> None:
        tasks = []
        for number in numbers:
            tasks += [take.task for take in self._open.pop(number, ())]
            if self._ahead is not None:
                self._ahead.close(number)
            self._held.discard(number)
            if self.source is not None:
                self.source.close([(self._topic, number)])
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _settle(self) -> None:
        """Tells the source how far each partition is settled without a gap. Raises what ended a take."""
        for number, takes in self._open.items():
            upto = None
            while takes and takes[0].task.done():
                take = takes.popleft()
                take.task.result()
                upto = take.offset
            if upto is not None and self.source is not None:
                self.source.commit({(self._topic, number): upto})
                self._let_in(number, takes)

    def _hold(self, number: int) -> None:
        if self.source is not None:
            self._held.add(number)
            self.source.hold((self._topic, number))

    def _let_in(self, number: int, takes: Sequence[Take]) -> None:
        if number in self._held and _fills(takes) < 0.5 and self.source is not None:
            self._held.discard(number)
            self.source.release((self._topic, number))


def _fills(takes: Sequence[Take]) -> float:
    """How much of what may be in hand these are; more than 1 where it is too much."""
    return max(sum(take.rows for take in takes) / HOLD_ROWS, sum(take.size for take in takes) / HOLD_BYTES)

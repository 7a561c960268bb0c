"""A dispatcher's partitions of `actions` or `calls`: opened when assigned, taken side by side, committed in order."""

import asyncio
import logging
from collections import deque
from collections.abc import Iterable, Sequence
from functools import partial
from typing import Any, NamedTuple, Protocol

from streams.broker.source import Source, Spot
from streams.dispatch.ahead import Ahead
from streams.dispatch.book import Book
from streams.touchpoints.record import Record

log = logging.getLogger("sillage.dispatcher")

HOLD_ROWS = 10_000
HOLD_BYTES = 32 << 20
"""Actions of one partition in hand, and their bytes, from which no more are fetched; of what is parked there fewer."""
SPAN_ROWS = 20
"""So many times as many may lie between the first that is not settled and the last that was read."""
TAKE_ROWS = 200
"""Rows that are settled together: one that takes long keeps no more than these in memory, where few may be in hand a
third of them.
"""
STOP_SECONDS = 4.0
"""How long a stop waits for what was begun; a message that waits for Redis or its provider is given back then."""


class Take(NamedTuple):
    """A batch in hand: the offset behind it, its rows and their bytes, and the work on it."""

    offset: int
    rows: int
    size: int
    task: "asyncio.Task[None]"


class Hand:
    """What is in hand of one spot; counted as it comes and goes, for there may be thousands of takes."""

    def __init__(self) -> None:
        self.takes: deque[Take] = deque()
        self.rows = 0
        self.size = 0
        self.span = 0

    def add(self, take: Take) -> None:
        """One more, at work."""
        self.takes.append(take)
        self.rows += take.rows
        self.size += take.size
        self.span += take.rows

    def done(self, take: Take) -> None:
        """It is not at work any more, whatever lies before it."""
        self.rows -= take.rows
        self.size -= take.size

    def settled(self) -> int | None:
        """The offset up to which all is done, None for as before. Raises what ended a take."""
        upto = None
        while self.takes and self.takes[0].task.done():
            # One may have failed just now, and not have told so yet.
            self.takes[0].task.result()
            take = self.takes.popleft()
            self.span -= take.rows
            upto = take.offset
        return upto


class Taker(Protocol):
    """What works on batches; Dispatcher fits, and Caller of streams/calls."""

    async def take(self, partition: int, records: Sequence[Record]) -> None:
        """Returns when all is settled, so that the offset behind `records` may be committed."""
        ...


class Parked(Protocol):
    """Topics that are read beside the one of the desk; Parking fits."""

    @property
    def topics(self) -> Sequence[str]: ...
    def opened(self, spot: Spot, start: int, end: int) -> None: ...
    def settled(self, spot: Spot, upto: int) -> None: ...

    def room(self, topic: str, partition: int) -> int:
        """Rows of it that may be in hand."""
        ...


class Desk:
    """Owner of the partitions of `topic` that `assigned` names, fed by a Source through `offer`.

    Both of actions and of calls read ahead; one of calls needs no book. What is `parked` on a partition is read by
    whoever owns that.
    """

    def __init__(
        self,
        topic: str,
        dispatcher: Taker,
        book: Book | None = None,
        ahead: Ahead[Any] | None = None,
        parked: Parked | None = None,
    ) -> None:
        self.source: Source | None = None
        self._topic = topic
        self._parked = parked
        self._topics = [topic, *(() if parked is None else parked.topics)]
        self._dispatcher = dispatcher
        self._book = book
        self._ahead = ahead
        self._given: set[int] = set()
        self._member = False
        self._open: set[int] = set()
        self._hands: dict[Spot, Hand] = {}
        self._touched: set[Spot] = set()
        self._changed = asyncio.Event()
        self._moved = asyncio.Event()
        self._held: set[Spot] = set()
        self._fault: BaseException | None = None

    @property
    def ready(self) -> bool:
        """Whether the group has given partitions, or none, and each is open."""
        return self._member and self._open == self._given

    def assigned(self, numbers: Iterable[int]) -> None:
        """The group gives these partitions, and no others."""
        self._given = set(numbers)
        self._member = True
        self._changed.set()
        self._moved.set()

    async def pause(self) -> None:
        """A rebalance begins: what is settled is told, so that it can be committed."""
        self._settle(all_=True)

    def offer(self, topic: str, partition: int, rows: Sequence[Record]) -> None:
        """Rows of one partition, in order; dropped where it is not open."""
        spot = (topic, partition)
        hand = self._hands.get(spot)
        if hand is None:
            return
        together = max(1, min(TAKE_ROWS, self._room(spot) // 3))
        for first in range(0, len(rows), together):
            some = rows[first : first + together]
            task = asyncio.create_task(self._dispatcher.take(partition, some))
            take = Take(some[-1].offset + 1, len(some), sum(len(row.value or b"") for row in some), task)
            hand.add(take)
            task.add_done_callback(partial(self._ended, spot, hand, take))
        if self._fills(spot, hand) > 1:
            self._hold(spot)

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
        for spot in self._hands:
            self._hold(spot)
        begun = [take.task for hand in self._hands.values() for take in hand.takes]
        if begun:
            await asyncio.wait(begun, timeout=STOP_SECONDS)
        self._settle(all_=True)
        await self._close(list(self._open))

    def _ended(self, spot: Spot, hand: Hand, take: Take, task: "asyncio.Task[None]") -> None:
        """A fault is told at once, whatever lies before it still."""
        hand.done(take)
        self._touched.add(spot)
        if not task.cancelled() and self._fault is None:
            self._fault = task.exception()
        self._moved.set()

    async def _match(self) -> None:
        await self._close([number for number in self._open if number not in self._given])
        for number in sorted(self._given - self._open):
            await self._open_one(number)

    async def _open_one(self, number: int) -> None:
        if self.source is None:
            raise RuntimeError("the desk was given partitions before its source; attach the source first")
        if self._book is not None:
            await self._book.open(number)
        spots = [(topic, number) for topic in self._topics]
        bounds, committed = await self.source.bounds(spots), await self.source.committed(spots)
        starts = {spot: min(max(committed.get(spot, first), first), end) for spot, (first, end) in bounds.items()}
        if self._ahead is not None:
            self._ahead.open(number, starts[self._topic, number])
        self._open.add(number)
        for spot, start in starts.items():
            self._hands[spot] = Hand()
            if self._parked is not None and spot[0] != self._topic:
                self._parked.opened(spot, start, bounds[spot][1])
        self.source.open(starts)

    async def _close(self, numbers: Sequence[int]) -> None:
        tasks = []
        for number in numbers:
            spots = [(topic, number) for topic in self._topics]
            tasks += [take.task for spot in spots for take in self._hands.pop(spot, Hand()).takes]
            self._open.discard(number)
            if self._ahead is not None:
                self._ahead.close(number)
            self._held -= set(spots)
            if self.source is not None:
                self.source.close(spots)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _settle(self, *, all_: bool = False) -> None:
        """Tells the source how far each partition is settled without a gap: those where a take has told its end, or
        `all_`. Raises what ended a take.
        """
        if self._fault is not None:
            raise self._fault
        touched, self._touched = self._touched, set()
        for spot in self._hands if all_ else touched & self._hands.keys():
            hand = self._hands[spot]
            upto = hand.settled()
            if upto is not None and self.source is not None:
                self.source.commit({spot: upto})
                if self._parked is not None:
                    self._parked.settled(spot, upto)
            self._let_in(spot, hand)

    def _hold(self, spot: Spot) -> None:
        if self.source is not None:
            self._held.add(spot)
            self.source.hold(spot)

    def _let_in(self, spot: Spot, hand: Hand) -> None:
        if spot in self._held and self._fills(spot, hand) < 0.5 and self.source is not None:
            self._held.discard(spot)
            self.source.release(spot)

    def _fills(self, spot: Spot, hand: Hand) -> float:
        """How much of what may be in hand these are; more than 1 where it is too much."""
        most = self._room(spot)
        return max(hand.rows / most, hand.size * HOLD_ROWS / most / HOLD_BYTES, hand.span / (most * SPAN_ROWS))

    def _room(self, spot: Spot) -> int:
        return HOLD_ROWS if self._parked is None or spot[0] == self._topic else self._parked.room(*spot)

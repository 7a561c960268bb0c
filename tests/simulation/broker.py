"""A broker whose network is in the schedule's hand: what lands, when, and what its sender hears of it."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from typing import NamedTuple

from fakelog import FakeLog, Row
from simulation.virtual import Loop, Process

from state.changelog import POSITIONS, Fold
from streams.broker.publish import Connection, Out, PublishError
from streams.broker.source import Spot

LIMIT_SECONDS = 1.0
"""How long a client waits for an answer."""

READ_ROWS = 40
"""Rows of one batch of a reading."""

Landed = Callable[[str, int, Sequence[Row]], None]


class Fate(NamedTuple):
    """What becomes of one request: `wait` seconds until it is sent, so long can its sender think better of it; `land`
    seconds until it is in the log, None where it is lost on the way; `answer` seconds more until its sender hears of
    it, None where the answer is lost; `whole` is false where only a part lands, `offset` where the answer does not say
    where.
    """

    land: float | None = 0.002
    answer: float | None = 0.002
    whole: bool = True
    offset: bool = True
    wait: float = 0.0


Fates = Callable[[Process, str, int, Sequence[Out]], Fate]


class Broker(FakeLog):
    """The log of all topics. `landed` hears of whatever lands; `history` keeps what compaction takes away."""

    def __init__(self, loop: Loop, world: Process, epoch_ms: int) -> None:
        super().__init__()
        self.loop = loop
        self.world = world
        self.landed: list[Landed] = []
        self.faults: Counter[str] = Counter()
        self.history: dict[Spot, list[Row]] = {}
        self._epoch_ms = epoch_ms
        self._folds: dict[Spot, Fold] = {}
        self._durable: dict[Spot, list[int]] = {}
        self._cut: dict[Spot, int] = {}

    def land(self, topic: str, partition: int, records: Sequence[Out]) -> int:
        self.now = self._epoch_ms + int(self.loop.now * 1000)
        base = super().land(topic, partition, records)
        rows = self.rows[topic, partition][-len(records) :]
        if topic.endswith("state"):
            self._remember((topic, partition), rows)
        for hear in self.landed:
            hear(topic, partition, rows)
        return base

    def fold(self, spot: Spot) -> Fold:
        """What the changelog says when nothing was compacted."""
        return self._folds.setdefault(spot, Fold())

    async def read(self, topic: str, partition: int, start: int, end: int) -> AsyncIterator[Sequence[Row]]:
        """In several batches, between which the log may be compacted."""
        at = start
        while at < end:
            await asyncio.sleep(0)
            found = [row for row in self.rows[topic, partition] if at <= row.offset < end][:READ_ROWS]
            if found:
                yield found
            at = found[-1].offset + 1 if found else end

    def _remember(self, spot: Spot, rows: Sequence[Row]) -> None:
        self.history.setdefault(spot, []).extend(rows)
        fold, durable = self.fold(spot), self._durable.setdefault(spot, [])
        for row in rows:
            marker = fold.mark.marker
            fold.feed(row.offset, row.key or b"", row.value or b"")
            if fold.mark.marker != marker:
                durable.clear()
            elif row.key == POSITIONS and fold.mark.positions_offset == row.offset:
                durable.append(row.offset)
                self._cut[spot] = durable[-2] if len(durable) > 1 else self._cut.get(spot, 0)

    def compactable(self, spot: Spot) -> int:
        """How far the cleaner may go now: behind the lag of docs/protocol.md 1.1, cut to the bone.

        The lag is longer than a partition is without an owner plus its idle period, so that an owner has met and healed
        whatever may go. That is so before an owner's last positions but one: those before them told it of the gap.
        """
        return self._cut.get(spot, 0)

    def clean(self, spot: Spot) -> None:
        """Compacts as far as it may."""
        self.faults["compaction"] += bool(self.compact(*spot, self.compactable(spot)))


class Request:
    """One append on its way."""

    __slots__ = ("fate", "future", "landed", "lost", "records", "spot")

    def __init__(self, spot: Spot, records: Sequence[Out], fate: Fate, future: asyncio.Future[int]) -> None:
        self.spot = spot
        self.records = records
        self.fate = fate
        self.future = future
        self.lost = fate.land is None
        self.landed = False


class Session(Connection):
    """A Connection: one producer session of `process`, whose requests of one spot land in order, as idempotent ones do.

    Behind a request that was lost none of the same spot lands any more.
    """

    def __init__(self, broker: Broker, process: Process, fates: Fates) -> None:
        self.flying: list[Request] = []
        self._broker = broker
        self._process = process
        self._fates = fates
        self._last: dict[Spot, float] = {}
        self._broken: set[Spot] = set()

    async def start(self) -> None:
        await asyncio.sleep(0)

    async def stop(self) -> None:
        """What is on its way stays on its way."""
        await asyncio.sleep(0)

    async def broker_answers(self) -> bool:
        return True

    async def append(self, topic: str, partition: int, records: Sequence[Out]) -> int:
        if self._process.dead:
            raise PublishError(f"{self._process.name} is dead")
        spot, loop = (topic, partition), self._broker.loop
        fate = self._fates(self._process, topic, partition, records)
        if fate.wait:
            await asyncio.wait([loop.create_future()], timeout=fate.wait)
        request = Request(spot, list(records), fate, loop.create_future())
        self.flying.append(request)
        lands_at = max(loop.now + (fate.land or 0.0), self._last.get(spot, 0.0))
        self._last[spot] = lands_at
        world = self._broker.world.context
        loop.call_at(lands_at, self._land, request, context=world)
        if fate.answer is None or request.lost or lands_at + fate.answer > loop.now + LIMIT_SECONDS:
            loop.call_at(loop.now + LIMIT_SECONDS, _refuse, request, "no answer", context=world)
        return await request.future

    def lose(self, whether: Callable[[], bool]) -> None:
        """The process died: each request that is not in the log yet may be lost."""
        for request in self.flying:
            request.lost = request.lost or whether()

    def _land(self, request: Request) -> None:
        self.flying.remove(request)
        fate, spot = request.fate, request.spot
        if request.lost:
            self._broken.add(spot)
            if fate.land is not None:
                _refuse(request, "its sender died")
            return
        if spot in self._broken:
            _refuse(request, "out of order")
            return
        records = request.records if fate.whole else request.records[: len(request.records) // 2]
        base = self._broker.land(*spot, records) if records else 0
        if not fate.whole:
            self._broken.add(spot)
        if fate.answer is not None:
            when, world = self._broker.loop.now + fate.answer, self._broker.world.context
            if fate.whole and fate.offset:
                self._broker.loop.call_at(when, _acknowledge, request, base, context=world)
            else:
                self._broker.loop.call_at(when, _refuse, request, "no offset", context=world)


def _acknowledge(request: Request, base: int) -> None:
    if not request.future.done():
        request.future.set_result(base)


def _refuse(request: Request, why: str) -> None:
    if not request.future.done():
        request.future.set_exception(PublishError(f"{request.spot[0]}/{request.spot[1]}: {why}"))

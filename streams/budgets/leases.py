"""The leases of a worker: asked by decisions at once, drawn and given back in the background (docs/budgets.md)."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Container, Iterable, Sequence
from contextlib import suppress
from itertools import count
from typing import NamedTuple

from aiokafka.errors import KafkaError

from engine.budgets import AWAITED, AWAY
from engine.customer import Drawn
from state.budgets import Answer, CountAway, NeedsShares, Share, SharedCount, Want, together
from streams.broker.publish import PublishError
from streams.budgets.lease import IDLE_SECONDS, PART, Lease

log = logging.getLogger("sillage.budgets")

PASS_SECONDS = 1.0
STOP_SECONDS = 5.0
FAULTS = (CountAway, NeedsShares, PublishError, KafkaError, OSError)
"""What a pass may meet; the next one begins where this one ended."""


class Kept(NamedTuple):
    """The topic `budgets`: appends rows durably, and reads all of it to the end seen at the start."""

    append: Callable[[Sequence[Share]], Awaitable[None]]
    read: Callable[[], AsyncIterator[Sequence[Share]]]


class Now(NamedTuple):
    """A budget and period that is spent from now, or very soon."""

    name: str
    journey: str
    limit: int


class Told(NamedTuple):
    """What metrics hear: how much of a journey's budget nobody has drawn yet, of 1; and how many leases were drawn."""

    left: Callable[[str, float], None] = lambda _journey, _ratio: None
    drawn: Callable[[int], None] = lambda _count: None


UNTOLD = Told()
"""Nobody hears."""


class Leases:
    """Budgets of the engine, by leases of `shared`. `process` names this one; no other has the name, ever.

    `now` gives the budgets that leases are held of before anybody asks; `part` is that of a lease. Without any,
    and where nobody asks, nothing is opened, asked or written.
    """

    def __init__(
        self,
        process: str,
        shared: SharedCount,
        kept: Kept,
        now: Callable[[], Iterable[Now]] = lambda: (),
        told: Told = UNTOLD,
        part: int = PART,
    ) -> None:
        self._process = process
        self._shared = shared
        self._kept = kept
        self._now = now
        self._told = told
        self._part = part
        self._leases: dict[str, Lease] = {}
        self._numbers = count(1)
        self._wake = asyncio.Event()
        self._away = False
        self._stopped = False
        self._passing = asyncio.Lock()

    def take(self, name: str, units: int, limit: int) -> str:
        if self._stopped:
            return AWAY
        lease = self._lease(name, limit)
        why = lease.take(units, limit)
        if not self._away and (why == AWAITED or lease.low):
            self._wake.set()
        return AWAY if why == AWAITED and self._away else why

    def give_back(self, drawn: Drawn) -> None:
        """What was taken for a message that never left, and never will, may be spent again.

        Only once nothing can make the decision that says so be taken again (docs/budgets.md).
        """
        self._lease(drawn.name, 0).free += drawn.units

    async def run(self) -> None:
        """Tends the leases until cancelled: each second, and where more is wanted than is at hand."""
        seconds = asyncio.get_running_loop().time
        ticked = seconds()
        while True:
            self._wake.clear()
            tick = seconds() - ticked >= PASS_SECONDS
            if tick:
                ticked = seconds()
            await self.tend(tick=tick)
            with suppress(TimeoutError):
                async with asyncio.timeout(PASS_SECONDS):
                    await self._wake.wait()

    async def stop(self) -> None:
        """Spends nothing more, and gives back all that is unspent, within a few seconds."""
        self._stopped = True
        if not any(lease.free for lease in self._leases.values()):
            return
        with suppress(TimeoutError, *FAULTS):
            async with asyncio.timeout(STOP_SECONDS), self._passing:
                await self._return([(lease, lease.free) for lease in self._leases.values() if lease.free])

    async def tend(self, *, tick: bool = True) -> None:
        """One pass: what is too much is given back, what is lacking is drawn; with `tick` a second went by."""
        if tick:
            for lease in self._leases.values():
                lease.tick()
        try:
            async with self._passing:
                if not self._stopped:
                    await self._pass()
        except FAULTS as fault:
            self._mark(fault)
        else:
            self._mark(None)

    def _lease(self, name: str, limit: int) -> Lease:
        lease = self._leases.get(name)
        if lease is None:
            # A holder is never used for a second lease: the count could take what the first one spent for unspent.
            lease = self._leases[name] = Lease(name, self._holder(), limit, part=self._part)
        return lease

    def _holder(self) -> str:
        return f"{self._process}-{next(self._numbers)}"

    async def _pass(self) -> None:
        current = {each.name: each for each in self._now()}
        for each in current.values():
            self._lease(each.name, each.limit).limit = each.limit
        if not self._leases:
            return
        for lease in list(self._leases.values()):
            if lease.idle > IDLE_SECONDS and not lease.free and lease.name not in current:
                del self._leases[lease.name]
        returns = [(lease, more) for lease in self._leases.values() if (more := lease.surplus(lease.name in current))]
        if returns:
            await self._return(returns)
        await self._draw([lease for lease in self._leases.values() if lease.limit], current)
        for name, each in current.items():
            if name in self._leases:
                self._told.left(each.journey, max(0, self._leases[name].left) / each.limit)

    async def _return(self, returns: Sequence[tuple[Lease, int]]) -> None:
        """First durable, then in the count: the other way round, a refill between would count it as drawn for ever."""
        wants = [lease.lower(units) for lease, units in returns]
        await self._keep([(lease, lease.share) for lease, _ in returns], wants)
        await self._move(wants)

    async def _draw(self, leases: Sequence[Lease], current: Container[str]) -> None:
        """First in the count, then durable, and usable only where the count is the same still behind that."""
        if not leases:
            return
        generation, answers = await self._move([lease.want(lease.name in current) for lease in leases])
        shares = [(lease, lease.hear(answer)) for lease, answer in zip(leases, answers, strict=True)]
        grown = [(lease, share) for lease, share in shares if share > lease.share]
        if not grown:
            return
        await self._keep(grown, [lease.undrawn(share) for lease, share in grown])
        if (await self._shared.move([]))[0] != generation:
            raise NeedsShares
        for lease, share in grown:
            lease.grow(share)
        self._told.drawn(len(grown))

    async def _keep(self, shares: Sequence[tuple[Lease, int]], otherwise: Sequence[Want]) -> None:
        """Makes shares durable. Where it is not known whether they are, the count follows `otherwise`.

        Such a write may still land, late and behind others, so that nothing more is written under its holders.
        """
        try:
            await self._kept.append([Share(lease.name, lease.holder, share) for lease, share in shares])
        except PublishError:
            for lease, _ in shares:
                lease.renamed(self._holder())
            await self._shared.move(otherwise)
            raise

    async def _move(self, wants: Sequence[Want]) -> tuple[str, list[Answer]]:
        while True:
            try:
                return await self._shared.move(wants)
            except NeedsShares:
                await self._refill()

    async def _refill(self) -> None:
        mark = await self._shared.begin()
        rows = [row async for several in self._kept.read() for row in several]
        with suppress(NeedsShares):
            await self._shared.fill(mark, together(rows))

    def _mark(self, fault: Exception | None) -> None:
        away = isinstance(fault, CountAway | PublishError | KafkaError | OSError)
        if away != self._away:
            self._away = away
            if away:
                log.warning("%s; what a budget pays for waits until it does, nothing is spent", fault)
            else:
                log.warning("the count of budgets answers again")

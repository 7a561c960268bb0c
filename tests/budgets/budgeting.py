"""A shared count and a topic in memory, whose every request a schedule may hold, lose or answer late, and a fleet."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import suppress
from typing import TypeVar

from state.budgets import Answer, CountAway, NeedsShares, Share, Want
from streams.broker.publish import PublishError
from streams.budgets.leases import Kept, Leases, Now

T = TypeVar("T")


class MemoryCount:
    """The shared count as one value. `lose` is what a restart or a flush of Redis does."""

    def __init__(self) -> None:
        self.counts: dict[str, int] = {}
        self._marks: set[str] = set()
        self._generation = ""
        self._numbers = 0

    def lose(self) -> None:
        self.counts, self._marks, self._generation = {}, set(), ""

    def do(self, wants: Sequence[Want]) -> tuple[str, list[Answer]]:
        if not self._generation:
            raise NeedsShares
        return self._generation, [self._moved(want) for want in wants]

    async def move(self, wants: Sequence[Want]) -> tuple[str, list[Answer]]:
        return self.do(wants)

    async def begin(self) -> str:
        self._numbers += 1
        self._marks.add(mark := str(self._numbers))
        return mark

    async def fill(self, mark: str, counts: Mapping[str, int]) -> None:
        if mark not in self._marks:
            raise NeedsShares
        self._marks.discard(mark)
        if not self._generation:
            self.counts, self._numbers = dict(counts), self._numbers + 1
            self._generation = f"g{self._numbers}"

    def _moved(self, want: Want) -> Answer:
        own = f"{want.name}|{want.holder}"
        share, drawn = self.counts.get(own, 0), self.counts.get(want.name, 0)
        if share < want.have:
            share, drawn = want.have, drawn + want.have - share
        if share == want.have:
            more = want.want - want.have
            more = max(0, min(more, want.limit - drawn)) if more > 0 else more
            share, drawn = share + more, drawn + more
        self.counts |= {own: share, want.name: drawn}
        return Answer(share, drawn)


class House:
    """The count and the topic; what was asked of them waits in `waiting` until it is let through or lost."""

    def __init__(self) -> None:
        self.count = MemoryCount()
        self.rows: list[Share] = []
        self.waiting: list[asyncio.Future[str]] = []
        self.late: list[list[Share]] = []

    async def gate(self) -> str:
        """Waits for the schedule: `go`, `lost` before it is done, or `unanswered` behind that."""
        turn: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self.waiting.append(turn)
        return await turn

    async def move(self, wants: Sequence[Want]) -> tuple[str, list[Answer]]:
        fate = await self.gate()
        if fate == "lost":
            raise CountAway("lost")
        answer = self.count.do(wants)
        if fate == "unanswered":
            raise CountAway("unanswered")
        await self.gate()
        return answer

    async def begin(self) -> str:
        await self.gate()
        return await self.count.begin()

    async def fill(self, mark: str, counts: Mapping[str, int]) -> None:
        await self.gate()
        await self.count.fill(mark, counts)

    async def append(self, rows: Sequence[Share]) -> None:
        fate = await self.gate()
        if fate == "lost":
            # Its fate is unknown, so that it may land yet, behind whatever is written meanwhile.
            self.late.append(list(rows))
            raise PublishError("unknown")
        self.rows += rows
        await self.gate()
        if fate == "unanswered":
            raise PublishError("unanswered")

    async def read(self) -> AsyncIterator[Sequence[Share]]:
        await self.gate()
        rows = list(self.rows)
        await self.gate()
        yield rows

    def land(self) -> None:
        """The oldest write of unknown fate lands."""
        if self.late:
            self.rows += self.late.pop(0)


class Fleet:
    """Workers that spend one budget: `spent` is what all of them ever took, less what was given back."""

    def __init__(self, limit: int, workers: int, part: int = 2, name: str = "b/messages/ever") -> None:
        self.house = House()
        self.limit, self.part, self.name = limit, part, name
        self.spent = self.given = 0
        self.workers: list[tuple[Leases, asyncio.Task[None]]] = []
        self._numbers = 0
        for _ in range(workers):
            self.start()

    def start(self) -> None:
        self._numbers += 1
        kept = Kept(self.house.append, self.house.read)
        now = [Now(self.name, "b", self.limit)]
        leases = Leases(f"w{self._numbers}", self.house, kept, lambda: now, part=self.part)
        self.workers.append((leases, asyncio.create_task(self._tend(leases))))

    def take(self, worker: int) -> str:
        why = self.workers[worker % len(self.workers)][0].take(self.name, 1, self.limit)
        self.spent += not why
        return why

    def kill(self, worker: int) -> None:
        """It ends between two awaits: whatever it holds is gone."""
        _, task = self.workers.pop(worker % len(self.workers))
        task.cancel()
        self.start()

    async def let(self, place: int, fate: str) -> None:
        """One waiting request goes on."""
        await settled()
        self.house.waiting = [turn for turn in self.house.waiting if not turn.done()]
        if self.house.waiting:
            self.house.waiting.pop(place % len(self.house.waiting)).set_result(fate)
        await settled()

    async def quiet(self, rounds: int = 400) -> None:
        """All that waits goes through, and what follows from it."""
        for _ in range(rounds):
            await self.let(0, "go")

    async def end(self) -> None:
        for _, task in self.workers:
            task.cancel()
        await asyncio.gather(*(task for _, task in self.workers), return_exceptions=True)

    async def _tend(self, leases: Leases) -> None:
        with suppress(asyncio.CancelledError):
            while True:
                await leases.tend()
                await self.house.gate()


async def settled() -> None:
    """Every task goes on as far as it can."""
    for _ in range(12):
        await asyncio.sleep(0)

"""Serving the errands of one take that go to one provider: a round for each lot of places, until all are settled."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import NamedTuple

from streams.dispatch.errand import Errand, Patience
from streams.dispatch.provider import Place, Provider

Try = Callable[[Provider, Sequence[Errand], Sequence[Place]], Awaitable[set[str]]]
"""One round: gives the ids that are settled now; each of the others was put off."""
Park = Callable[[Sequence[Errand]], Awaitable[None]]
"""Puts errands where they wait for their provider, durably."""


class Again(NamedTuple):
    """What is asked of those that were parked: whether they keep others from being read, and whether one is refused."""

    crowded: Callable[[], bool]
    over: Callable[[Errand], bool]


class Serving:
    """Errands of one take, all for `provider` and all critical or none. `park` is None for those that cannot be parked;
    `may_park` says whether that is what they need now. Those that are parked already are parked again where they wait
    so long that they would be in the way of what lies behind them, and refused without a place; only they have `again`.
    """

    def __init__(
        self,
        provider: Provider,
        errands: Iterable[Errand],
        try_: Try,
        patience: Patience,
        park: Park | None,
        may_park: Callable[[], bool],
        again: Again | None = None,
    ) -> None:
        self._provider = provider
        self._began_at = now = self._now()
        self._fresh: deque[Errand] = deque()
        self._later: list[Errand] = []
        for errand in errands:
            (self._later if errand.ready_at > now else self._fresh).append(errand)
        self._critical = any(errand.critical for errand in (*self._fresh, *self._later))
        self._try = try_
        self._patience = patience
        self._park = park
        self._may_park = may_park
        self._again = again
        self._look_at = now
        self._rounds: dict[asyncio.Task[set[str]], tuple[list[Errand], list[Place]]] = {}
        self._entering: asyncio.Task[list[Place]] | None = None

    async def run(self) -> None:
        """Returns when each errand is settled or parked. Raises what a round raises."""
        try:
            while self._fresh or self._later or self._rounds:
                self._refuse_some()
                await self._park_some()
                self._enter()
                await self._something()
                self._begin()
                for task in [task for task in self._rounds if task.done()]:
                    errands, places = self._rounds.pop(task)
                    _leave(places)
                    settled = task.result()
                    self._later += [errand for errand in errands if errand.action.id not in settled]
        finally:
            await self._give_up()

    def _enter(self) -> None:
        """Queues for places where any errand may be tried."""
        wanted = len(self._fresh) + sum(errand.ready_at <= self._now() for errand in self._later)
        if wanted and self._entering is None:
            entering = self._provider.enter(min(wanted, self._patience.slice_), critical=self._critical)
            self._entering = asyncio.create_task(entering)

    def _begin(self) -> None:
        """Begins a round with the places that were given."""
        if self._entering is None or not self._entering.done():
            return
        places, self._entering = self._entering.result(), None
        ready = self._slice(len(places))
        _leave(places[len(ready) :])
        if ready:
            task = asyncio.ensure_future(self._try(self._provider, ready, places[: len(ready)]))
            self._rounds[task] = ready, places

    def _slice(self, size: int) -> list[Errand]:
        """The next so many: first those put off that are ready again, then fresh ones. While the provider is away it is
        the other way round: one that it never takes would use up each try, and keep all behind it waiting.
        """
        now = self._now()
        away = self._provider.away
        again = [errand for errand in self._later if errand.ready_at <= now]
        again = again[: max(0, size - len(self._fresh)) if away else size]
        # There may be a thousand fresh ones and a place at a time: each costs what is taken, not what is left.
        fresh = [self._fresh.popleft() for _ in range(min(len(self._fresh), size - len(again)))]
        if again:
            self._take_out(again)
        return [*fresh, *again] if away else [*again, *fresh]

    async def _something(self) -> None:
        """Waits until a round ends, places are there, or an errand put off is ready, or to be parked."""
        now = self._now()
        moments = [errand.ready_at for errand in self._later if errand.ready_at > now]
        if self._again is not None:
            # Each of thousands looks, so it does not often.
            moments.append(max(self._began_at + self._patience.again_seconds, now + self._patience.again_seconds / 2))
        elif self._park is not None and self._entering is not None:
            moments.append(max(self._began_at + self._patience.park_seconds, now + self._patience.park_seconds / 8))
        waited = [*self._rounds, *([self._entering] if self._entering else [])]
        seconds = max(0.0, min(moments) - now) if moments else None
        if waited:
            await asyncio.wait(waited, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        elif seconds:
            await asyncio.sleep(seconds)

    def _refuse_some(self) -> None:
        """A round for those that shall not leave: they wait for no place, but are looked at only now and then."""
        now = self._now()
        if self._again is None or now < self._look_at:
            return
        self._look_at = now + self._patience.again_seconds / 2
        self._try_without_places([errand for errand in (*self._later, *self._fresh) if self._again.over(errand)])

    def _clear_up(self, doubtful: Sequence[Errand]) -> None:
        """Whoever reads what is parked has a token of their own: a reserve of ours would be a stranger's to them, whose
        message is given up. So the ledger is asked once more, and what it reserves without a place is given back.
        """
        self._try_without_places([errand for errand in doubtful if errand.ready_at <= self._now()])

    def _try_without_places(self, errands: list[Errand]) -> None:
        if errands:
            self._take_out(errands)
            self._rounds[asyncio.ensure_future(self._try(self._provider, errands, []))] = errands, []

    def _take_out(self, errands: Sequence[Errand]) -> None:
        out = {id(errand) for errand in errands}
        self._later = [errand for errand in self._later if id(errand) not in out]
        self._fresh = deque(errand for errand in self._fresh if id(errand) not in out)

    async def _park_some(self) -> None:
        """Parks those that wait long for their provider, or will."""
        if self._park is None or not self._may_park():
            return
        some = self._without_room() if self._again is None else self._in_the_way(self._again.crowded())
        doubtful = [errand for errand in some if errand.doubtful]
        some = [errand for errand in some if not errand.doubtful]
        self._take_out(some)
        self._clear_up(doubtful)
        if not self._fresh and not self._later:
            await self._stop_entering()
        if some:
            await self._park(some)

    def _without_room(self) -> list[Errand]:
        now, patience = self._now(), self._patience
        patience_seconds = patience.busy_seconds if self._provider.answering else patience.park_seconds
        if self._provider.away or now - self._began_at >= patience_seconds:
            return [*self._later, *self._fresh]
        return [errand for errand in self._later if errand.ready_at > now + patience.park_seconds]

    def _in_the_way(self, crowded: bool) -> list[Errand]:
        now, seconds = self._now(), self._patience.again_seconds
        if now - self._began_at < seconds:
            return []
        # While the provider does not answer, a few in hand keep all others from being read; some of these were tried.
        if crowded or (self._later and not self._rounds and not self._provider.lively):
            return [*self._later, *self._fresh]
        return [errand for errand in self._later if errand.ready_at > now + seconds]

    async def _stop_entering(self) -> None:
        entering, self._entering = self._entering, None
        if entering is None:
            return
        entering.cancel()
        await asyncio.wait([entering])
        if not entering.cancelled() and entering.exception() is None:
            _leave(entering.result())

    async def _give_up(self) -> None:
        """Ends what runs; nothing does where all is settled."""
        for task in self._rounds:
            task.cancel()
        await self._stop_entering()
        if self._rounds:
            await asyncio.wait(self._rounds)
        for _, places in self._rounds.values():
            _leave(places)

    def _now(self) -> float:
        return asyncio.get_running_loop().time()


def _leave(places: Iterable[Place]) -> None:
    """Those that were used were left when it was known what came of it."""
    for place in places:
        place.leave(None)

"""A provider as one dispatcher sees it: its places, its rate, its breaker, and who waits for them, critical first."""

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from itertools import chain
from typing import NamedTuple

from channels.limits import NONE, Limits
from state.rates import Rates
from streams.calls.breaker import FIRST_SECONDS, Breaker, State
from streams.dispatch.pace import Instant, Pace

log = logging.getLogger("sillage.dispatcher")

GATHER_SECONDS = 0.01
"""A moment's wait while few places are free, so that several actions are reserved in one go."""


class Place:
    """One place at a provider, to be used at an instant, and left once."""

    __slots__ = ("_instant", "_left", "_provider")

    def __init__(self, provider: "Provider", instant: Instant) -> None:
        self._provider = provider
        self._left = False
        self._instant = instant

    async def its_time(self) -> None:
        """Waits for its instant; where that is long past, for another one."""
        await self._provider.wait_for(self._instant)

    def leave(self, healthy: bool | None) -> None:
        """The provider answered or failed, or nothing is known of it. A second time nothing happens."""
        if not self._left:
            self._left = True
            self._provider.left(healthy)


class _Waiter(NamedTuple):
    wanted: int
    places: "asyncio.Future[list[Place]]"


class Provider:
    """Who waits gets places in order, all that is critical before the rest. `on_away` hears whether the breaker keeps
    hand-overs back. Without Redis (`rates`) the rate is kept by this process alone.
    """

    def __init__(
        self,
        name: str,
        limits: Limits = NONE,
        rates: Rates | None = None,
        on_away: Callable[[str, bool], None] = lambda _name, _away: None,
        breaker_seconds: float = FIRST_SECONDS,
    ) -> None:
        self.name = name
        self.limits = limits
        self._pace = Pace(name, limits.per_second, rates)
        self._on_away = on_away
        self._breaker = Breaker(breaker_seconds)
        self._free = limits.parallel
        self._answered_at = float("-inf")
        self._critical: deque[_Waiter] = deque()
        self._others: deque[_Waiter] = deque()
        self._critical_tried = False
        self._moved = asyncio.Event()
        self._giving: asyncio.Task[None] | None = None
        on_away(name, False)

    @property
    def channel(self) -> str:
        """The channel that it is behind: its name, up to which of several it is."""
        return self.name.partition("/")[0]

    @property
    def answering(self) -> bool:
        """Whether it answers, and as fast as it may: who waits for it now has its turn before long."""
        return not self.limits.per_second and self.lively

    @property
    def lively(self) -> bool:
        """Whether it answered within the last second."""
        return asyncio.get_running_loop().time() - self._answered_at < 1.0

    @property
    def away(self) -> bool:
        """Whether the breaker keeps hand-overs back."""
        return self._breaker.state is not State.CLOSED

    async def enter(self, wanted: int, *, critical: bool) -> list[Place]:
        """Waits for places, and gives from one to `wanted` of them; each is to be left."""
        waiter = _Waiter(wanted, asyncio.get_running_loop().create_future())
        (self._critical if critical else self._others).append(waiter)
        self._moved.set()
        if self._giving is None or self._giving.done():
            self._giving = asyncio.create_task(self._give())
        try:
            return await waiter.places
        except asyncio.CancelledError:
            self._moved.set()
            if waiter.places.done() and not waiter.places.cancelled():
                for place in waiter.places.result():
                    place.leave(None)
            raise

    def left(self, healthy: bool | None) -> None:
        """A place is free again."""
        self._free += 1
        was_away, now = self.away, asyncio.get_running_loop().time()
        if healthy is None:
            self._breaker.unknown(now)
        elif healthy:
            self._answered_at = now
            self._breaker.answered()
        else:
            self._breaker.failed(now)
        if self.away is not was_away:
            if self.away:
                log.warning("provider %s fails again and again; it is tried now and then until it answers", self.name)
            else:
                log.warning("provider %s answers again", self.name)
            self._on_away(self.name, self.away)
        self._moved.set()

    async def wait_for(self, instant: Instant) -> None:
        """Waits until `instant` may be used; where that is over, for a later one of the rate."""
        await self._pace.wait_for(instant)

    async def _give(self) -> None:
        """Gives places while anybody waits for them."""
        try:
            await self._give_on()
        except Exception as fault:
            while waiter := self._first():
                waiter.places.set_exception(fault)

    async def _give_on(self) -> None:
        clock = asyncio.get_running_loop().time
        while waiter := self._first():
            pause = self._breaker.pause(clock())
            if pause > 0 or not self._free:
                await self._pause(pause or None)
                continue
            if not self._critical and self._free < min(waiter.wanted, self.limits.parallel // 4):
                await asyncio.sleep(GATHER_SECONDS)
            instants = await self._pace.instants(1 if self.away else self._wanted())
            while instants and (waiter := self._first()) and self._breaker.begin(clock()):
                count = min(len(instants), waiter.wanted)
                self._free -= count
                self._take_out(waiter)
                waiter.places.set_result([Place(self, instant) for instant in instants[:count]])
                del instants[:count]

    def _wanted(self) -> int:
        """How many of the free places are wanted; thousands may wait for a few, and some wait no more."""
        wanted = 0
        for waiter in chain(self._critical, self._others):
            wanted += 0 if waiter.places.done() else waiter.wanted
            if wanted >= self._free:
                return self._free
        return wanted

    def _first(self) -> _Waiter | None:
        """Who is next, without those that wait no more. While the provider is away both lines have a try in turn: one
        critical message that it never takes would use up each.
        """
        others_first = self.away and self._critical_tried
        for line in (self._others, self._critical) if others_first else (self._critical, self._others):
            while line and line[0].places.done():
                line.popleft()
            if line:
                return line[0]
        return None

    def _take_out(self, first: _Waiter) -> None:
        self._critical_tried = bool(self._critical) and self._critical[0] is first
        (self._critical if self._critical_tried else self._others).popleft()

    async def _pause(self, seconds: float | None) -> None:
        self._moved.clear()
        try:
            async with asyncio.timeout(seconds):
                await self._moved.wait()
        except TimeoutError:
            return

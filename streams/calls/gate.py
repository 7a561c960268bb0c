"""The gate of one service: how many tries are under way at a time, and who waits while the service is away."""

import asyncio
from collections.abc import Callable

import aiohttp

from channels.http import KEPT_SECONDS, asked_once
from streams.calls.answer import LATE, SERVICE_AWAY
from streams.calls.breaker import Breaker, State

PARALLEL = 16
WAITING = 1_000
"""Tries under way at a service from one process, and calls of it that wait while the breaker is open."""


class Gate:
    """Its own connections and its own places, so that a service that hangs takes none of another's.

    `on_away` hears whether the breaker keeps tries back. Instants are seconds of the loop's clock.
    """

    def __init__(self, on_away: Callable[[bool], None], parallel: int = PARALLEL, waiting: int = WAITING) -> None:
        self._on_away = on_away
        self._parallel = parallel
        self._most_waiting = waiting
        self._slots = asyncio.Semaphore(parallel)
        self._breaker = Breaker()
        self._waiting = 0
        self._moved = asyncio.Event()
        self._session: aiohttp.ClientSession | None = None
        on_away(False)

    @property
    def session(self) -> aiohttp.ClientSession:
        """Its connections; no cookies are kept, and bodies come as they were sent."""
        if self._session is None:
            connector = aiohttp.TCPConnector(limit=self._parallel, keepalive_timeout=KEPT_SECONDS)
            jar = aiohttp.DummyCookieJar()
            self._session = aiohttp.ClientSession(
                connector=connector, cookie_jar=jar, auto_decompress=False, middlewares=(asked_once,)
            )
        return self._session

    async def enter(self, until: float) -> str:
        """Waits for a place; gives a code where there is none before `until`. Who has one tells of it by `leave`."""
        clock = asyncio.get_running_loop().time
        while True:
            pause = self._breaker.pause(clock())
            if pause > 0:
                if clock() + pause >= until or self._waiting >= self._most_waiting:
                    return SERVICE_AWAY
                await self._wait(pause)
                continue
            try:
                async with asyncio.timeout_at(until):
                    await self._slots.acquire()
            except TimeoutError:
                return LATE
            if clock() >= until:
                # One that is free is given without a look at the time.
                self._slots.release()
                return LATE
            if self._breaker.begin(clock()):
                return ""
            self._slots.release()

    def leave(self, answered: bool | None) -> None:
        """A try is over: answered or failed, or None where it says nothing about the service."""
        self._slots.release()
        before, now = self._breaker.state, asyncio.get_running_loop().time()
        if answered is None:
            self._breaker.unknown(now)
        elif answered:
            self._breaker.answered()
        else:
            self._breaker.failed(now)
        after = self._breaker.state
        if after is not before:
            self._moved.set()
            self._moved = asyncio.Event()
        if (after is State.CLOSED) != (before is State.CLOSED):
            self._on_away(after is not State.CLOSED)

    async def close(self) -> None:
        """Gives the connections back."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def _wait(self, seconds: float) -> None:
        self._waiting += 1
        try:
            async with asyncio.timeout(seconds):
                await self._moved.wait()
        except TimeoutError:
            return
        finally:
            self._waiting -= 1

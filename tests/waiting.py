"""The only place of the tests that sleeps: waiting for a condition, with a deadline."""

import asyncio
import inspect
import time
from collections.abc import Awaitable, Callable
from typing import Any

TICK_SECONDS = 0.02
PATIENCE = 3.0
"""A slow machine gets so many times the seconds that a test names; what holds sooner ends the wait at once."""


async def until(condition: Callable[[], Any | Awaitable[Any]], seconds: float = 10.0) -> Any:
    """Waits until `condition` (plain or async) gives something true, and gives that; TimeoutError where not."""
    deadline = time.monotonic() + seconds * PATIENCE
    while True:
        found = condition()
        if inspect.isawaitable(found):
            found = await found
        if found:
            return found
        if time.monotonic() > deadline:
            raise TimeoutError(f"not within {seconds * PATIENCE:.0f} s: {inspect.getsource(condition).strip()}")
        await asyncio.sleep(TICK_SECONDS)


def wait_until(condition: Callable[[], Any], seconds: float = 10.0) -> Any:
    """The same for tests without a loop."""
    deadline = time.monotonic() + seconds * PATIENCE
    while not (found := condition()):
        if time.monotonic() > deadline:
            raise TimeoutError(f"not within {seconds * PATIENCE:.0f} s: {inspect.getsource(condition).strip()}")
        time.sleep(TICK_SECONDS)
    return found


async def turns(count: int = 200) -> None:
    """Lets all that is ready on the loop run, so that what did not happen by then was not about to."""
    for _ in range(count):
        await asyncio.sleep(0)


async def lasting(seconds: float) -> None:
    """Lets a fault or a pause last so long: for what is a length of time by itself, and waits for nothing."""
    await asyncio.sleep(seconds)

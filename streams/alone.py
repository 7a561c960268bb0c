"""Work as a task of its own, so that its fault comes out whole, and the first fault of a group."""

import asyncio
from collections.abc import Coroutine
from typing import Any


async def alone(work: Coroutine[Any, Any, None]) -> None:
    """Runs `work` as a task of its own: cancelled while it fails, a group of tasks would tell of the fault only."""
    task = asyncio.create_task(work)
    try:
        await asyncio.wait([task])
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    task.result()


def first_of(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """The first fault inside, however deep."""
    fault = group.exceptions[0]
    return first_of(fault) if isinstance(fault, BaseExceptionGroup) else fault

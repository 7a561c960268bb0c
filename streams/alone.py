"""Work as tasks: alone, so that its fault comes out whole; several to their ends; one whole, whoever is cancelled."""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, TypeVar

T = TypeVar("T")


async def alone(work: Coroutine[Any, Any, None]) -> None:
    """Runs `work` as a task of its own: cancelled while it fails, a group of tasks would tell of the fault only."""
    task = asyncio.create_task(work)
    try:
        await asyncio.wait([task])
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    task.result()


async def all_of(works: Sequence[Callable[[], Coroutine[Any, Any, None]]]) -> None:
    """Runs all to their ends; the fault of one ends the others first.

    None is cancelled a second time, while it gives back what it holds.
    """
    if len(works) == 1:
        await works[0]()
        return
    tasks = [asyncio.create_task(work()) for work in works]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            if not task.cancelling():
                task.cancel()
        if tasks:
            await asyncio.wait(tasks)


async def whole(work: Coroutine[Any, Any, T]) -> T:
    """Runs to its end also when the waiter is cancelled, who hears of that after it."""
    task = asyncio.ensure_future(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait([task])
        # A fault is asked for, or the loop would log it as one that nobody saw.
        if not task.cancelled():
            task.exception()
        raise


def first_of(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """The first fault inside, however deep."""
    fault = group.exceptions[0]
    return first_of(fault) if isinstance(fault, BaseExceptionGroup) else fault

"""What a timer takes in the index of a partition: memory, and the time to set, move and pop it."""

import time
from collections.abc import Callable
from typing import Any

from bench.floor.gauge import rss_mb
from bench.floor.part import Asked, Tell, play
from bench.floor.run import Run
from bench.floor.work import CREATED_AT, customer_id
from state.timers import TimerIndex


def measure(count: int) -> dict[str, Any]:
    """Figures of an index of so many timers; the customers' ids are there before, as they are in a worker."""
    names = [customer_id(number).encode() for number in range(count)]
    # Spread as they come in life: by no order of the customers.
    instants = [CREATED_AT + number * 7_919 % count for number in range(count)]
    before = rss_mb()
    index = TimerIndex()

    def set_all(later_ms: int) -> None:
        for name, at in zip(names, instants, strict=True):
            index.set(name, at if later_ms else 0, at + later_ms)

    def pop_all() -> None:
        while index.pop(CREATED_AT + 3 * count):
            pass

    figures = {"set_us": _each(count, lambda: set_all(0)), "mb_per_million_timers": 0.0}
    figures["mb_per_million_timers"] = (rss_mb() - before) / count * 1e6
    figures["move_us"] = _each(count, lambda: set_all(count))
    figures["mb_per_million_after_moves"] = (rss_mb() - before) / count * 1e6
    figures["pop_us"] = _each(count, pop_all)
    return figures


def _each(count: int, act: Callable[[], None]) -> float:
    began = time.process_time()
    act()
    return (time.process_time() - began) / count * 1e6


async def work(run: Run, tell: Tell, _asked: Asked) -> None:
    """The index alone."""
    tell("result", **measure(run.customers))


if __name__ == "__main__":
    play(work)

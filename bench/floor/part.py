"""The frame of a measured process: its task as an argument, lines of JSON on its output, an end when asked."""

import asyncio
import importlib
import logging
import signal
import sys
from collections.abc import Awaitable, Callable
from typing import Any, Protocol

import msgspec

from bench.floor.run import Run


class Tell(Protocol):
    """Says one thing to whoever started this process."""

    def __call__(self, what: str, **figures: Any) -> None: ...


Play = Callable[[Run, Tell, asyncio.Event], Awaitable[None]]
"""Does the task of a run until it is done or asked to end; tells `result` at the end."""


def play(work: Play) -> None:
    """Runs `work` with the Run that the command line holds."""
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    run = msgspec.json.decode(sys.argv[1], type=Run)
    with asyncio.Runner(loop_factory=_loop_factory(run.loop)) as runner:
        runner.run(_until_asked(work, run))


def tell(what: str, **figures: Any) -> None:
    """One line for whoever reads this process's output."""
    sys.stdout.write(msgspec.json.encode({"what": what, **figures}).decode() + "\n")
    sys.stdout.flush()


async def _until_asked(work: Play, run: Run) -> None:
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    await work(run, tell, stop)


def _loop_factory(name: str) -> Callable[[], asyncio.AbstractEventLoop] | None:
    """asyncio's own loop, or uvloop's where that is installed."""
    return importlib.import_module("uvloop").new_event_loop if name == "uvloop" else None

"""The frame of a measured process: its task as an argument, lines of JSON on its output, an end when asked."""

import asyncio
import gc
import importlib
import logging
import signal
import sys
from collections.abc import Awaitable, Callable
from typing import Any, Protocol

import msgspec

from bench.floor.run import Run
from streams.process import GARBAGE_THRESHOLDS


class Tell(Protocol):
    """Says one thing to whoever started this process."""

    def __call__(self, what: str, **figures: Any) -> None: ...


class Asked:
    """What the starter asks for by signals: to `go` on after `ready` was told, and to `stop`."""

    def __init__(self) -> None:
        self.go = asyncio.Event()
        self.stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGUSR1, self.go.set)
        loop.add_signal_handler(signal.SIGTERM, self._end)

    def _end(self) -> None:
        self.go.set()
        self.stop.set()


Play = Callable[[Run, Tell, Asked], Awaitable[None]]
"""Does the task of a run until it is done or asked to stop; tells `result` at the end."""


def play(work: Play) -> None:
    """Runs `work` with the Run that the command line holds."""
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    run = msgspec.json.decode(sys.argv[1], type=Run)
    gc.set_threshold(*GARBAGE_THRESHOLDS)
    with asyncio.Runner(loop_factory=_loop_factory(run.loop)) as runner:
        runner.run(_play(work, run))


def tell(what: str, **figures: Any) -> None:
    """One line for whoever reads this process's output."""
    sys.stdout.write(msgspec.json.encode({"what": what, **figures}).decode() + "\n")
    sys.stdout.flush()


async def _play(work: Play, run: Run) -> None:
    await work(run, tell, Asked())


def _loop_factory(name: str) -> Callable[[], asyncio.AbstractEventLoop] | None:
    """asyncio's own loop, or uvloop's where that is installed."""
    return importlib.import_module("uvloop").new_event_loop if name == "uvloop" else None

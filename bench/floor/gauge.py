"""The clock of a measured process: from the first row taken to the last thing durable, in wall and CPU time."""

import asyncio
import cProfile
import os
import pstats
import resource
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bench.floor.run import Run
from streams.broker.source import Spot

PROFILED_LINES = 45


class Gauge:
    """Told what a process took, proved and published; `done` is set once all that the run expects is durable.

    Figures end at the last progress, so that waiting for others costs nothing.
    """

    def __init__(self, run: Run) -> None:
        self.done = asyncio.Event()
        self.actions = 0
        self._run = run
        self._taken = 0
        self._before = 0
        self._starts: dict[Spot, int] = {}
        self._durable: dict[Spot, int] = {}
        self._began: tuple[float, float] | None = None
        self._ended = (0.0, 0.0)
        self._rss_mb = 0.0
        self._profile = cProfile.Profile() if run.profile else None

    @property
    def events(self) -> int:
        """Events that are durable."""
        return sum(offset - self._starts.get(spot, 0) for spot, offset in self._durable.items())

    def opened(self, starts: Mapping[Spot, int]) -> None:
        """These spots are read from these offsets on."""
        for spot, offset in starts.items():
            self._starts.setdefault(spot, offset)

    def taken(self, rows: int) -> None:
        """Rows were fetched and are about to be worked on."""
        if self._began is None and self._taken >= self._run.warm:
            self._before = self._taken
            self._began = now()
            if self._profile is not None:
                self._profile.enable()
        self._taken += rows

    def durable(self, offsets: Mapping[Spot, int]) -> None:
        """The inputs are done up to these offsets, and will not be done again."""
        self._durable.update(offsets)
        self._progress()

    def published(self, actions: int) -> None:
        """So many actions were acknowledged by the broker."""
        self.actions += actions
        self._progress()

    def _progress(self) -> None:
        if self._profile is None or not self.done.is_set():
            self._ended = now()
        if self._run.events and self.events >= self._run.events and self.actions >= self._run.actions:
            if self._profile is not None:
                self._profile.disable()
            # Whoever winds up gives memory back, the more the less it takes care of.
            self._rss_mb = self._rss_mb or rss_mb()
            self.done.set()

    def figures(self) -> dict[str, Any]:
        """What was measured; ends the profile and writes it."""
        began = self._began or self._ended
        wall, cpu = self._ended[0] - began[0], self._ended[1] - began[1]
        events = self.events - self._before
        if self._profile is not None:
            self._write_profile(self._profile)
        return {
            "events": self.events,
            "actions": self.actions,
            "wall_seconds": wall,
            "cpu_seconds": cpu,
            "events_per_second": events / wall if wall else 0.0,
            "cpu_us_per_event": cpu / events * 1e6 if events else 0.0,
            "rss_mb": self._rss_mb or rss_mb(),
        }

    def _write_profile(self, profile: cProfile.Profile) -> None:
        profile.disable()
        with Path(self._run.profile).open("w") as file:
            stats = pstats.Stats(profile, stream=file)
            stats.sort_stats("tottime").print_stats(PROFILED_LINES)
            stats.sort_stats("cumtime").print_stats(PROFILED_LINES)
        profile.dump_stats(self._run.profile + ".pstats")


def rss_mb() -> float:
    """The memory of this process that is in RAM, in MB."""
    statm = Path("/proc/self/statm")
    if statm.exists():
        return int(statm.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6


def now() -> tuple[float, float]:
    """Seconds of the wall, and seconds of CPU that this process has used."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return time.perf_counter(), used.ru_utime + used.ru_stime

"""Keeps what there was to see of a run of the town, within limits, so that a page can be made of it."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import NamedTuple

import msgspec

from engine import trace
from engine.decision import Trace
from journeys.load import Folder
from local.town.happening import Touch
from local.town.rhythm import MINUTE_MS
from local.town.scene import Rain, Received, Scene

POSITION = "position.reported"
SAMPLE_SECONDS = 0.25
BIN_MS = 5 * MINUTE_MS
"""Counts over time are kept in bins of so much town time."""
LIMITS = {
    "positions told by phones": 60_000,
    "other touchpoints": 60_000,
    "decisions": 30_000,
    "messages": 10_000,
    "places of walkers": 250_000,
}
"""So much is kept of each; what comes after is counted, and left out of the timelines and of the map."""

_trace = msgspec.json.Decoder(Trace).decode


def titles(folder: Folder) -> dict[str, str]:
    """The title of each journey by its name, where it has one."""
    return {name: each.model.title for name, each in folder.journeys.items() if each.model.title}


class Frame(NamedTuple):
    """Who walked where at an instant of the town (ms), in whole metres, and the clouds above."""

    at: int
    walkers: dict[str, tuple[int, int]]
    clouds: list[Rain]


class Recorder:
    """An onlooker that remembers.

    `seed` and `speed` are those of the run, `titles` those of journeys by name. `left_out` counts, by what it is, what
    came after LIMITS; `touchpoints` and `actions` count all by bin and by channel or journey. `marks` say how many
    latencies were known at an instant.
    """

    def __init__(
        self, seed: int, speed: float, titles: Mapping[str, str], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.seed = seed
        self.speed = speed
        self.titles = titles
        self.began = datetime.now(UTC)
        self.touches: list[Touch] = []
        self.traces: list[Trace] = []
        self.messages: list[Received] = []
        self.frames: list[Frame] = []
        self.marks: list[tuple[int, int]] = []
        self.touchpoints: Counter[tuple[str, int]] = Counter()
        self.actions: Counter[tuple[str, int]] = Counter()
        self.left_out: Counter[str] = Counter()
        self._kept: Counter[str] = Counter()
        self._seen: set[str] = set()
        self._clock = clock
        self._sampled = float("-inf")
        # Messages come from the threads of those who take them.
        self._lock = threading.Lock()

    @property
    def decisions(self) -> int:
        """All that were taken, kept or not."""
        return len(self._seen)

    def touched(self, touch: Touch) -> None:
        """A touchpoint was published."""
        is_position = touch.type == POSITION
        self.touchpoints[f"{touch.channel}, positions" if is_position else touch.channel, touch.at // BIN_MS] += 1
        if self._keeps("positions told by phones" if is_position else "other touchpoints"):
            self.touches.append(touch)

    def decided(self, value: bytes) -> None:
        """A record of `decisions`; one that came before changes nothing."""
        found = _trace(value)
        if found.id in self._seen:
            return
        self._seen.add(found.id)
        for line in found.lines:
            if line.what in (trace.SENT, trace.TASKED):
                self.actions[line.journey, found.at // BIN_MS] += 1
        if self._keeps("decisions"):
            self.traces.append(found)

    def received(self, message: Received) -> None:
        """A message reached its recipient, in whatever thread."""
        with self._lock:
            if self._keeps("messages"):
                self.messages.append(message)

    def looked(self, scene: Scene) -> None:
        """Keeps this moment, unless the last one kept is too near."""
        now = self._clock()
        if now - self._sampled < SAMPLE_SECONDS:
            return
        self._sampled = now
        self.marks.append((scene.now, len(scene.progress.latencies_ms)))
        walkers = {id: (round(at.x), round(at.y)) for id, at in scene.outside()}
        if self._keeps("places of walkers", len(walkers)):
            self.frames.append(Frame(scene.now, walkers, scene.clouds))

    def _keeps(self, what: str, count: int = 1) -> bool:
        """Whether there is room for so many more; once there was none, none of this kind is kept."""
        if self.left_out[what] or self._kept[what] + count > LIMITS[what]:
            self.left_out[what] += count
            return False
        self._kept[what] += count
        return True

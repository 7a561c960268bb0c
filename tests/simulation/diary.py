"""The diary of a run: what landed when, of which the last lines are shown when a promise is broken."""

import zlib
from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import dataclass, field

from fakelog import Row
from simulation.virtual import Loop

from state.changelog import MARKER

TAIL = 60


@dataclass
class Outcome:
    """What came of one seed in one part of the house; `violation` is empty where every promise was kept."""

    seed: int
    part: str
    violation: str = ""
    steps: int = 0
    seconds: float = 0.0
    digest: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    tail: list[str] = field(default_factory=list)


class Diary:
    """Hears what lands. `digest` is the same where all that landed is the same; nonces of markers are left out."""

    def __init__(self, loop: Loop) -> None:
        self.tail: deque[str] = deque(maxlen=TAIL)
        self.digest = 0
        self._loop = loop

    def landed(self, topic: str, partition: int, rows: Sequence[Row]) -> None:
        keys = b" ".join((row.key or b"")[:12] for row in rows[:8])
        shown = "E" if keys.startswith(MARKER) else repr(keys.replace(b"\xff", b"#"))[2:-1]
        line = f"{self._loop.now:8.4f} {topic}/{partition}/{rows[0].offset}+{len(rows)}: {shown}"
        self.digest = zlib.crc32(line.encode(), self.digest)
        self.tail.append(line)

    def outcome(self, seed: int, part: str, violation: str, faults: Counter[str]) -> Outcome:
        """What came of the run."""
        loop = self._loop
        return Outcome(seed, part, violation, loop.steps, loop.now, self.digest, faults, list(self.tail))

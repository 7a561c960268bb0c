"""What a sink noted, as latencies: percentiles of those due within a stretch of time."""

from array import array
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from bench.floor.result import Figures


class Note(NamedTuple):
    """A record read: its kind, when it was due, and when it was read; microseconds since the epoch."""

    kind: int
    due_us: int
    read_us: int


def notes(path: str) -> list[Note]:
    """All that a sink noted."""
    numbers = array("q")
    numbers.frombytes(Path(path).read_bytes())
    return [Note(*numbers[start : start + 3]) for start in range(0, len(numbers), 3)]


def latencies(found: Iterable[Note], begin: float, end: float, kind: int = 0) -> Figures:
    """Percentiles in ms of the records of a kind that were due from `begin` up to `end` (seconds since the epoch)."""
    begin_us, end_us = begin * 1e6, end * 1e6
    late = sorted(n.read_us - n.due_us for n in found if n.kind == kind and begin_us <= n.due_us < end_us)
    if not late:
        return {"read": 0}
    at = {"p50_ms": 0.5, "p99_ms": 0.99, "p999_ms": 0.999}
    figures = {name: late[min(len(late) - 1, int(len(late) * share))] / 1000 for name, share in at.items()}
    return {"read": len(late), **figures, "most_ms": late[-1] / 1000}

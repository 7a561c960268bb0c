"""What happened in a play, one value a thing, read from the traces of its decisions."""

from collections.abc import Iterator, Mapping

import msgspec

from engine import trace
from engine.decision import Line, Trace

UNHELD = ("where", "unless", "late")
"""Codes of triggers that began nothing since nothing concerned them: told only beside another reason to tell."""


PLACES = {trace.ENTERED: "trigger", trace.EXITED: "rule", trace.WOKE: "awaited"}
"""What the data of a line calls its place among others, by what it says."""


class Happened(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """One line of a trace. `what` and `code` are those of engine/trace.py; `at` in ms; absent texts are empty.

    `place` is which of several it was, from 0: the trigger that an enrollment began by, the exit rule that it left by,
    the event or state waited for.
    """

    at: int
    customer: str
    journey: str
    version: str
    enrollment: str
    node: str
    what: str
    code: str
    channel: str
    message: str
    revenue: float | None
    place: int | None = None


def happened(found: Trace, versions: Mapping[str, str]) -> Iterator[Happened]:
    """What a trace tells of journeys, in its order. `versions` holds the one of each journey."""
    for line in found.lines:
        if line.journey and not _said_by_the_way(line):
            data = line.data
            yield Happened(
                found.at, found.customer, line.journey, versions.get(line.journey, ""), line.enrollment, line.node,
                line.what, line.code, str(data.get("channel", "")), str(data.get("message", "")),
                _revenue(data.get("revenue")), data.get(PLACES.get(line.what, "")),
            )  # fmt: skip


def _said_by_the_way(line: Line) -> bool:
    if line.what == trace.NOT_ENTERED:
        return line.code in UNHELD
    return line.what in (trace.NOT_WOKEN, trace.NOT_EXITED, trace.NOT_GOAL)


def _revenue(found: object) -> float | None:
    return float(found) if isinstance(found, int | float) and not isinstance(found, bool) else None

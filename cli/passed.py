"""What a trace says of the nodes that an enrollment passed, and of the ways that it took."""

from collections.abc import Iterable, Iterator

from engine import trace
from engine.decision import Line, Trace
from engine.nodes.fallback import NONE as NONE_LEFT
from engine.nodes.wait_until import NO_DATE
from journeys.coverage import ENTER, EXIT, Pass
from journeys.flow.read import BODY, ELSE, EXPIRED, FELL_BACK, FOUND, REFUSED, TIMED_OUT

NOT_ENTERED = "not_entered"
"""The outcome of a journey that was started and began nothing."""
ELSEWHERE = frozenset(
    {trace.FACT, trace.NOT_ENTERED, trace.NOT_WOKEN, trace.NOT_EXITED, trace.GOAL, trace.NOT_GOAL, trace.VOIDED}
    | {trace.SEGMENT, trace.ALARM, trace.HELD_OUT}
)
"""Lines that say nothing of where an enrollment has been."""


def passed(found: Trace, journey: str) -> set[Pass]:
    """The stops of a journey that this trace tells of, and the ways taken from them."""
    return {each for _, each in passes(line for line in found.lines if line.journey == journey)}


def passes(lines: Iterable[Line]) -> Iterator[tuple[str, Pass]]:
    """Enrollments with the stops that lines tell of, and the ways taken from them.

    A message refused on one channel and sent on another has not gone the way of a refused one.
    """
    refused: Line | None = None
    for line in lines:
        if refused is not None and (line.enrollment, line.node) != (refused.enrollment, refused.node):
            yield refused.enrollment, (refused.node, REFUSED)
        refused = line if line.what == trace.REFUSED else None
        if line.what not in ELSEWHERE:
            yield from ((line.enrollment, each) for each in _of_line(line))
    if refused is not None:
        yield refused.enrollment, (refused.node, REFUSED)


def _of_line(line: Line) -> Iterator[Pass]:
    if line.what == trace.ENTERED:
        yield ENTER, str(line.data.get("trigger", 0))
        return
    if "rule" in line.data:
        yield EXIT, str(line.data["rule"])
    yield line.node, ""
    yield from ((line.node, key) for key in _keys(line))


def _keys(line: Line) -> tuple[str, ...]:
    """The keys of the ways that a line says were taken (journeys/flow/read.py)."""
    match line.what:
        case trace.CHOSEN | trace.TASK_CLOSED | trace.EXPOSED:
            return (line.code,)
        case trace.WOKE:
            return (TIMED_OUT,) if line.code == NOT_ENTERED else (str(line.data.get("awaited", 0)),)
        case trace.TIMED_OUT:
            return (ELSE,) if line.code == NO_DATE else (TIMED_OUT, EXPIRED)
        case trace.BRANCHED:
            return tuple(line.data.get("branches", ()))
        case trace.REPEATED:
            return (BODY,) if line.code.isdecimal() else (ELSE,) if line.code == "most" else ()
        case trace.COLLECTED:
            return () if line.data.get("count", 1) else (ELSE,)
        case trace.FELL_BACK:
            return (FELL_BACK,) if line.code != NONE_LEFT else ()
        case trace.ANSWERED:
            return (FOUND,) if line.code == FOUND else (ELSE,)
        case trace.OFFERED:
            return (ELSE,) if line.code == "none" else ()
        case _:
            return ()

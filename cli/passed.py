"""What a trace says of the nodes that an enrollment passed, and of the ways that it took."""

from collections.abc import Iterator

from engine import trace
from engine.decision import Line, Trace
from journeys.coverage import ENTER, EXIT, Pass
from journeys.flow.read import REFUSED, TIMED_OUT

ELSEWHERE = frozenset(
    {trace.FACT, trace.NOT_ENTERED, trace.NOT_WOKEN, trace.NOT_EXITED, trace.GOAL, trace.NOT_GOAL, trace.VOIDED}
)
"""Lines that say nothing of where an enrollment has been."""


def passed(found: Trace, journey: str) -> Iterator[Pass]:
    """The stops of a journey that this trace tells of, and the ways taken from them."""
    for line in found.lines:
        if line.journey == journey:
            yield from passes_of(line)


def passes_of(line: Line) -> Iterator[Pass]:
    """The stop that a line tells of, and the way taken from it."""
    if line.what in ELSEWHERE:
        return
    if line.what == trace.ENTERED:
        yield ENTER, str(line.data.get("trigger", 0))
        return
    if "rule" in line.data:
        yield EXIT, str(line.data["rule"])
    yield line.node, ""
    key = _key(line)
    if key:
        yield line.node, key


def _key(line: Line) -> str:
    """The key of the way that a line says was taken (journeys/flow/read.py), empty for none."""
    match line.what:
        case trace.CHOSEN | trace.TASK_CLOSED:
            return line.code
        case trace.WOKE:
            return str(line.data.get("awaited", 0))
        case trace.TIMED_OUT:
            return TIMED_OUT
        case trace.REFUSED:
            return REFUSED
        case _:
            return ""

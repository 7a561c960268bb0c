"""The greatest size of a trace on its topic: what is beyond it is cut, and counted."""

from typing import Any

import msgspec

from engine import trace
from engine.decision import Line, Trace

MOST_BYTES = 128 << 10
"""Of all lines and answers of the context together. The input comes on top, whole: at most 1 MiB as it arrives."""
MOST_REASON = 500
"""Characters of one reason, where a trace is cut."""
MOST_VALUE = 2_000
"""Bytes of one value in a line's data, where a trace is cut."""
FIRST = 10
"""Of a list in a line's data, such as candidates, so many are kept, and those that won."""
WON = frozenset({"made", "won"})
"""Codes of the items of such a list that are kept wherever they stand."""
LEAST = frozenset({trace.NOT_ENTERED, trace.NOT_WOKEN, trace.NOT_EXITED, trace.NOT_GOAL, trace.FACT, trace.SET})
"""Lines that are given up first."""

_json = msgspec.json.Encoder().encode


def bounded(found: Trace) -> Trace:
    """The same trace where lines and answers fit MOST_BYTES, else one that fits; `cut` counts what is not there.

    First long reasons and values are shortened, then answers of the context left out, then lines: those that tell of
    nothing that happened before the others, the last before the first.
    """
    if len(_json(found.lines)) + len(_json(found.context)) <= MOST_BYTES:
        return found
    short = [_shortened(line) for line in found.lines]
    cut = sum(line is not before for line, before in zip(short, found.lines, strict=True))
    context = found.context
    if len(_json(context)) > MOST_BYTES // 2:
        context, cut = {}, cut + len(context)
    kept = _fitting(short, MOST_BYTES - len(_json(context)))
    return msgspec.structs.replace(found, lines=kept, context=context, cut=cut + len(short) - len(kept))


def _fitting(lines: list[Line], room: int) -> list[Line]:
    order = sorted(range(len(lines)), key=lambda place: (lines[place].what in LEAST, place))
    kept = []
    for place in order:
        room -= len(_json(lines[place])) + 1
        if room < 0:
            break
        kept.append(place)
    return [lines[place] for place in sorted(kept)]


def _shortened(line: Line) -> Line:
    why = line.why if len(line.why) <= MOST_REASON else f"{line.why[:MOST_REASON]}... ({len(line.why)} characters)"
    data = {name: _less(value) for name, value in line.data.items()}
    return line if why == line.why and data == line.data else msgspec.structs.replace(line, why=why, data=data)


def _less(value: Any) -> Any:
    if isinstance(value, list) and len(value) > FIRST:
        won = [each for each in value[FIRST:] if isinstance(each, dict) and each.get("code") in WON]
        value = [*value[:FIRST], *won, f"and {len(value) - FIRST - len(won)} more"]
    size = len(_json(value))
    if isinstance(value, list):
        return [_less(each) for each in value] if size > MOST_VALUE else value
    return value if size <= MOST_VALUE else f"left out: {size} bytes"

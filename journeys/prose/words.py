"""Words for what a page says of times, names and lists."""

import re
from collections.abc import Iterable

from journeys.duration import Duration
from journeys.model import Condition
from journeys.prose.conditions import condition_words

UNITS = {"mo": "month", "w": "week", "d": "day", "h": "hour", "m": "minute", "s": "second"}
_PART = re.compile(r"([0-9]+)(mo|w|d|h|m|s)")


def duration(of: Duration) -> str:
    """`1 day 12 hours`."""
    parts = [(int(count), UNITS[unit]) for count, unit in _PART.findall(of.text)]
    return " ".join(f"{count} {unit}{'' if count == 1 else 's'}" for count, unit in parts)


def several(words: Iterable[str], joint: str = "or") -> str:
    """`a, b or c`."""
    listed = list(words)
    return f" {joint} ".join(part for part in (", ".join(listed[:-1]), listed[-1] if listed else "") if part)


def code(text: str) -> str:
    """Text as code, whatever it holds."""
    line = " ".join(text.split())
    return f"`` {line} ``" if "`" in line else f"`{line}`"


def events(on: str | list[str], joint: str = "or") -> str:
    """Event types, as code."""
    return several(map(code, [on] if isinstance(on, str) else on), joint)


def holds(condition: Condition | None, joint: str = "and") -> str:
    """A condition in words where it is simple, each other one as code; empty for none."""
    listed = [] if condition is None else [condition] if isinstance(condition, str) else condition
    return several((condition_words(each) or code(each) for each in listed), joint)


def clock_window(window: str) -> str:
    """`between 09:00 and 20:00`."""
    start, end = re.split(r"\s*-\s*", window.strip())
    return f"between {start} and {end}"

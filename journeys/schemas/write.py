"""Schemas as YAML: blocks for what is long, one line for what is short."""

import json
import re
from typing import Any

from journeys.scalars import core

_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_./-]*")
_SHORT = 100


def written(value: dict[str, Any], indent: int = 0) -> str:
    """A mapping as lines of YAML 1.2, each ended; read again it is the same."""
    lines = []
    for name, inner in value.items():
        head = f"{' ' * indent}{text(name)}:"
        flow = in_line(inner)
        if isinstance(inner, dict) and inner and (len(head) + len(flow) > _SHORT or name in ("properties", "events")):
            lines.append(f"{head}\n{written(inner, indent + 2)}")
        else:
            lines.append(f"{head} {flow}\n")
    return "".join(lines)


def in_line(value: Any) -> str:
    """Any value of JSON in one line of YAML."""
    match value:
        case dict():
            return "{" + ", ".join(f"{text(name)}: {in_line(inner)}" for name, inner in value.items()) + "}"
        case list():
            return "[" + ", ".join(map(in_line, value)) + "]"
        case str():
            return text(value)
        case _:
            return json.dumps(value)


def text(value: str) -> str:
    """A text, in quotes where YAML would read something else."""
    if _PLAIN.fullmatch(value) and isinstance(core(value), str):
        return value
    # JSON would write a character beyond the first plane as two, which YAML reads as two.
    return "".join(c if c.isprintable() else f"\\U{ord(c):08X}" for c in _quoted(value))


def _quoted(value: str) -> str:
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'

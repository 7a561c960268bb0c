"""The context of a trace as it travels: W3C Trace Context, `traceparent` (source: w3.org/TR/trace-context)."""

import re
import secrets
from typing import NamedTuple

from streams.touchpoints.record import Record

HEADER = "traceparent"
_FORM = re.compile(r"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?", re.ASCII)
_SAMPLED = 1

Headers = list[tuple[str, bytes]]


class Place(NamedTuple):
    """A span of a trace: 32 and 16 hexadecimal digits, and whether the trace is kept."""

    trace: str
    span: str
    sampled: bool

    def __str__(self) -> str:
        return f"00-{self.trace}-{self.span}-{'01' if self.sampled else '00'}"

    @property
    def headers(self) -> Headers:
        """What a record carries on to whoever comes next."""
        return [(HEADER, str(self).encode())]

    def child(self) -> "Place":
        """A new span below this one."""
        return self._replace(span=secrets.token_hex(8))


def read_place(text: object) -> Place | None:
    """The span that a `traceparent` names; None for anything that is none, as the standard wants it."""
    found = _FORM.fullmatch(text) if isinstance(text, str) else None
    if found is None:
        return None
    version, trace, span, flags, more = found.groups()
    if version == "ff" or (version == "00" and more) or not int(trace, 16) or not int(span, 16):
        return None
    return Place(trace, span, bool(int(flags, 16) & _SAMPLED))


def place_of(record: Record) -> Place | None:
    """The span behind a record, by its header."""
    for name, value in record.headers:
        if name == HEADER:
            return read_place((value or b"").decode("ascii", "replace"))
    return None

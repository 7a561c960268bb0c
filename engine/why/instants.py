"""Instants and spans as people read them, in a zone."""

import re
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

_INSTANT = re.compile(r"\b1[5-9]\d{11}\b")
"""Milliseconds since 1970 of the years 2017 to 2033, as they stand in the engine's reasons."""
_UNITS = (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1))


def day(at: int, zone: str) -> str:
    """`Monday 2 March 2026`."""
    moment = _moment(at, zone)
    return f"{moment:%A} {moment.day} {moment:%B %Y}"


def clock(at: int, zone: str) -> str:
    """`18:00:05`."""
    return f"{_moment(at, zone):%H:%M:%S}"


def until(at: int, zone: str, seen_from: int) -> str:
    """`18:00` where it lies on the day of `seen_from`, else `Tue 3 March 18:00`; the year where that is another."""
    moment, there = _moment(at, zone), _moment(seen_from, zone)
    if moment.date() == there.date():
        return f"{moment:%H:%M}"
    year = "" if moment.year == there.year else f" {moment.year}"
    return f"{moment:%a} {moment.day} {moment:%B}{year} {moment:%H:%M}"


def span(ms: int) -> str:
    """`40 ms`, `1.2 s`, `20 h 5 min`: the two greatest units."""
    if ms < 1_000:
        return f"{ms} ms"
    if ms < 60_000:
        return f"{ms / 1_000:.1f} s".replace(".0 ", " ")
    left, parts = round(ms / 1_000), []
    for name, size in _UNITS:
        count, left = divmod(left, size)
        parts += [(name, count)]
    first = next(place for place, (_, count) in enumerate(parts) if count)
    return " ".join(f"{count} {name}" for name, count in parts[first : first + 2] if count)


def readable(why: str, zone: str, seen_from: int) -> str:
    """A reason of the engine, in which milliseconds become instants that people read."""
    return _INSTANT.sub(lambda found: until(int(found[0]), zone, seen_from), why) if why else ""


def _moment(at: int, zone: str) -> datetime:
    return datetime.fromtimestamp(at / 1000, UTC).astimezone(ZoneInfo(zone))

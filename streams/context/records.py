"""The values of `context.places` and `context.weather`: checked, and as the engine wants them."""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import msgspec

from engine.context import GREATEST_RADIUS_M, Area, Context, Place
from streams.touchpoints.instants import instant_ms
from streams.touchpoints.record import RefusalError, shown

PLACES, WEATHER = "places", "weather"
KINDS = (PLACES, WEATHER)
LARGEST_BYTES = 64 << 10
"""Of one value: every worker holds all of them."""


class ContextFault(Exception):
    """A value that cannot be used: what was found, what is expected, and the cure."""


def put(context: Context, kind: str, key: str, value: bytes | None) -> None:
    """Takes one record into the context; None removes the thing. Raises ContextFault, and changes nothing then."""
    if value is None:
        (context.drop_place if kind == PLACES else context.drop_area)(key)
    elif kind == PLACES:
        context.put_place(read_place(key, value))
    else:
        context.put_area(read_area(key, value))


def check(kind: str, key: str, value: bytes) -> None:
    """Whether a value can be used. Raises ContextFault."""
    put(Context(), kind, key, value)


def read_place(key: str, value: bytes) -> Place:
    """The place of a value whose `id` is the record's key. Raises ContextFault."""
    found = _mapping(key, value)
    return Place(key, _text(found, "kind"), *_point(found), found)


def read_area(key: str, value: bytes) -> Area:
    """The area of weather of a value. Raises ContextFault."""
    found = _mapping(key, value)
    radius = _number(found, "radius_m", 0, GREATEST_RADIUS_M)
    if type(found.get("raining")) is not bool:
        raise ContextFault(f"raining is {shown(found.get('raining'))}, expected true or false")
    at = _instant(found.get("at"))
    return Area(key, *_point(found), radius, at, {**found, "at": at})


def _mapping(key: str, value: bytes) -> dict[str, Any]:
    if len(value) > LARGEST_BYTES:
        raise ContextFault(f"the value has {len(value)} bytes, expected at most {LARGEST_BYTES}")
    try:
        found = msgspec.json.decode(value)
    except (msgspec.DecodeError, UnicodeDecodeError) as fault:
        raise ContextFault(f"the value is no JSON ({fault}); send one JSON object") from None
    if not isinstance(found, dict):
        raise ContextFault(f"the value is {shown(found)}, expected a JSON object")
    if not key or found.get("id") != key:
        raise ContextFault(f"id is {shown(found.get('id'))}, expected the record's key, {shown(key)}")
    return found


def _point(found: Mapping[str, Any]) -> tuple[float, float]:
    return _number(found, "lat", -90, 90), _number(found, "lon", -180, 180)


def _number(found: Mapping[str, Any], name: str, least: float, most: float) -> float:
    number = found.get(name)
    if isinstance(number, bool) or not isinstance(number, int | float) or not least <= number <= most:
        raise ContextFault(f"{name} is {shown(number)}, expected a number from {least:g} to {most:g}")
    return float(number)


def _instant(at: object) -> int:
    if isinstance(at, str | int | float) and not isinstance(at, bool):
        with suppress(RefusalError):
            return instant_ms(at, "at")
    what = "expected an instant such as 2026-03-02T18:00:00Z or milliseconds since 1970"
    raise ContextFault(f"at is {shown(at)}, {what}")


def _text(found: Mapping[str, Any], name: str) -> str:
    text = found.get(name)
    if not isinstance(text, str) or not text:
        raise ContextFault(f"{name} is {shown(text)}, expected text")
    return text

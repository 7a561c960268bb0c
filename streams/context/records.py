"""The values of the context topics: checked, and as the engine wants them."""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import msgspec

from engine.context import GREATEST_RADIUS_M, RADIUS_M, Area, Context, Full, Place
from streams.context.geometry import GeometryFault, point_of, polygons_of
from streams.touchpoints.instants import instant_ms
from streams.touchpoints.record import RefusalError, shown

PLACES, WEATHER = "places", "weather"
KINDS = (PLACES, WEATHER)
"""The kinds that are found by where they are; all others are found by key."""
GEOMETRIES = ("Point", "Polygon", "MultiPolygon")
LARGEST_BYTES = 64 << 10
"""Of one value: every worker holds all of them."""


class ContextFault(Exception):
    """A value that cannot be used: what was found, what is expected, and the cure."""


def put(context: Context, kind: str, key: str, value: bytes | None) -> None:
    """Takes one record into the context; None removes the thing. Raises ContextFault, and changes nothing then."""
    match kind:
        case "places":
            context.drop_place(key) if value is None else context.put_place(read_place(key, value))
        case "weather":
            context.drop_area(key) if value is None else context.put_area(read_area(key, value))
        case _:
            _put_thing(context, kind, key, value)


def _put_thing(context: Context, kind: str, key: str, value: bytes | None) -> None:
    if value is None:
        context.drop_thing(kind, key)
        return
    _mapping(key, value)
    try:
        context.put_thing(kind, key, value)
    except Full as fault:
        raise ContextFault(str(fault)) from None


def check(kind: str, key: str, value: bytes) -> None:
    """Whether a value can be used. Raises ContextFault."""
    put(Context(), kind, key, value)


def read_place(key: str, value: bytes) -> Place:
    """The place of a value whose `id` is the record's key: a point, or a GeoJSON geometry. Raises ContextFault."""
    found = _flat(_mapping(key, value))
    kind = _text(found, "kind")
    if kind == key:
        raise ContextFault(
            f"id and kind are both {shown(key)}; give the place an id of its own, a trigger names either"
        )
    radius = _number(found, "radius_m", 0, GREATEST_RADIUS_M) if "radius_m" in found else RADIUS_M
    geometry = found.get("geometry")
    if geometry is None:
        return Place(key, kind, *_point(found), found, radius)
    if not isinstance(geometry, dict) or geometry.get("type") not in GEOMETRIES:
        raise ContextFault(f"geometry is {shown(geometry)}, expected a GeoJSON object of type {', '.join(GEOMETRIES)}")
    facts = {name: each for name, each in found.items() if name != "geometry"}
    try:
        area = None if geometry["type"] == "Point" else polygons_of(geometry)
        lat, lon = point_of(geometry) if area is None else area.centre
    except GeometryFault as fault:
        raise ContextFault(f"geometry: {fault}") from None
    return Place(key, kind, lat, lon, {**facts, "lat": lat, "lon": lon}, radius, area)


def _flat(found: dict[str, Any]) -> dict[str, Any]:
    """A GeoJSON Feature as a place is written: what it says of itself beside its geometry."""
    told = found.get("properties")
    if found.get("type") != "Feature" or not isinstance(told, dict):
        return found
    return {**told, "id": found["id"], "geometry": found.get("geometry")}


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

"""GeoJSON geometry of a place, checked: a point, a polygon with its holes, or several (source: RFC 7946)."""

from collections.abc import Mapping
from typing import Any

from engine.places.shapes import Polygon, Polygons
from streams.touchpoints.record import shown

MOST_PARTS = 64
"""Polygons of one place."""


class GeometryFault(Exception):
    """A geometry that cannot be used: what was found, what is expected, and the cure."""


def point_of(geometry: Mapping[str, Any]) -> tuple[float, float]:
    """Latitude and longitude of a Point. Raises GeometryFault."""
    lon, lat = _position(geometry.get("coordinates"))
    return lat, lon


def polygons_of(geometry: Mapping[str, Any]) -> Polygons:
    """The shape of a Polygon or MultiPolygon. Raises GeometryFault."""
    coordinates = geometry.get("coordinates")
    parts = [coordinates] if geometry["type"] == "Polygon" else coordinates
    if not isinstance(parts, list) or not 1 <= len(parts) <= MOST_PARTS:
        raise GeometryFault(f"the coordinates of a MultiPolygon are 1 to {MOST_PARTS} polygons, not {shown(parts)}")
    return Polygons(tuple(map(_polygon, parts)))


def _polygon(rings: object) -> Polygon:
    if not isinstance(rings, list) or not rings:
        raise GeometryFault(f"a polygon is a list of rings, the outer one first, not {shown(rings)}")
    try:
        return Polygon([_ring(ring) for ring in rings])
    except ValueError as fault:
        raise GeometryFault(str(fault)) from None


def _ring(ring: object) -> list[tuple[float, float]]:
    if not isinstance(ring, list) or len(ring) < 4:
        raise GeometryFault(f"a ring has at least 4 positions, not {shown(ring)}")
    found = [_position(position) for position in ring]
    if found[0] != found[-1]:
        raise GeometryFault(f"a ring ends where it begins, at {list(found[0])}; add that position again")
    if len(set(found)) < 3:
        raise GeometryFault("a ring has at least 3 different positions")
    return found


def _position(position: object) -> tuple[float, float]:
    """Longitude and latitude; a height is left out."""
    if isinstance(position, list) and 2 <= len(position) <= 3:
        lon, lat = position[:2]
        if _within(lon, 180) and _within(lat, 90):
            return float(lon), float(lat)
    wanted = "longitude from -180 to 180 and latitude from -90 to 90, in this order"
    raise GeometryFault(f"a position is {shown(position)}, expected {wanted}")


def _within(number: object, most: int) -> bool:
    return isinstance(number, int | float) and not isinstance(number, bool) and -most <= number <= most

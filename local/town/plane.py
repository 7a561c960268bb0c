"""The town's plane in metres east and north of its south-western corner, and degrees on earth for it."""

import math
from typing import NamedTuple

WIDTH_M = 6_000.0
HEIGHT_M = 4_000.0
CENTRE = (48.8566, 2.3522)
_LAT_M = 111_195.0
"""Metres of one degree north, on a sphere of 6,371 km."""
_LON_M = _LAT_M * math.cos(math.radians(CENTRE[0]))
DIGITS = 6


class Point(NamedTuple):
    """Metres east and north of the south-western corner."""

    x: float
    y: float

    def distance_m(self, other: "Point") -> float:
        """As the crow flies."""
        return math.hypot(self.x - other.x, self.y - other.y)

    def towards(self, other: "Point", metres: float) -> "Point":
        """The point that lies `metres` from here on the way to `other`, and never behind it."""
        whole = self.distance_m(other)
        if whole <= metres:
            return other
        part = metres / whole
        return Point(self.x + (other.x - self.x) * part, self.y + (other.y - self.y) * part)


def degrees(point: Point) -> tuple[float, float]:
    """Latitude and longitude of a point."""
    lat = CENTRE[0] + (point.y - HEIGHT_M / 2) / _LAT_M
    lon = CENTRE[1] + (point.x - WIDTH_M / 2) / _LON_M
    return round(lat, DIGITS), round(lon, DIGITS)


def point_at(lat: float, lon: float) -> Point:
    """The point of a latitude and longitude."""
    return Point((lon - CENTRE[1]) * _LON_M + WIDTH_M / 2, (lat - CENTRE[0]) * _LAT_M + HEIGHT_M / 2)

"""A place: a point with a radius or a polygon, and how it lies to a point of the earth or to a box of degrees."""

from math import acos, cos, hypot, pi, radians, sin
from typing import Any

import msgspec

from engine.places.earth import EARTH_M, Box, box_around, distance_m
from engine.places.shapes import Polygons

RADIUS_M = 100.0
"""Of a place that is a point and names no radius."""
APART, MEETS, FILLS = 0, 1, 2
"""How a place lies to a box: surely outside of it, perhaps partly inside, surely all over it."""
_ROUNDED = 2e-15
"""More than rounding moves the product of two unit vectors by."""
_SLACK = 2e-7
"""More than rounding moves an angle by that comes of such a product, in radians: a metre."""
_PAD = 1e-9
"""Degrees by which a tile is taken as larger, so that rounding takes no point out of it."""
SIDE = 2
"""A tile is cut into so many rows of so many."""
_CORNERS = 8
"""Corners of a polygon that take as long to look at as a circle."""


class Place(msgspec.Struct, frozen=True):
    """A thing with a position, such as a store; `facts` is what conditions see of it.

    It reaches as far as its `area`; where it is a point, `radius_m` around that.
    """

    id: str
    kind: str
    lat: float
    lon: float
    facts: dict[str, Any]
    radius_m: float = RADIUS_M
    area: Polygons | None = None

    @property
    def boxes(self) -> tuple[Box, ...]:
        """The boxes that hold all that it reaches."""
        return (box_around(self.lat, self.lon, self.radius_m),) if self.area is None else self.area.boxes

    @property
    def spots(self) -> tuple[Box, ...]:
        """Where it is looked for by what is near: a point at its point, whatever its radius."""
        return ((self.lat, self.lat, self.lon, self.lon),) if self.area is None else self.area.boxes

    def covers(self, lat: float, lon: float) -> bool:
        """Whether a point lies inside."""
        if self.area is not None:
            return self.area.covers(lat, lon)
        return distance_m(lat, lon, self.lat, self.lon) <= self.radius_m

    def depth_m(self, lat: float, lon: float) -> float:
        """Metres from a point inside to the edge; less than 0 outside."""
        if self.area is not None:
            return self.area.depth_m(lat, lon)
        return self.radius_m - distance_m(lat, lon, self.lat, self.lon)

    def away_m(self, lat: float, lon: float) -> float:
        """Metres from a point to the place, 0 inside of its polygon."""
        return distance_m(lat, lon, self.lat, self.lon) if self.area is None else self.area.away_m(lat, lon)


Outline = tuple[float, float, float, float, float, Place]
"""A place as it is looked through by the thousand: the unit vector of its middle, two numbers, and the place.

A point whose unit vector makes with that one a product above the first number lies inside; below the second, outside;
between the two the place itself is asked. Of a polygon the first is never reached.
"""


def outline(place: Place) -> Outline:
    """The outline of a place."""
    x, y, z = vector(place.lat, place.lon)
    if place.area is None:
        edge = cos(min(pi, place.radius_m / EARTH_M))
        return x, y, z, edge + _ROUNDED, edge - _ROUNDED, place
    parts = place.area.boxes
    return x, y, z, 2.0, min(_farthest(x, y, z, part) for part in parts) - _SLACK, place


def vector(lat: float, lon: float) -> tuple[float, float, float]:
    """The unit vector of a point."""
    up, aside = radians(lat), radians(lon)
    flat = cos(up)
    return flat * cos(aside), flat * sin(aside), sin(up)


def weight(place: Place) -> int:
    """How long a place takes to look at, in looks at a circle."""
    return 1 if place.area is None else 1 + place.area.corners // _CORNERS


def lies(seen: Outline, box: Box, points: bool) -> int:
    """How a place lies to a box; `points` where of a circle only the middle counts."""
    place = seen[5]
    if place.area is not None:
        return _filled(place.area, padded(box))
    south, north, west, east = padded(box)
    if points:
        return MEETS if south <= place.lat <= north and (place.lon - west) % 360 <= east - west else APART
    middle = (south + north) / 2
    x, y, z = vector(middle, (west + east) / 2)
    away = acos(max(-1.0, min(1.0, x * seen[0] + y * seen[1] + z * seen[2])))
    radius, across = place.radius_m / EARTH_M, _across(box)
    return APART if away > radius + across else FILLS if away < radius - across else MEETS


def parts(seen: Outline, box: Box, points: bool) -> list[tuple[int, int]]:
    """The parts of a tile in which a place lies, by number, and how."""
    if not points and seen[5].area is None:
        return _parts_of_circle(seen, box)
    found = []
    for number in range(SIDE * SIDE):
        how = lies(seen, part_of(box, number), points)
        if how != APART:
            found.append((number, how))
    return found


def _parts_of_circle(seen: Outline, box: Box) -> list[tuple[int, int]]:
    """As `lies` for each part, with what they share computed once."""
    x, y, z, _, _, place = seen
    south, north, west, east = box
    high, wide = (north - south) / SIDE, (east - west) / SIDE
    radius, across = place.radius_m / EARTH_M, _across((south, south + high, west, west + wide), north)
    apart = cos(min(pi, radius + across))
    fills = cos(radius - across) if across < radius < pi else 2.0
    turns = [radians(west + (column + 0.5) * wide) for column in range(SIDE)]
    along = [x * cos(turn) + y * sin(turn) for turn in turns]
    found = []
    for row in range(SIDE):
        up = radians(south + (row + 0.5) * high)
        flat, raised = cos(up), z * sin(up)
        for column, part in enumerate(along, row * SIDE):
            product = flat * part + raised
            if product >= apart:
                found.append((column, FILLS if product > fills else MEETS))
    return found


def _across(box: Box, north_most: float = -90.0) -> float:
    """At least the angle from the middle of a box to a corner, also of one as large up to another north."""
    south, north, west, east = box
    north_most = max(north, north_most)
    # On no parallel of the box is a degree of longitude wider than this.
    widest = 1.0 if south <= 0 <= north_most else cos(radians(min(abs(south), abs(north_most))))
    return hypot(radians(north - south + _PAD) / 2, radians(east - west + _PAD) / 2 * widest) + _SLACK


def part_of(box: Box, number: int) -> Box:
    """The box of one of the parts of a tile."""
    south, north, west, east = box
    high, wide = (north - south) / SIDE, (east - west) / SIDE
    row, column = divmod(number, SIDE)
    return south + row * high, south + (row + 1) * high, west + column * wide, west + (column + 1) * wide


def padded(box: Box) -> Box:
    """The box with what rounding may move its edges by."""
    south, north, west, east = box
    return south - _PAD, north + _PAD, west - _PAD, east + _PAD


def _filled(area: Polygons, box: Box) -> int:
    if area.meets_edge(box):
        return MEETS
    south, north, west, east = box
    return FILLS if area.covers((south + north) / 2, (west + east) / 2) else APART


def _farthest(x: float, y: float, z: float, box: Box) -> float:
    """The product of a unit vector with that of the farthest point of a box, or less."""
    south, north, west, east = box
    to = vector((south + north) / 2, (west + east) / 2)
    away = acos(max(-1.0, min(1.0, x * to[0] + y * to[1] + z * to[2])))
    return cos(min(pi, away + _across(box)))

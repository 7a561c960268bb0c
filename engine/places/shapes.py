"""Shapes: polygons with holes, as GeoJSON draws them, and how deep inside of one a point lies."""

import math
from array import array
from collections.abc import Sequence
from itertools import pairwise

import msgspec

from engine.places.earth import METRES_A_DEGREE, Box, distance_m

FAR_M = 20_000_000.0
"""The depth below which nobody asks: half round the earth."""
_PAD = 1e-9


class Polygon:
    """An outer ring and its holes. Edges are straight lines of longitude and latitude (source: RFC 7946, 3.1.1).

    Rings are closed, unwrapped (a step of longitude is at most 180 degrees), and all about the outer one.
    """

    __slots__ = ("box", "rings")

    def __init__(self, rings: Sequence[Sequence[tuple[float, float]]]) -> None:
        """Rings of longitude and latitude. Raises ValueError for one that goes round a pole."""
        outer = _unwrapped(rings[0])
        lons, lats = outer
        self.box: Box = min(lats) - _PAD, max(lats) + _PAD, min(lons) - _PAD, max(lons) + _PAD
        self.rings = (outer, *(_beside(_unwrapped(ring), self.box[2]) for ring in rings[1:]))

    def covers(self, lat: float, lon: float) -> bool:
        """Whether a point lies inside and in no hole; on an edge either may be said."""
        south, north, west, east = self.box
        if not south <= lat <= north:
            return False
        lon = west + (lon - west) % 360
        return lon <= east and sum(_crossings(ring, lat, lon) for ring in self.rings) % 2 == 1

    def meets_edge(self, box: Box) -> bool:
        """Whether an edge may lie in a box, west of which is any; never false where one does."""
        south, north, west, east = box
        low, high, first, last = self.box
        if north < low or south > high:
            return False
        wide, turned = east - west, first + (west - first) % 360
        for start in (turned - 360, turned):
            if start <= last and start + wide >= first:
                within = south, north, start, start + wide
                if any(_meets(ring, within) for ring in self.rings):
                    return True
        return False

    def edge_m(self, lat: float, lon: float) -> float:
        """Metres to the nearest edge of any ring; cuts along 180 degrees and at a pole are none. FAR_M for no edge."""
        west, east = self.box[2], self.box[3]
        middle = (west + east) / 2
        lon = middle + (lon - middle + 180) % 360 - 180
        return min((_edge_m(ring, lat, lon) for ring in self.rings), default=FAR_M)


Ring = tuple["array[float]", "array[float]"]
"""Longitudes and latitudes, the last as the first."""


class Polygons(msgspec.Struct, frozen=True):
    """One polygon or several that do not overlap."""

    parts: tuple[Polygon, ...]

    @property
    def boxes(self) -> tuple[Box, ...]:
        """The boxes that hold them."""
        return tuple(part.box for part in self.parts)

    def depth_m(self, lat: float, lon: float) -> float:
        """Metres from a point inside to the nearest edge; less than 0 outside."""
        edge = min(part.edge_m(lat, lon) for part in self.parts)
        return edge if self.covers(lat, lon) else -edge

    def away_m(self, lat: float, lon: float) -> float:
        """Metres from a point outside to the nearest edge, 0 inside."""
        return 0.0 if self.covers(lat, lon) else min(part.edge_m(lat, lon) for part in self.parts)

    @property
    def corners(self) -> int:
        """How many corners they have."""
        return sum(len(ring[0]) - 1 for part in self.parts for ring in part.rings)

    def meets_edge(self, box: Box) -> bool:
        """Whether an edge of one may lie in a box; never false where one does."""
        return any(part.meets_edge(box) for part in self.parts)

    def covers(self, lat: float, lon: float) -> bool:
        """Whether a point lies inside of one."""
        return any(part.covers(lat, lon) for part in self.parts)

    @property
    def centre(self) -> tuple[float, float]:
        """The middle of the box of the largest part, latitude and longitude; it may lie outside."""
        south, north, west, east = max((part.box for part in self.parts), key=lambda box: (box[1] - box[0], box))
        return (south + north) / 2, ((west + east) / 2 + 180) % 360 - 180


def _unwrapped(ring: Sequence[tuple[float, float]]) -> Ring:
    lons, lats = array("d", (ring[0][0],)), array("d", (ring[0][1],))
    for (before, lat_before), (lon, lat) in pairwise(ring):
        step = lon - before
        # Half the earth, or the whole of it along a pole, is taken as it is written: so a cut goes round a pole.
        if abs(step) != 180 and not (abs(lat) == 90 and lat == lat_before):
            step = (step + 180) % 360 - 180
        lons.append(lons[-1] + step)
        lats.append(lat)
    if abs(lons[-1] - lons[0]) > 1:
        raise ValueError("a ring goes round a pole; draw it along the pole and 180 degrees, as RFC 7946 does")
    return lons, lats


def _beside(ring: Ring, west: float) -> Ring:
    """The ring moved by whole turns, so that it does not begin west of the outer ring."""
    turns = 360 * math.floor((min(ring[0]) - west) / 360)
    return (array("d", (lon - turns for lon in ring[0])), ring[1]) if turns else ring


def _crossings(ring: Ring, lat: float, lon: float) -> int:
    """How many edges lie east of a point."""
    found = 0
    lons, lats = ring
    x1, y1 = lons[0], lats[0]
    for x2, y2 in zip(lons, lats, strict=True):
        if (y1 > lat) != (y2 > lat) and lon < (x2 - x1) * (lat - y1) / (y2 - y1) + x1:
            found += 1
        x1, y1 = x2, y2
    return found


def _meets(ring: Ring, box: Box) -> bool:
    """Whether an edge has a point in a box: their spans meet, and the corners are not all on one side of its line."""
    south, north, west, east = box
    lons, lats = ring
    x1, y1 = lons[0], lats[0]
    for x2, y2 in zip(lons, lats, strict=True):
        if not (
            (x1 < west and x2 < west) or (x1 > east and x2 > east) or (y1 < south and y2 < south)
            or (y1 > north and y2 > north)
        ):  # fmt: skip
            dx, dy = x2 - x1, y2 - y1
            low, high = dx * (south - y1), dx * (north - y1)
            left, right = dy * (west - x1), dy * (east - x1)
            if min(low, high) <= max(left, right) and max(low, high) >= min(left, right):
                return True
        x1, y1 = x2, y2
    return False


def _edge_m(ring: Ring, lat: float, lon: float) -> float:
    """Metres to the nearest edge, which is looked for in the plane that touches the earth at the point."""
    lons, lats = ring
    narrow = math.cos(math.radians(lat)) or 1e-12
    best, at = math.inf, (0.0, 0.0)
    x1, y1 = (lons[0] - lon) * narrow, lats[0] - lat
    for x, y in zip(lons, lats, strict=True):
        x2, y2 = (x - lon) * narrow, y - lat
        dx, dy = x2 - x1, y2 - y1
        length = dx * dx + dy * dy
        share = min(1.0, max(0.0, -(x1 * dx + y1 * dy) / length)) if length else 0.0
        px, py = x1 + share * dx, y1 + share * dy
        away = px * px + py * py
        if away < best and not _is_cut(x1 / narrow + lon, dx, y1 + lat, y2 + lat):
            best, at = away, (px, py)
        x1, y1 = x2, y2
    if best is math.inf:
        return FAR_M
    near = max(-90.0, min(90.0, lat + at[1]))
    return min(distance_m(lat, lon, near, lon + at[0] / narrow), math.sqrt(best) * METRES_A_DEGREE * 1.01)


def _is_cut(lon: float, east: float, lat: float, other_lat: float) -> bool:
    """Whether an edge is where a map ends and the earth goes on: along 180 degrees, or at a pole."""
    if abs(lat) >= 90 and abs(other_lat) >= 90:
        return True
    return abs(east) < _PAD and abs(abs((lon + 180) % 360 - 180) - 180) < 1e-7

"""The earth as a ball: distances in metres, and the box of degrees that holds a circle."""

import math

EARTH_M = 6_371_008.8
"""The mean radius of the earth (source: IUGG)."""
METRES_A_DEGREE = EARTH_M * math.pi / 180

Box = tuple[float, float, float, float]
"""South, north, west and east in degrees; east may lie beyond 180, and is at most 360 from west."""


def distance_m(lat: float, lon: float, other_lat: float, other_lon: float) -> float:
    """Metres between two points along a great circle, by the haversine formula."""
    phi, other_phi = math.radians(lat), math.radians(other_lat)
    north = math.sin((other_phi - phi) / 2)
    east = math.sin(math.radians(other_lon - lon) / 2)
    share = north * north + math.cos(phi) * math.cos(other_phi) * east * east
    return 2 * EARTH_M * math.asin(min(1.0, math.sqrt(share)))


def box_around(lat: float, lon: float, metres: float) -> Box:
    """The box of all that lies within so many metres, and a metre more, since an edge may be rounded away."""
    up = (metres + 1) / METRES_A_DEGREE
    south, north = lat - up, lat + up
    if south <= -90 or north >= 90:
        return max(-90.0, south), min(90.0, north), -180.0, 180.0
    aside = math.degrees(math.asin(min(1.0, math.sin(math.radians(up)) / math.cos(math.radians(lat)))))
    return south, north, lon - aside, lon + aside

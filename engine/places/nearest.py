"""The nearest place: a search that looks first where the point is, and no further than what it has found so far."""

from math import cos, pi

from engine.places.earth import EARTH_M, Box, box_around
from engine.places.place import SIDE, Place, part_of, vector
from engine.places.tiles import NUMBERS, Tile

_ROUNDED = 2e-15
_POLYGON = 2.0
"""What the outline of a polygon has in the place of a product that no two unit vectors reach."""


class Search:
    """One search around a point: the nearest so far, and the box in which a nearer one must lie."""

    __slots__ = ("_best", "_lat", "_least", "_lon", "_place", "_seen", "_vector", "box")

    def __init__(self, lat: float, lon: float, metres: float) -> None:
        self._lat, self._lon = lat, lon
        self._vector = vector(lat, lon)
        self._place: Place | None = None
        self._seen: set[str] = set()
        self._narrow(metres)

    @property
    def found(self) -> tuple[Place, float] | None:
        """The nearest place with its distance in metres."""
        return None if self._place is None else (self._place, self._best)

    def look(self, tile: Tile, box: Box) -> None:
        """Looks at all in a tile that may be nearer; such a polygon as fills it or lies in it."""
        if tile.tiles is not None:
            self._look_below(tile.tiles, box)
        px, py, pz = self._vector
        polygons = tile.whole
        for number, (x, y, z, sure, _) in enumerate(NUMBERS.iter_unpack(tile.numbers)):
            if sure == _POLYGON:
                polygons = (*polygons, tile.cross[number])
            elif x * px + y * py + z * pz >= self._least:
                self._take(tile.cross[number])
        for place in polygons:
            if place.id not in self._seen:
                self._seen.add(place.id)
                if self._may_be_nearer(place):
                    self._take(place)

    def _look_below(self, tiles: list[Tile | None], box: Box) -> None:
        """The part that the point is in first; then the others, as far as the box still reaches."""
        rows, columns = self._span(box)
        own = -1
        up, across = (self._lat - box[0]) / (box[1] - box[0]), ((self._lon - box[2]) % 360) / (box[3] - box[2])
        if 0 <= up < 1 and across < 1:
            own = int(up * SIDE) * SIDE + int(across * SIDE)
            tile = tiles[own]
            if tile is not None:
                self.look(tile, part_of(box, own))
                rows, columns = self._span(box)
        for row in rows:
            for column in columns:
                tile = tiles[row * SIDE + column]
                if tile is not None and row * SIDE + column != own:
                    self.look(tile, part_of(box, row * SIDE + column))

    def _span(self, box: Box) -> tuple[range, range]:
        """The rows and columns of a tile's parts that the box of the search touches."""
        south, north, west, east = self.box
        high, wide = (box[1] - box[0]) / SIDE, (box[3] - box[2]) / SIDE
        rows = _parts((south - box[0]) / high, (north - box[0]) / high)
        aside = (east - west) / 2
        if aside >= 90:
            return rows, range(SIDE)
        middle = (box[2] + box[3]) / 2
        to = (self._lon - middle + 180) % 360 - 180 + (box[3] - box[2]) / 2
        return rows, _parts((to - aside) / wide, (to + aside) / wide)

    def _may_be_nearer(self, place: Place) -> bool:
        """Whether a polygon reaches into the box; one with a greater id is not better than one of distance 0."""
        if self._best == 0.0 and self._place is not None and self._place.id < place.id:
            return False
        south, north, west, east = self.box
        wide = east - west
        return any(
            low <= north and high >= south and ((first - west) % 360 <= wide or (west - first) % 360 <= last - first)
            for low, high, first, last in place.boxes
        )

    def _take(self, place: Place) -> None:
        away = place.away_m(self._lat, self._lon)
        if away < self._best or (away == self._best and (self._place is None or place.id < self._place.id)):
            self._place = place
            if away < self._best:
                self._narrow(away)

    def _narrow(self, metres: float) -> None:
        self._best = metres
        self._least = cos(min(pi, metres / EARTH_M)) - _ROUNDED
        self.box = box_around(self._lat, self._lon, metres)


def _parts(first: float, last: float) -> range:
    return range(max(0, int(max(first, 0.0))), min(SIDE - 1, int(max(last, -1.0))) + 1)

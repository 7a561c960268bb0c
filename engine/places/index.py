"""Places by cells and tiles: which of them a point lies in, and which is the nearest, at a cost that hangs on these."""

from engine.places.cells import SIZES, SPREAD, box_of, cells_of, cells_of_boxes, columns_of
from engine.places.earth import Box
from engine.places.nearest import Search
from engine.places.place import APART, Outline, Place, lies
from engine.places.tiles import Tile, gather

_Level = tuple[int, float, list[int]]
"""The first cell of a size, the size in degrees, and how many columns each of its rows has."""


class PlaceIndex:
    """Places, each in cells of about its own size, none finer than `finest`; what crowds in a cell cuts it into tiles.

    `points` is true where of a circle only its middle counts.
    """

    __slots__ = ("_finest", "_in_use", "_levels", "_points", "_tiles")

    def __init__(self, finest: int, points: bool) -> None:
        self._finest, self._points = finest, points
        self._tiles: dict[int, Tile] = {}
        self._in_use: dict[int, int] = {}
        self._levels: tuple[_Level, ...] = ()

    def put(self, seen: Outline) -> None:
        """Adds a place."""
        level, cells = cells_of_boxes(self._boxes(seen[5]), self._finest)
        if level not in self._in_use:
            self._use(level, 0)
        self._in_use[level] += 1
        for cell in cells:
            box = box_of(cell)
            how = lies(seen, box, self._points)
            if how != APART:
                tile = self._tiles.get(cell)
                if tile is None:
                    tile = self._tiles[cell] = Tile()
                tile.put(seen, how, box, self._points)

    def drop(self, seen: Outline) -> None:
        """Takes away that very place, by an equal outline."""
        level, cells = cells_of_boxes(self._boxes(seen[5]), self._finest)
        for cell in cells:
            tile = self._tiles.get(cell)
            if tile is not None:
                box = box_of(cell)
                how = lies(seen, box, self._points)
                if how != APART:
                    tile.drop(seen, how, box, self._points)
                if tile.empty:
                    del self._tiles[cell]
        self._in_use[level] -= 1
        if not self._in_use[level]:
            self._use(level, None)

    def at(self, lat: float, lon: float) -> list[Place]:
        """All that cover a point, each once."""
        found: list[Place] = []
        for first, size, columns in self._levels:
            up = (lat + 90) / size
            row = int(up)
            if row >= len(columns):
                row = len(columns) - 1
            count = columns[row]
            across = (lon + 180) % 360 * count / 360
            column = int(across)
            if column >= count:
                column = count - 1
            tile = self._tiles.get(first + row * SPREAD + column)
            if tile is not None:
                gather(tile, up - row, across - column, lat, lon, found)
        return found

    def nearest(self, lat: float, lon: float, metres: float) -> tuple[Place, float] | None:
        """The nearest place within so many metres, with its distance; of two as near the smaller id."""
        search = Search(lat, lon, metres)
        for first, size, columns in self._levels:
            row = min(int((lat + 90) / size), len(columns) - 1)
            count = columns[row]
            own = first + row * SPREAD + min(int((lon + 180) % 360 * count / 360), count - 1)
            tile = self._tiles.get(own)
            if tile is not None:
                search.look(tile, box_of(own))
            for cell in cells_of(first // SPREAD // SPREAD, search.box):
                tile = self._tiles.get(cell)
                if tile is not None and cell != own:
                    search.look(tile, box_of(cell))
        return search.found

    def _boxes(self, place: Place) -> tuple[Box, ...]:
        return place.spots if self._points else place.boxes

    def _use(self, level: int, count: int | None) -> None:
        if count is None:
            del self._in_use[level]
        else:
            self._in_use[level] = count
        self._levels = tuple((each * SPREAD * SPREAD, SIZES[each], columns_of(each)) for each in self._in_use)


def fences() -> PlaceIndex:
    """An index of what places reach, for who is inside: cells of half a kilometre, which few fences leave far."""
    return PlaceIndex(0, points=False)


def spots() -> PlaceIndex:
    """An index of where places are, for what is near: cells of two kilometres, of which few make a large circle."""
    return PlaceIndex(1, points=True)

"""Tiles: a cell that is cut into smaller ones as long as many edges cross it, so that what is looked at is mostly hit.

A place is kept whole where it fills a tile, in which nothing has to be asked of it, and as crossing where it may.
"""

from struct import Struct

from engine.places.earth import Box
from engine.places.place import FILLS, SIDE, Outline, Place, part_of, parts, vector, weight

DEEPEST = 5
"""How often, at most, so that what a place takes is bounded: 17 metres in a cell of half a kilometre."""
CROSSING = 16
"""Looks that crossing places may cost in a tile that is not cut, beside as many again as fill it, twice."""
NUMBERS = Struct("5d")
_INSIDE = 1 - 1e-12


class Tile:
    """What fills it, what crosses it, and the smaller tiles if it is cut; `load` is what looking at the crossing takes.

    What fills a tile is in none of the smaller ones.
    """

    __slots__ = ("cross", "load", "numbers", "tiles", "whole")

    def __init__(self) -> None:
        self.whole: tuple[Place, ...] = ()
        self.cross: tuple[Place, ...] = ()
        self.numbers = b""
        self.tiles: list[Tile | None] | None = None
        self.load = 0

    def put(self, seen: Outline, how: int, box: Box, points: bool, filled: int = 0, depth: int = 0) -> None:
        """Adds a place that lies so in this tile, which has that box and lies in others that `filled` places fill."""
        if how == FILLS:
            self.whole = (*self.whole, seen[5])
        elif self.tiles is not None:
            self._put_below(self.tiles, seen, box, points, filled + len(self.whole), depth)
        else:
            self.cross = (*self.cross, seen[5])
            self.numbers += NUMBERS.pack(*seen[:5])
            self.load += weight(seen[5])
            filled += len(self.whole)
            if self.load > CROSSING + 2 * filled and depth < DEEPEST:
                among = zip(NUMBERS.iter_unpack(self.numbers), self.cross, strict=True)
                crossing = [(*numbers, place) for numbers, place in among]
                self.cross, self.numbers, self.load = (), b"", 0
                self.tiles = [None] * (SIDE * SIDE)
                for each in crossing:
                    self._put_below(self.tiles, each, box, points, filled, depth)

    def drop(self, seen: Outline, how: int, box: Box, points: bool) -> None:
        """Takes away that very place, which lies so in the tile."""
        place = seen[5]
        if how == FILLS:
            self.whole = tuple(each for each in self.whole if each is not place)
        elif self.tiles is None:
            number = next(number for number, each in enumerate(self.cross) if each is place)
            self.cross = (*self.cross[:number], *self.cross[number + 1 :])
            self.numbers = self.numbers[: number * NUMBERS.size] + self.numbers[(number + 1) * NUMBERS.size :]
            self.load -= weight(place)
        else:
            for number, lies in parts(seen, box, points):
                tile = self.tiles[number]
                if tile is not None:
                    tile.drop(seen, lies, part_of(box, number), points)
                    if tile.empty:
                        self.tiles[number] = None
            if not any(self.tiles):
                self.tiles = None

    @property
    def empty(self) -> bool:
        """Whether nothing is in it."""
        return not (self.whole or self.cross or self.tiles)

    def _put_below(
        self, tiles: "list[Tile | None]", seen: Outline, box: Box, points: bool, filled: int, depth: int
    ) -> None:
        for number, how in parts(seen, box, points):
            tile = tiles[number]
            if tile is None:
                tile = tiles[number] = Tile()
            tile.put(seen, how, part_of(box, number), points, filled, depth + 1)


def gather(tile: Tile, up: float, across: float, lat: float, lon: float, found: list[Place]) -> None:
    """Adds the places of a tile that cover a point, which lies at these shares of its height and width."""
    up, across = min(up, _INSIDE), min(across, _INSIDE)
    while tile.tiles is not None:
        if tile.whole:
            found += tile.whole
        up *= SIDE
        across *= SIDE
        row, column = int(up), int(across)
        below = tile.tiles[row * SIDE + column]
        if below is None:
            return
        tile, up, across = below, up - row, across - column
    if tile.whole:
        found += tile.whole
    if tile.cross:
        px, py, pz = vector(lat, lon)
        cross = tile.cross
        for number, (x, y, z, sure, least) in enumerate(NUMBERS.iter_unpack(tile.numbers)):
            product = x * px + y * py + z * pz
            if product >= least and (product > sure or cross[number].covers(lat, lon)):
                found.append(cross[number])

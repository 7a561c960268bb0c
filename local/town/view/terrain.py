"""What never moves on the map, for one size of it: river, streets, stores and their names."""

from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from local.town.geography import BRIDGES, CROSSINGS, RIVER_WIDTH_M, STORES, STREETS, Store, river_y
from local.town.plane import HEIGHT_M, WIDTH_M, Point
from local.town.view import paint
from local.town.view.canvas import ACROSS, DOWN, LEVELS, Dot, Dots, braille, line
from local.town.view.paint import Rgb

STORE_MARK = "■"
_WAVE = "~"
_LEAST_ROWS_OF_RIVER = 1.5
_COLUMNS_FOR_ALL_STREETS = 66
_EIGHTHS = len(LEVELS) - 1
_SHORE = 0.5
"""A cell of which less is dry counts as water, where something else is drawn in it."""


class Cell(NamedTuple):
    """One cell as it is drawn; `bare` where rain may be drawn into it."""

    letter: str
    front: Rgb
    back: Rgb
    bare: bool = False


class Terrain:
    """The town on `columns` by `rows` cells."""

    def __init__(self, columns: int, rows: int) -> None:
        self.columns = columns
        self.rows = rows
        self._banks = [self._bank(column) for column in range(columns)]
        self._streets = self._drawn(bridges=False)
        self._bridges = self._drawn(bridges=True)
        self.marks = {self.cell(store.point): store for store in STORES}
        self.names = self._named()
        self._grounds: dict[int, list[Cell]] = {}

    def dot(self, point: Point) -> Dot:
        """The dot of a point of the town."""
        x = int(point.x / WIDTH_M * self.columns * ACROSS)
        y = int((1 - point.y / HEIGHT_M) * self.rows * DOWN)
        return min(max(x, 0), self.columns * ACROSS - 1), min(max(y, 0), self.rows * DOWN - 1)

    def cell(self, point: Point) -> int:
        """The cell of a point, counted along the rows."""
        x, y = self.dot(point)
        return y // DOWN * self.columns + x // ACROSS

    def middle(self, column: float, row: float) -> Point:
        """The point in the middle of a cell."""
        return Point((column + 0.5) * WIDTH_M / self.columns, (1 - (row + 0.5) / self.rows) * HEIGHT_M)

    def at(self, light: int) -> list[Cell]:
        """All cells at a step of light."""
        if light not in self._grounds:
            self._grounds[light] = [self._cell(place, paint.ground(light)) for place in range(self.columns * self.rows)]
        return self._grounds[light]

    def _cell(self, place: int, colours: paint.Ground) -> Cell:
        row, column = divmod(place, self.columns)
        above, below = self._banks[column]
        dry_above, dry_below = min(1.0, max(0.0, above - row)), min(1.0, max(0.0, row + 1 - below))
        water = dry_above + dry_below < _SHORE
        back = colours.water if water else colours.land
        if place in self.marks:
            return Cell(STORE_MARK, paint.STORE, back)
        if place in self.names:
            return Cell(self.names[place], paint.LABEL, back)
        wet, dry = round((1 - dry_above) * _EIGHTHS), round(dry_below * _EIGHTHS)
        if 0 < wet < _EIGHTHS:
            return Cell(LEVELS[wet], colours.water, colours.land)
        if 0 < dry < _EIGHTHS and wet:
            return Cell(LEVELS[dry], colours.land, colours.water)
        if place in self._bridges:
            return Cell(braille(self._bridges[place]), colours.bridge, back)
        if water:
            return Cell(_WAVE if place * 7 % 5 == 0 else " ", colours.wave, back, bare=True)
        if place in self._streets:
            return Cell(braille(self._streets[place]), colours.street, back)
        return Cell(" ", colours.street, back, bare=True)

    def _bank(self, column: int) -> tuple[float, float]:
        """Where the river begins and ends in a column, in rows from above."""
        north = (1 - river_y(self.middle(column, 0).x) / HEIGHT_M) * self.rows
        half = max(RIVER_WIDTH_M / HEIGHT_M * self.rows, _LEAST_ROWS_OF_RIVER) / 2
        return north - half, north + half

    def _drawn(self, bridges: bool) -> dict[int, int]:
        """The bits of the bridges, or of all other streets."""
        dots = Dots(self.columns, self.rows)
        for one, ways in STREETS.items():
            for other in ways:
                start, end = CROSSINGS[one], CROSSINGS[other]
                crosses = (start.y > river_y(start.x)) != (end.y > river_y(end.x))
                if one < other and crosses == bridges and self._shown(one, other):
                    dots.draw(line(self.dot(start), self.dot(end)))
        return dots.cells

    def _shown(self, one: tuple[int, int], other: tuple[int, int]) -> bool:
        """Whether there is room for this street: in a small map only the avenues are drawn."""
        if self.columns >= _COLUMNS_FOR_ALL_STREETS:
            return True
        return one[0] in BRIDGES if one[0] == other[0] else one[1] % 3 == 1

    def _named(self) -> dict[int, str]:
        """The letters of the names, each beside its store, where nothing else stands."""
        found: dict[int, str] = {}
        taken = set(self.marks)
        for place, store in self.marks.items():
            for start in self._starts(place, store):
                row = start // self.columns
                wanted = range(start, start + len(store.name))
                # A free cell on both sides keeps two names apart.
                around = range(wanted.start - 1, wanted.stop + 1)
                fits = wanted.start >= row * self.columns and wanted.stop <= (row + 1) * self.columns
                if fits and 0 <= row < self.rows and not taken & (set(around) - {place}):
                    found.update(zip(wanted, store.name, strict=True))
                    taken.update(around)
                    break
        return found

    def _starts(self, place: int, store: Store) -> Iterator[int]:
        """Where the name of a store may begin: to the right, to the left, below, above."""
        yield place + 2
        yield place - 1 - len(store.name)
        row, column = divmod(place, self.columns)
        left = min(max(column - len(store.name) // 2, 0), max(0, self.columns - len(store.name)))
        yield (row + 1) * self.columns + left
        yield (row - 1) * self.columns + left


@lru_cache(maxsize=8)
def terrain(columns: int, rows: int) -> Terrain:
    """The terrain of a size, made once."""
    return Terrain(columns, rows)

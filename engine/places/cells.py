"""Cells: the earth cut into rows and columns of about equal width, at several sizes, and what lies in each."""

import math
from collections.abc import Iterable, Iterator
from functools import cache
from typing import Generic, TypeVar

from engine.places.earth import Box

SIZES: tuple[float, ...] = tuple(0.005 * 4.0**level for level in range(9))
"""The height of a row in degrees, from 560 metres to all there is."""
MOST_CELLS = 12
"""Of one thing: a larger one is kept in larger cells."""
_ROWS = tuple(math.ceil(180 / size) for size in SIZES)
SPREAD = 1 << 20
"""More than there are rows or columns: a cell is its level, row and column in one number."""

T = TypeVar("T")


class CellIndex(Generic[T]):
    """Things by the cells that they touch, each in cells of about its own size; none finer than `finest`.

    A question looks at one cell of each size in use, so that it costs the same among few and among many.
    """

    __slots__ = ("_cells", "_finest", "_in_use")

    def __init__(self, finest: int = 0) -> None:
        self._cells: dict[int, list[T]] = {}
        self._finest = finest
        self._in_use: dict[int, int] = {}

    def put(self, thing: T, boxes: Iterable[Box]) -> None:
        """Adds a thing that lies in these boxes."""
        level, cells = cells_of_boxes(boxes, self._finest)
        self._in_use[level] = self._in_use.get(level, 0) + 1
        for cell in cells:
            self._cells.setdefault(cell, []).append(thing)

    def drop(self, thing: T, boxes: Iterable[Box]) -> None:
        """Takes away that very thing, which was put with equal boxes."""
        level, cells = cells_of_boxes(boxes, self._finest)
        self._in_use[level] -= 1
        if not self._in_use[level]:
            del self._in_use[level]
        for cell in cells:
            left = [each for each in self._cells[cell] if each is not thing]
            if left:
                self._cells[cell] = left
            else:
                del self._cells[cell]

    def at(self, lat: float, lon: float) -> Iterator[T]:
        """All that may lie at a point, each once."""
        for level in self._in_use:
            found = self._cells.get(cell_of(level, lat, lon))
            if found:
                yield from found


def cells_of_boxes(boxes: Iterable[Box], finest: int = 0) -> tuple[int, set[int]]:
    """The level of about the size of what lies in these boxes, not below the finest, and the cells that it touches."""
    among = list(boxes)
    for level in range(finest, len(SIZES)):
        # What has many boxes may have many cells at any size; so each box has its share.
        cells = _at_most(level, among, MOST_CELLS + len(among))
        if cells is not None:
            return level, cells
    return len(SIZES) - 1, {cell for box in among for cell in cells_of(len(SIZES) - 1, box)}


def cell_of(level: int, lat: float, lon: float) -> int:
    """The cell of a point."""
    row = min(int((lat + 90) / SIZES[level]), _ROWS[level] - 1)
    columns = _columns(level, row)
    return (level * SPREAD + row) * SPREAD + min(int((lon + 180) % 360 * columns / 360), columns - 1)


def cells_of(level: int, box: Box) -> Iterator[int]:
    """The cells that a box touches, each once."""
    south, north, west, east = box
    size, last = SIZES[level], _ROWS[level] - 1
    for row in range(min(int((south + 90) / size), last), min(int((north + 90) / size), last) + 1):
        columns = _columns(level, row)
        base = (level * SPREAD + row) * SPREAD
        first = math.floor((west + 180) * columns / 360)
        count = min(columns, math.floor((east + 180) * columns / 360) - first + 1)
        for column in range(first, first + count):
            yield base + column % columns


def box_of(cell: int) -> Box:
    """The box of a cell."""
    level, row, column = cell // SPREAD // SPREAD, cell // SPREAD % SPREAD, cell % SPREAD
    size, wide = SIZES[level], 360 / _columns(level, row)
    return row * size - 90, (row + 1) * size - 90, column * wide - 180, (column + 1) * wide - 180


@cache
def columns_of(level: int) -> list[int]:
    """How many cells each row of a level has."""
    return [_counted(level, row) for row in range(_ROWS[level])]


def _at_most(level: int, boxes: list[Box], most: int) -> set[int] | None:
    found: set[int] = set()
    for box in boxes:
        for cell in cells_of(level, box):
            found.add(cell)
            if len(found) > most:
                return None
    return found


@cache
def _columns(level: int, row: int) -> int:
    return _counted(level, row)


def _counted(level: int, row: int) -> int:
    """How many cells a row has: fewer towards the poles, so that none is narrower than it is high."""
    size = SIZES[level]
    return max(1, int(360 / size * math.cos(math.radians((row + 0.5) * size - 90))))

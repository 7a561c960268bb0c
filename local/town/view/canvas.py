"""Braille dots, two by four in a cell, and eighths of a cell: how a terminal draws finer than its letters."""

import math
from collections.abc import Iterator

ACROSS, DOWN = 2, 4
"""Dots in a cell."""
_BITS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))
LEVELS = " ▁▂▃▄▅▆▇█"
"""A cell that is filled from below, by eighths."""
UPPER_HALF = "▀"

Dot = tuple[int, int]


class Dots:
    """Dots by cell, on `columns` by `rows` cells; what lies outside is passed over. `cells` maps a cell to its bits."""

    def __init__(self, columns: int, rows: int) -> None:
        self.columns = columns
        self.rows = rows
        self.cells: dict[int, int] = {}

    def set(self, x: int, y: int) -> None:
        """Sets the dot at `x` from the left and `y` from above."""
        if 0 <= x < self.columns * ACROSS and 0 <= y < self.rows * DOWN:
            place = y // DOWN * self.columns + x // ACROSS
            self.cells[place] = self.cells.get(place, 0) | _BITS[y % DOWN][x % ACROSS]

    def draw(self, dots: Iterator[Dot]) -> None:
        """Sets all of them."""
        for x, y in dots:
            self.set(x, y)


def is_set(bits: int, x: int, y: int) -> bool:
    """Whether a cell with these bits has a dot there."""
    return bool(bits & _BITS[y][x])


def braille(bits: int) -> str:
    """The letter with these dots."""
    return chr(0x2800 + bits)


def line(start: Dot, end: Dot) -> Iterator[Dot]:
    """The dots from one to another."""
    steps = max(abs(end[0] - start[0]), abs(end[1] - start[1]), 1)
    for step in range(steps + 1):
        part = step / steps
        yield round(start[0] + (end[0] - start[0]) * part), round(start[1] + (end[1] - start[1]) * part)


def ring(middle: Dot, radius: float) -> Iterator[Dot]:
    """The dots of a circle."""
    count = max(8, math.ceil(radius * 5))
    for step in range(count):
        angle = 2 * math.pi * step / count
        yield round(middle[0] + radius * math.cos(angle)), round(middle[1] + radius * math.sin(angle))

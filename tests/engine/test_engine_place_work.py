"""The work of a look among fences, counted: it does not grow from a hundred over a country to a hundred thousand."""

import random
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest

from engine.context import Place
from engine.places import tiles
from engine.places.index import PlaceIndex, fences
from engine.places.place import outline

FEW, PART = 100, 25
"""Fences over a whole country, and the part of it that holds as many of a hundred thousand as there is time for."""
SOUTH, WEST, HIGH, WIDE = 43.0, -1.0, 7.0, 8.0
LOOKS = 2_000


class Work(NamedTuple):
    """Of one look, in the mean: cells looked up, edges of places compared."""

    cells: float
    edges: float


class CountedCells(dict[int, Any]):
    """Counts the cells that are looked up."""

    looked_up = 0

    def get(self, cell: int, default: Any = None) -> Any:
        self.looked_up += 1
        return super().get(cell, default)


class CountedNumbers:
    """Counts the places of a tile that a point is compared with."""

    def __init__(self, among: Any) -> None:
        self.compared, self._among, self.size, self.pack = 0, among, among.size, among.pack

    def iter_unpack(self, numbers: bytes) -> Iterator[tuple[float, ...]]:
        self.compared += len(numbers) // self.size
        return iter(self._among.iter_unpack(numbers))


def places(count: int, share: float) -> list[Place]:
    """Circles of 30 to 300 metres, evenly over that share of the country."""
    dice = random.Random(count)
    return [
        Place(
            f"s{number}", "stores", SOUTH + HIGH * dice.random(), WEST + WIDE * share * dice.random(), {},
            dice.uniform(30, 300),
        )
        for number in range(count)
    ]  # fmt: skip


def worked(index: PlaceIndex, points: list[tuple[float, float]], monkeypatch: pytest.MonkeyPatch) -> Work:
    """What looks at these points take in the mean."""
    cells, numbers = CountedCells(index._tiles), CountedNumbers(tiles.NUMBERS)
    index._tiles = cells
    with monkeypatch.context() as patched:
        patched.setattr(tiles, "NUMBERS", numbers)
        for point in points:
            index.at(*point)
    return Work(cells.looked_up / len(points), numbers.compared / len(points))


def test_among_a_hundred_thousand_as_few_are_looked_at_as_among_a_hundred(monkeypatch: pytest.MonkeyPatch) -> None:
    dice, found = random.Random(7), []
    for among, share in ((places(FEW, 1.0), 1.0), (places(100_000 // PART, 1 / PART), 1 / PART)):
        index = fences()
        for place in among:
            index.put(outline(place))
        anywhere = [(SOUTH + HIGH * dice.random(), WEST + WIDE * share * dice.random()) for _ in range(LOOKS)]
        within = [(place.lat, place.lon) for place in dice.choices(among, k=LOOKS)]
        found.append((worked(index, anywhere, monkeypatch), worked(index, within, monkeypatch)))
    (few_anywhere, few_within), (anywhere_of_many, within_of_many) = found
    assert anywhere_of_many.cells == few_anywhere.cells == within_of_many.cells == few_within.cells
    assert anywhere_of_many.edges <= few_anywhere.edges + 0.5
    assert few_within.edges > 0
    assert within_of_many.edges <= few_within.edges + 0.5

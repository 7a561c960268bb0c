"""The map of the town, the same for every seed: a river, bridges, streets, districts and stores."""

import math
from functools import cache
from heapq import heappop, heappush
from itertools import pairwise
from random import Random
from typing import NamedTuple

from local.town.plane import HEIGHT_M, WIDTH_M, Point, degrees

RIVER_WIDTH_M = 150.0
COLUMNS, ROWS = 18, 13
BRIDGES = (3, 6, 9, 12, 15)
"""The columns of streets that cross the river."""
_JITTER_M = 55.0
_BANK_M = 40.0


class Store(NamedTuple):
    """A place of kind `stores`."""

    id: str
    name: str
    point: Point


class District(NamedTuple):
    """A part of the town and the middle of it."""

    name: str
    point: Point


def river_y(x: float) -> float:
    """How far north the middle of the river lies at `x` metres east."""
    return 1_750.0 + 430.0 * math.sin(x / 1_150.0 - 0.6) + 130.0 * math.sin(x / 430.0)


RIVER = tuple(Point(float(x), river_y(x)) for x in range(-200, int(WIDTH_M) + 201, 100))


def _crossings() -> dict[tuple[int, int], Point]:
    """Where streets meet, by column and row; none in the river."""
    dice = Random("streets of the town")
    found = {}
    for column in range(COLUMNS):
        for row in range(ROWS):
            x = (column + 0.5) * WIDTH_M / COLUMNS + dice.uniform(-_JITTER_M, _JITTER_M)
            y = (row + 0.5) * HEIGHT_M / ROWS + dice.uniform(-_JITTER_M, _JITTER_M)
            if abs(y - river_y(x)) > RIVER_WIDTH_M / 2 + _BANK_M:
                found[column, row] = Point(x, y)
    return found


CROSSINGS = _crossings()


def _is_north(point: Point) -> bool:
    return point.y > river_y(point.x)


def _streets() -> dict[tuple[int, int], tuple[tuple[int, int], ...]]:
    """For each crossing those that a street leads to."""
    pairs = [((c, r), (c + 1, r)) for c, r in CROSSINGS if (c + 1, r) in CROSSINGS]
    for column in range(COLUMNS):
        rows = [row for row in range(ROWS) if (column, row) in CROSSINGS]
        pairs += [((column, low), (column, high)) for low, high in pairwise(rows)]
    found: dict[tuple[int, int], list[tuple[int, int]]] = {each: [] for each in CROSSINGS}
    for one, other in pairs:
        same_bank = _is_north(CROSSINGS[one]) == _is_north(CROSSINGS[other])
        if same_bank or (one[0] == other[0] and one[0] in BRIDGES):
            found[one].append(other)
            found[other].append(one)
    return {each: tuple(sorted(ways)) for each, ways in found.items()}


STREETS = _streets()
WALKABLE = tuple(sorted(each for each, ways in STREETS.items() if ways))

_DISTRICTS = (
    ("Haute-Rive", 1_050, 3_350), ("Les Tilleuls", 2_950, 3_450), ("La Verrerie", 4_900, 3_300),
    ("Vieux-Pont", 2_500, 2_600), ("Saint-Aubin", 4_350, 2_200), ("Port-Sec", 900, 600),
    ("Champ-Rond", 3_000, 850), ("Les Moulins", 5_150, 600),
)  # fmt: skip
DISTRICTS = tuple(District(name, Point(x, y)) for name, x, y in _DISTRICTS)

_STORES = (
    ("quai-vert", "Quai Vert", 4, 5), ("vieux-pont", "Vieux-Pont", 8, 9), ("tilleuls", "Les Tilleuls", 10, 11),
    ("haute-rive", "Haute-Rive", 2, 10), ("verrerie", "La Verrerie", 14, 10), ("saint-aubin", "Saint-Aubin", 13, 7),
    ("halles", "Les Halles", 6, 8), ("port-sec", "Port-Sec", 2, 2), ("champ-rond", "Champ-Rond", 9, 3),
    ("moulins", "Les Moulins", 15, 2),
)  # fmt: skip


def nearest_crossing(point: Point) -> tuple[int, int]:
    """The crossing that a street leads to and that lies nearest."""
    return min(WALKABLE, key=lambda each: CROSSINGS[each].distance_m(point))


def _store(id: str, name: str, column: int, row: int) -> Store:
    wanted = Point((column + 0.5) * WIDTH_M / COLUMNS, (row + 0.5) * HEIGHT_M / ROWS)
    return Store(id, name, CROSSINGS[nearest_crossing(wanted)])


STORES = tuple(_store(*each) for each in _STORES)


def nearest_store(point: Point) -> Store:
    """The store that lies nearest, however far."""
    return min(STORES, key=lambda store: store.point.distance_m(point))


def place_record(store: Store) -> dict[str, object]:
    """A store as a value for the context topic of places."""
    lat, lon = degrees(store.point)
    return {"id": store.id, "kind": "stores", "name": store.name, "lat": lat, "lon": lon}


@cache
def _towards(goal: tuple[int, int]) -> dict[tuple[int, int], tuple[int, int]]:
    """From each crossing the next one on the shortest way to `goal`."""
    after: dict[tuple[int, int], tuple[int, int]] = {}
    best = {goal: 0.0}
    queue = [(0.0, goal)]
    while queue:
        far, here = heappop(queue)
        if far > best[here]:
            continue
        for other in STREETS[here]:
            further = far + CROSSINGS[here].distance_m(CROSSINGS[other])
            if further < best.get(other, math.inf):
                best[other], after[other] = further, here
                heappush(queue, (further, other))
    return after


def route(start: Point, goal: Point) -> list[Point]:
    """The shortest way along the streets from the crossing nearest to `start` to `goal`, which ends it."""
    here, end = nearest_crossing(start), nearest_crossing(goal)
    after = _towards(end)
    way = [CROSSINGS[here]]
    while here != end:
        here = after[here]
        way.append(CROSSINGS[here])
    return [*way, goal] if way[-1] != goal else way

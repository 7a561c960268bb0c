"""Places: microseconds of a look among a hundred, ten thousand and a hundred thousand fences, and their ratio.

`python -m bench.places` prints a line a case, in time of the processor, with what a hit takes where a fix has some and
what it costs to put a place, to replace it, and to hold it; `--memory` adds what a million things of a kind take.
"""

import argparse
import math
import random
import sys
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from time import process_time_ns

sys.path.insert(0, str(Path(__file__).parent.parent))

from engine.context import Context, Place
from engine.places.shapes import Polygon, Polygons

COUNTS = (100, 10_000, 100_000)
FRANCE = (43.0, 50.0, -1.0, 7.0)
TOWN = (48.75, 48.95, 2.2, 2.5)
LOOKS = 20_000


def main() -> None:
    """Prints what each question costs, by how many fences there are."""
    given = argparse.ArgumentParser(description=__doc__)
    given.add_argument("--memory", action="store_true", help="what a million things of a kind take")
    for title, box in (("over a country", FRANCE), ("in one town", TOWN)):
        told: dict[str, list[float]] = {}
        for count in COUNTS:
            for name, figure in _figures(count, box).items():
                told.setdefault(name, []).append(figure)
        for name, figures in told.items():
            shown = ", ".join(f"{count:,}: {figure:.2f}" for count, figure in zip(COUNTS, figures, strict=True))
            ratio = f"; ratio {figures[-1] / figures[0]:.2f}" if figures[0] else ""
            sys.stdout.write(f"{title}, {name}: {shown}{ratio}\n")
    if given.parse_args().memory:
        _memory()


def _figures(count: int, box: tuple[float, float, float, float]) -> dict[str, float]:
    places = _places(count, box)
    context = Context()
    started = process_time_ns()
    for place in places:
        context.put_place(place)
    put = (process_time_ns() - started) / count / 1000
    some = places[:: max(1, count // 200)]
    started = process_time_ns()
    for place in some:
        context.put_place(place)
    replaced = (process_time_ns() - started) / len(some) / 1000
    dice = random.Random(7)
    south, north, west, east = box
    anywhere = [(dice.uniform(south, north), dice.uniform(west, east)) for _ in range(LOOKS)]
    within = [(place.lat, place.lon) for place in dice.choices(places, k=LOOKS)]
    hits = sum(len(context.inside(*point)) for point in within) / LOOKS
    inside = _microseconds(context.inside, within)
    return {
        "inside, us": _microseconds(context.inside, anywhere),
        "inside, fix in the middle of a fence, us": inside,
        "of these, hits a fix": hits,
        "us a hit": inside / hits,
        "nearest 300 m, us": _microseconds(lambda lat, lon: context.nearest(lat, lon, "stores", 300.0), anywhere),
        "put one, us": put,
        "replace one, us": replaced,
        "held beside the places themselves, bytes each": _held(places),
    }


def _held(places: list[Place]) -> float:
    """What the index takes, of at most 3,000 places that lie as densely."""
    some = sorted(places, key=lambda place: (place.lon, place.lat))[:3_000]
    tracemalloc.start()
    context = Context()
    for place in some:
        context.put_place(place)
    taken = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    return taken / len(some)


def _places(count: int, box: tuple[float, float, float, float]) -> list[Place]:
    """Circles of 30 to 300 metres, and every tenth a polygon of 12 corners."""
    dice, found = random.Random(count), []
    south, north, west, east = box
    for number in range(count):
        lat, lon, radius = dice.uniform(south, north), dice.uniform(west, east), dice.uniform(30, 300)
        area = _polygon(lat, lon, radius) if number % 10 == 0 else None
        found.append(Place(f"s{number}", "stores", lat, lon, {"id": f"s{number}"}, radius, area))
    return found


def _polygon(lat: float, lon: float, radius: float) -> Polygons:
    corners = [2 * math.pi * corner / 12 for corner in range(12)]
    ring = [(lon + radius * math.cos(turn) / 75_000, lat + radius * math.sin(turn) / 111_000) for turn in corners]
    return Polygons((Polygon([[*ring, ring[0]]]),))


def _microseconds(asked: Callable[[float, float], object], points: list[tuple[float, float]]) -> float:
    costs = []
    for _ in range(3):
        started = process_time_ns()
        for lat, lon in points:
            asked(lat, lon)
        costs.append((process_time_ns() - started) / len(points) / 1000)
    return min(costs)


def _memory() -> None:
    tracemalloc.start()
    context = Context()
    for number in range(1_000_000):
        context.put_thing("stock", f"sku-{number}", b'{"left":%d,"store":"s1"}' % number)
    sys.stdout.write(f"a million things of a kind: {tracemalloc.get_traced_memory()[0] / 1e6:.0f} MB\n")
    tracemalloc.stop()


if __name__ == "__main__":
    main()

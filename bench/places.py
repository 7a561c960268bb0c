"""Places: microseconds of a look among a hundred, ten thousand and a hundred thousand fences, and their ratio.

`python -m bench.places` prints one line a case; `--memory` adds what a million things of a kind take.
"""

import argparse
import math
import random
import sys
import tracemalloc
from pathlib import Path
from time import perf_counter_ns

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
        contexts = [_filled(count, box) for count in COUNTS]
        for name in ("inside", "nearest 300 m"):
            told = [_microseconds(context, name, box) for context in contexts]
            shown = ", ".join(f"{count:,}: {cost:.2f} us" for count, cost in zip(COUNTS, told, strict=True))
            sys.stdout.write(f"{title}, {name}: {shown}; ratio {told[-1] / told[0]:.2f}\n")
    if given.parse_args().memory:
        _memory()


def _filled(count: int, box: tuple[float, float, float, float]) -> Context:
    """Circles of 30 to 300 metres, and every tenth a polygon of 12 corners."""
    dice, context = random.Random(count), Context()
    south, north, west, east = box
    for number in range(count):
        lat, lon, radius = dice.uniform(south, north), dice.uniform(west, east), dice.uniform(30, 300)
        area = _polygon(lat, lon, radius) if number % 10 == 0 else None
        context.put_place(Place(f"s{number}", "stores", lat, lon, {"id": f"s{number}"}, radius, area))
    return context


def _polygon(lat: float, lon: float, radius: float) -> Polygons:
    corners = [2 * math.pi * corner / 12 for corner in range(12)]
    ring = [(lon + radius * math.cos(turn) / 75_000, lat + radius * math.sin(turn) / 111_000) for turn in corners]
    return Polygons((Polygon([[*ring, ring[0]]]),))


def _microseconds(context: Context, name: str, box: tuple[float, float, float, float]) -> float:
    dice = random.Random(7)
    south, north, west, east = box
    points = [(dice.uniform(south, north), dice.uniform(west, east)) for _ in range(LOOKS)]
    costs = []
    for _ in range(3):
        started = perf_counter_ns()
        if name == "inside":
            for lat, lon in points:
                list(context.inside(lat, lon))
        else:
            for lat, lon in points:
                context.nearest(lat, lon, "stores", 300.0)
        costs.append((perf_counter_ns() - started) / LOOKS / 1000)
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

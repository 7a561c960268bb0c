"""Tiles: where places crowd, cut cells answer as a look at all, and few are looked at for nothing."""

import math
import random

import pytest

from engine.context import Context, Place
from engine.places import tiles
from engine.places.earth import METRES_A_DEGREE
from engine.places.shapes import Polygon, Polygons
from engine.places.tiles import Tile

MIDDLES = [(48.8566, 2.3522), (0.0, 179.9999), (0.0, -180.0), (-85.0, 10.0), (89.999, -30.0), (0.0005, 0.0)]


def crowd(dice: random.Random, count: int, middle: tuple[float, float]) -> list[Place]:
    """Circles and jagged rings within half a kilometre of a point, some of them twice in the same place."""
    lat, lon = middle
    narrow = max(0.05, math.cos(math.radians(lat)))
    found: list[Place] = []
    for number in range(count):
        up = max(-89.9995, min(89.9995, lat + dice.uniform(-0.005, 0.005)))
        aside = (lon + dice.uniform(-0.005, 0.005) / narrow + 180) % 360 - 180
        radius = dice.choice([0.0, 20.0, dice.uniform(30, 300), 700.0])
        area = None
        if dice.random() < 0.3 and abs(lat) < 86:
            turns = [2 * math.pi * corner / 7 for corner in range(7)]
            reach = [dice.uniform(0.0002, 0.003) for _ in turns]
            ring = [
                ((aside + far / narrow * math.cos(turn) + 180) % 360 - 180, up + far * math.sin(turn))
                for far, turn in zip(reach, turns, strict=True)
            ]
            area = Polygons((Polygon([[*ring, ring[0]]]),))
        found.append(Place(f"p{number}", dice.choice(["stores", "parks"]), up, aside, {}, radius, area))
    return found


@pytest.fixture(params=[4, 16])
def crossing(request, monkeypatch):
    """With as few as four crossing places a cell is cut."""
    monkeypatch.setattr(tiles, "CROSSING", request.param)
    monkeypatch.setattr(tiles, "DEEPEST", 4)


@pytest.mark.usefixtures("crossing")
@pytest.mark.parametrize("middle", MIDDLES)
def test_a_crowd_is_found_as_a_look_at_all_finds_it(middle):
    for seed in range(4):
        _compare(random.Random(seed), middle)


def _compare(dice: random.Random, middle: tuple[float, float]) -> None:
    context, count, metres = Context(), dice.randint(1, 40), dice.choice([0.0, 40.0, 600.0])
    places = crowd(dice, count, middle)
    for place in places:
        context.put_place(place)
    for place in dice.sample(places, count // 2):
        context.drop_place(place.id)
    for _ in range(10):
        lat = max(-90.0, min(90.0, middle[0] + dice.uniform(-0.006, 0.006)))
        lon = (middle[1] + dice.uniform(-0.006, 0.006) + 180) % 360 - 180
        left = context.places.values()
        found = [each.id for each in context.inside(lat, lon)]
        assert sorted(found) == sorted(each.id for each in left if each.covers(lat, lon))
        near = [(each.away_m(lat, lon), each.id) for each in left if each.kind == "stores"]
        wanted = min((each for each in near if each[0] <= metres), default=None)
        told = context.nearest(lat, lon, "stores", metres)
        assert (told and (told[1], told[0].id)) == wanted


def test_where_all_are_gone_no_tile_is_left():
    context, dice = Context(), random.Random(4)
    places = crowd(dice, 200, MIDDLES[0])
    for place in places:
        context.put_place(place)
    assert any(tile.tiles for tile in context._fences._tiles.values())
    for place in places:
        context.drop_place(place.id)
    assert not context._fences._tiles
    assert not context._fences._in_use


def test_in_a_crowd_what_is_looked_at_for_nothing_is_less_than_what_is_hit():
    context, dice = Context(), random.Random(5)
    for number in range(3_000):
        where = 48.85 + dice.uniform(0, 0.035), 2.35 + dice.uniform(0, 0.05)
        context.put_place(Place(f"s{number}", "stores", *where, {}, dice.uniform(30, 300)))
    hits = looks = 0
    for _ in range(300):
        lat, lon = 48.86 + dice.uniform(0, 0.015), 2.36 + dice.uniform(0, 0.03)
        inside = context.inside(lat, lon)
        hits += len(inside)
        looks += _crossing_at(context, lat, lon)
    assert hits / 300 > 15
    assert looks < 1.5 * hits + 16 * 300


def test_a_place_takes_no_more_tiles_than_its_edge_is_long():
    context = Context()
    for number in range(200):
        context.put_place(Place(f"s{number}", "stores", 48.85, 2.35, {}, 300.0))
    kept = sum(len(tile.cross) + len(tile.whole) for root in context._fences._tiles.values() for tile in _all(root))
    smallest = 0.005 / 2**tiles.DEEPEST * METRES_A_DEGREE
    assert kept / 200 < 3 * 2 * math.pi * 300 / smallest


def _all(tile: Tile) -> list[Tile]:
    return [tile, *(each for below in tile.tiles or () if below is not None for each in _all(below))]


def _crossing_at(context: Context, lat: float, lon: float) -> int:
    """How many places are asked whether they cover a point."""
    seen = 0
    for first, size, columns in context._fences._levels:
        row = int((lat + 90) / size)
        across = (lon + 180) % 360 * columns[row] / 360
        tile = context._fences._tiles.get(first + row * (1 << 20) + int(across))
        up, across = (lat + 90) / size - row, across - int(across)
        while tile is not None and tile.tiles is not None:
            up, across = up * 2, across * 2
            tile, up, across = tile.tiles[int(up) * 2 + int(across)], up - int(up), across - int(across)
        if tile is not None:
            seen += len(tile.cross)
    return seen

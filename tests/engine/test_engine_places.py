"""Places with shapes: every answer of the index is that of a look at all, and that of an oracle for polygons."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import Point as Spot
from shapely import Polygon as Drawn

from engine.context import Asked, Context, Full, Place
from engine.places import cells
from engine.places.earth import METRES_A_DEGREE, box_around, distance_m
from engine.places.shapes import Polygon, Polygons

PARIS = (48.8566, 2.3522)
lats = st.floats(-90, 90) | st.sampled_from([0.0, 48.85, 89.99, -89.99, 90.0, -90.0])
lons = st.floats(-180, 180) | st.sampled_from([0.0, 2.35, 179.999, -179.999, 180.0, -180.0])
near = st.floats(-0.02, 0.02)
quick = settings(deadline=None, max_examples=60)


def square(name: str, south: float, west: float, side: float, hole: float = 0.0, kind: str = "parks") -> Place:
    """A square of so many degrees, with a square hole of so many in its middle; `west + side` may lie beyond 180."""
    rings = [_ring(south, west, side)]
    if hole:
        inset = (side - hole) / 2
        rings.append(_ring(south + inset, west + inset, hole))
    area = Polygons((Polygon(rings),))
    return Place(name, kind, *area.centre, {"name": name}, area=area)


def _ring(south: float, west: float, side: float) -> list[tuple[float, float]]:
    east, north = west + side, south + side
    corners = [(west, south), (east, south), (east, north), (west, north), (west, south)]
    return [((lon + 180) % 360 - 180, lat) for lon, lat in corners]


@quick
@given(lats, lons, st.lists(st.tuples(near, near, st.floats(0, 3_000)), max_size=12))
def test_who_is_inside_is_as_a_look_at_all_says(lat, lon, told):
    context = Context()
    for number, (up, aside, radius) in enumerate(told):
        where = max(-90.0, min(90.0, lat + up)), (lon + aside + 180) % 360 - 180
        context.put_place(Place(f"s{number}", "stores", *where, {}, radius))
    wanted = {each.id for each in context.places.values() if distance_m(lat, lon, each.lat, each.lon) <= each.radius_m}
    assert {each.id for each in context.inside(lat, lon)} == wanted
    assert len(list(context.inside(lat, lon))) == len(wanted)


corner = st.tuples(st.integers(-40, 40), st.integers(-40, 40))


@quick
@given(
    st.sampled_from([PARIS, (0.0, 179.99), (0.0, -179.99), (-75.0, 10.0)]),
    st.lists(corner, min_size=3, max_size=9, unique=True),
    st.lists(st.tuples(st.floats(-45, 45), st.floats(-45, 45)), min_size=5, max_size=5),
)
def test_a_polygon_covers_what_an_oracle_says(middle, corners, points):
    # Sorted about the middle a ring does not cross itself.
    ring = sorted(corners, key=lambda each: (math.atan2(each[1], each[0]), each))
    drawn = Drawn(ring)
    if not drawn.is_valid or not drawn.area:
        return
    lat, lon = middle
    placed = [((lon + x / 100 + 180) % 360 - 180, lat + y / 100) for x, y in [*ring, ring[0]]]
    context = Context()
    context.put_place(Place("p", "parks", lat, lon, {}, area=Polygons((Polygon([placed]),))))
    for x, y in points:
        edge = drawn.exterior.distance(Spot(x, y))
        at = lat + y / 100, (lon + x / 100 + 180) % 360 - 180
        found = [each.id for each in context.inside(*at)]
        if edge > 1e-6:
            assert found == (["p"] if drawn.contains(Spot(x, y)) else [])
        depth = context.places["p"].depth_m(*at)
        # In the plane of longitude and latitude one step east is shorter than one north, by the cosine.
        narrow = math.cos(math.radians(at[0]))
        assert edge / 100 * METRES_A_DEGREE * narrow * 0.98 - 5 <= abs(depth) <= edge / 100 * METRES_A_DEGREE * 1.02 + 5


def test_a_hole_is_outside_and_two_parts_are_one_place():
    park = square("park", 48.0, 2.0, 0.1, hole=0.02)
    other = Polygon([_ring(49.0, 3.0, 0.1)])
    assert park.area is not None
    both = Polygons((*park.area.parts, other))
    assert not both.covers(48.05, 2.05)
    assert both.covers(48.01, 2.05)
    assert both.covers(49.05, 3.05)
    # In the hole the nearest edge is the hole's own, a hundredth of a degree away.
    assert both.depth_m(48.05, 2.05) == pytest.approx(-0.01 * METRES_A_DEGREE * math.cos(math.radians(48.05)), rel=0.01)


@pytest.mark.parametrize("lon", [179.98, 179.999, -179.999, -179.98, 180.0, -180.0])
def test_across_the_antimeridian_a_place_is_one_whole(lon):
    across = square("across", 10.0, 179.95, 0.1)
    cut = Place("cut", "parks", 10.0, 180.0, {}, area=Polygons((
        Polygon([[(179.95, 10.0), (180.0, 10.0), (180.0, 10.1), (179.95, 10.1), (179.95, 10.0)]]),
        Polygon([[(-180.0, 10.0), (-179.95, 10.0), (-179.95, 10.1), (-180.0, 10.1), (-180.0, 10.0)]]),
    )))  # fmt: skip
    context = Context()
    context.put_place(across)
    context.put_place(cut)
    context.put_place(Place("circle", "parks", 10.05, 180.0, {}, 8_000.0))
    context.put_place(Place("far", "parks", 10.05, 0.0, {}, 8_000.0))
    found = {each.id for each in context.inside(10.05, lon)}
    assert found - {"cut"} == {"across", "circle"}
    if abs(lon) != 180:
        assert "cut" in found
    # The cut is no edge: where it is near, the true one is 3 to 5 km away.
    assert cut.depth_m(10.05, lon) == pytest.approx(across.depth_m(10.05, lon), abs=1) or abs(lon) == 180
    assert not list(context.inside(10.05, 179.9))
    assert context.nearest(10.05, -179.94, "parks", 2_000.0) is not None


def test_at_a_pole_a_place_is_a_place():
    context = Context()
    cap = [(-180.0, 89.0), (0.0, 89.0), (180.0, 89.0), (180.0, 90.0), (-180.0, 90.0), (-180.0, 89.0)]
    context.put_place(Place("cap", "parks", 90.0, 0.0, {}, area=Polygons((Polygon([cap]),))))
    context.put_place(Place("camp", "stores", 89.999, 100.0, {}, 500.0))
    assert {each.id for each in context.inside(89.9995, -80.0)} == {"cap", "camp"}
    assert {each.id for each in context.inside(89.5, 12.0)} == {"cap"}
    assert not list(context.inside(88.9, 12.0))
    assert context.places["cap"].depth_m(89.9, 12.0) > 50_000
    found = context.nearest(89.999, -80.0, "stores", 5_000.0)
    assert found is not None
    assert found[0].id == "camp"


def test_what_goes_round_a_pole_without_touching_it_is_refused():
    with pytest.raises(ValueError, match="goes round a pole"):
        Polygon([[(0.0, 80.0), (90.0, 80.0), (179.0, 80.0), (-90.0, 80.0), (0.0, 80.0)]])


def test_near_the_poles_no_row_is_scanned_whole():
    for lat in (0.0, 60.0, 85.0, 89.5, 89.99, 90.0):
        for level in range(3):
            reach = cells.SIZES[level] * METRES_A_DEGREE
            assert len(list(cells.cells_of(level, box_around(lat, 10.0, reach)))) <= 40
    thing = object()
    index: cells.CellIndex[object] = cells.CellIndex()
    index.put(thing, [box_around(89.9, 10.0, 300.0)])
    assert len(index._cells) <= cells.MOST_CELLS + 1


@quick
@given(lats, lons, st.floats(1, 100_000), st.floats(0, 1), st.floats(0, 360))
def test_what_is_within_a_distance_is_in_its_cells(lat, lon, metres, share, bearing):
    phi, turn, far = math.radians(lat), math.radians(bearing), share * metres * 0.999 / 6_371_008.8
    up = math.asin(max(-1, min(1, math.sin(phi) * math.cos(far) + math.cos(phi) * math.sin(far) * math.cos(turn))))
    aside = math.atan2(math.sin(turn) * math.sin(far) * math.cos(phi), math.cos(far) - math.sin(phi) * math.sin(up))
    there = math.degrees(up), (lon + math.degrees(aside) + 180) % 360 - 180
    assert distance_m(lat, lon, *there) <= metres + 0.01
    for level in (3, 4, 5, 8):
        assert cells.cell_of(level, *there) in set(cells.cells_of(level, box_around(lat, lon, metres)))


def test_what_is_replaced_or_dropped_is_inside_no_more():
    context = Context()
    context.put_place(square("a", 48.0, 2.0, 0.1))
    context.put_place(square("b", 48.0, 2.0, 0.1))
    context.put_place(square("a", 10.0, 2.0, 0.1))
    assert [each.id for each in context.inside(48.05, 2.05)] == ["b"]
    context.drop_place("b")
    context.drop_place("a")
    assert not [*context.inside(48.05, 2.05), *context.inside(10.05, 2.05)]
    assert context.nearest(48.05, 2.05, "parks", 20_000) is None


def test_near_is_measured_to_the_edge_of_a_polygon_and_to_the_point_of_a_circle():
    context = Context()
    context.put_place(square("park", 48.0, 2.0, 0.1))
    context.put_place(Place("door", "stores", 48.0, 2.0, {}, 5_000.0))
    found = context.nearest(48.05, 2.101, "parks", 200.0)
    assert found is not None
    assert found[1] == pytest.approx(0.001 * METRES_A_DEGREE * math.cos(math.radians(48.05)), rel=0.01)
    assert context.nearest(48.05, 2.05, "parks", 0.0) == (context.places["park"], 0.0)
    assert context.nearest(48.01, 2.0, "stores", 1_000.0) is None


def test_inside_asks_for_a_kind_or_an_id_and_things_for_a_key():
    context = Context()
    context.put_place(square("park", 48.0, 2.0, 0.1))
    context.put_thing("stock", "sku-1", b'{"id":"sku-1","left":3}')
    asked = Asked(context, 0)
    assert [asked.inside(48.05, 2.05, name) for name in ("park", "parks", "stores")] == [True, True, False]
    assert asked.thing("stock", "sku-1") == {"id": "sku-1", "left": 3}
    context.drop_place("park")
    context.drop_thing("stock", "sku-1")
    context.drop_thing("prices", "sku-1")
    assert asked.inside(48.05, 2.05, "park")
    assert asked.thing("stock", "sku-1") == {"id": "sku-1", "left": 3}
    assert Asked(context, 0).thing("stock", "sku-1") is None
    assert list(asked.answers) == [
        *(f"inside {name} 48.05 2.05" for name in ("park", "parks", "stores")),
        "context.stock sku-1",
    ]


def test_a_kind_holds_no_more_things_than_it_may(monkeypatch):
    monkeypatch.setattr("engine.context.MOST_THINGS", 2)
    context = Context()
    for key in ("a", "b", "a"):
        context.put_thing("stock", key, b"{}")
    with pytest.raises(Full, match="stock has 2 things already, expected at most 2"):
        context.put_thing("stock", "c", b"{}")
    context.put_thing("prices", "c", b"{}")
    context.drop_thing("stock", "a")
    context.put_thing("stock", "c", b"{}")
    assert sorted(context.things["stock"]) == ["b", "c"]

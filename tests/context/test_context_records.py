"""What may stand on a context topic, and why something may not."""

import json
from typing import Any

import pytest

from engine.context import Context
from streams.context.records import LARGEST_BYTES, PLACES, WEATHER, ContextFault, check, put

STORE = {"id": "s1", "kind": "stores", "name": "Sèvres", "lat": 48.85, "lon": 2.32, "opens": "09:00"}
RAIN = {"id": "w1", "lat": 48.85, "lon": 2.33, "radius_m": 3000, "raining": True, "at": "2026-03-02T17:00:00Z"}
RING = [[2.0, 48.0], [2.1, 48.0], [2.1, 48.1], [2.0, 48.1], [2.0, 48.0]]
HOLE = [[2.04, 48.04], [2.06, 48.04], [2.06, 48.06], [2.04, 48.06], [2.04, 48.04]]
PARK: dict[str, Any] = {"id": "s1", "kind": "parks", "name": "Luxembourg"}


def drawn(ring: Any, *holes: Any) -> dict[str, Any]:
    """A park with this outer ring."""
    return {**PARK, "geometry": {"type": "Polygon", "coordinates": [ring, *holes]}}


def inside(thing: Any, lat: float, lon: float) -> bool:
    """Whether a point lies in the place of a value."""
    context = Context()
    put(context, PLACES, "s1", json.dumps(thing).encode())
    return bool(list(context.inside(lat, lon)))


def test_a_place_is_drawn_as_geojson_or_is_a_point_with_a_radius() -> None:
    park = drawn(RING, HOLE)
    assert inside(park, 48.01, 2.05)
    assert not inside(park, 48.05, 2.05)
    feature = {"type": "Feature", "id": "s1", "properties": {"kind": "parks"}, "geometry": park["geometry"]}
    assert inside(feature, 48.01, 2.05)
    several = {"type": "MultiPolygon", "coordinates": [[RING], [[[lon + 1, lat] for lon, lat in RING]]]}
    assert inside({**PARK, "geometry": several}, 48.05, 3.05)
    point = {**PARK, "geometry": {"type": "Point", "coordinates": [2.05, 48.05, 35.0]}}
    assert inside(point, 48.0508, 2.05)
    assert not inside(point, 48.052, 2.05)
    assert inside({**point, "radius_m": 300}, 48.052, 2.05)
    assert inside({**STORE, "radius_m": 5_000}, 48.85, 2.36)


def test_what_conditions_see_of_a_place_has_its_middle_and_not_its_outline() -> None:
    context = Context()
    put(context, PLACES, "s1", json.dumps(drawn(RING)).encode())
    assert context.places["s1"].facts == {**PARK, "lat": pytest.approx(48.05), "lon": pytest.approx(2.05)}


def test_other_things_are_kept_by_kind_and_key() -> None:
    context = Context()
    put(context, "stock", "sku-1", b'{"id": "sku-1", "left": 3}')
    put(context, "prices", "sku-1", b'{"id": "sku-1", "now": 2.5}')
    assert context.thing("stock", "sku-1") == {"id": "sku-1", "left": 3}
    assert context.thing("prices", "sku-1") == {"id": "sku-1", "now": 2.5}
    put(context, "stock", "sku-1", None)
    put(context, "stock", "sku-2", None)
    assert context.thing("stock", "sku-1") is None


def test_a_kind_that_is_full_is_told_and_keeps_what_it_has(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.context.MOST_THINGS", 1)
    context = Context()
    put(context, "stock", "a", b'{"id": "a"}')
    with pytest.raises(ContextFault, match="stock has 1 things already, expected at most 1; remove some"):
        put(context, "stock", "b", b'{"id": "b"}')
    put(context, "stock", "a", b'{"id": "a", "left": 1}')
    assert context.thing("stock", "a") == {"id": "a", "left": 1}


def test_a_thing_is_taken_replaced_and_removed() -> None:
    context = Context()
    put(context, PLACES, "s1", json.dumps(STORE).encode())
    put(context, WEATHER, "w1", json.dumps(RAIN).encode())
    assert context.places["s1"].facts == STORE
    assert context.areas["w1"].facts == {**RAIN, "at": 1_772_470_800_000}
    put(context, WEATHER, "w1", json.dumps({**RAIN, "raining": False}).encode())
    assert context.areas["w1"].facts["raining"] is False
    put(context, PLACES, "s1", None)
    put(context, WEATHER, "w1", None)
    assert (context.places, context.areas) == ({}, {})


@pytest.mark.parametrize(
    ("kind", "thing", "told"),
    [
        (PLACES, {**STORE, "lat": 91}, "lat is 91, expected a number from -90 to 90"),
        (PLACES, {**STORE, "lat": True}, "lat is True, expected a number"),
        (PLACES, {**STORE, "lon": None}, "lon is None, expected a number from -180 to 180"),
        (PLACES, {**STORE, "kind": ""}, "kind is '', expected text"),
        (PLACES, {**STORE, "id": "s2"}, "id is 's2', expected the record's key, 's1'"),
        (WEATHER, {**RAIN, "id": "s1", "radius_m": 100_001}, "radius_m is 100001, expected a number from 0 to 100000"),
        (WEATHER, {**RAIN, "id": "s1", "raining": "yes"}, "raining is 'yes', expected true or false"),
        (WEATHER, {**RAIN, "id": "s1", "at": "noon"}, "at is 'noon', expected an instant such as"),
        (WEATHER, {**RAIN, "id": "s1", "at": None}, "at is None, expected an instant such as"),
        (PLACES, {**STORE, "kind": "s1"}, "id and kind are both 's1'; give the place an id of its own"),
        (PLACES, {**STORE, "radius_m": -1}, "radius_m is -1, expected a number from 0 to 100000"),
        (
            PLACES,
            {**PARK, "geometry": {"type": "LineString"}},
            "geometry is {'type': 'LineString'}, expected a GeoJSON",
        ),
        (PLACES, drawn(RING[:3]), "geometry: a ring has at least 4 positions, not"),
        (PLACES, drawn([*RING[:-1], [2.0, 48.5]]), "geometry: a ring ends where it begins, at [2.0, 48.0]; add that"),
        (PLACES, drawn([[2, 48], [3, 48], [2, 48], [2, 48]]), "geometry: a ring has at least 3 different positions"),
        (PLACES, drawn([[48, 91], *RING]), "geometry: a position is [48, 91], expected longitude from -180 to 180 and"),
        (PLACES, drawn([[0, 80], [90, 80], [179, 80], [-90, 80], [0, 80]]), "geometry: a ring goes round a pole; draw"),
        (
            PLACES,
            {**PARK, "geometry": {"type": "MultiPolygon", "coordinates": []}},
            "geometry: the coordinates of a Mu",
        ),
        (
            PLACES,
            {**PARK, "geometry": {"type": "Polygon", "coordinates": []}},
            "geometry: a polygon is a list of rings",
        ),
        (
            PLACES,
            {**PARK, "geometry": {"type": "Point", "coordinates": 3}},
            "geometry: a position is 3, expected longitude",
        ),
        ("stock", {"id": "sku-1", "left": 3}, "id is 'sku-1', expected the record's key, 's1'"),
        (PLACES, [1], "the value is [1], expected a JSON object"),
    ],
)
def test_what_cannot_be_used_is_told_with_what_was_expected(kind: str, thing: Any, told: str) -> None:
    with pytest.raises(ContextFault) as fault:
        check(kind, "s1", json.dumps(thing).encode())
    assert str(fault.value).startswith(told)


@pytest.mark.parametrize("value", [b"", b"{", b"\xff\xfe", b'{"id": "s1", "x": "' + b"x" * LARGEST_BYTES + b'"}'])
def test_bytes_that_are_no_such_thing_change_nothing(value: bytes) -> None:
    context = Context()
    put(context, PLACES, "s1", json.dumps(STORE).encode())
    with pytest.raises(ContextFault):
        put(context, PLACES, "s1", value)
    assert context.places["s1"].facts == STORE

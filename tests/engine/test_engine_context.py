"""Places and weather: what is near, what the weather is, and a decision taken again from its trace alone."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.context import EARTH_M, EMPTY, FRESH_MS, Area, Asked, Context, Place, distance_m
from engine.decide import decide
from engine.event import Place as Fix
from engine.trace import asked_of, input_of

PARIS = (48.8566, 2.3522)
lats = st.floats(-90, 90) | st.sampled_from([0.0, 48.85, 89.9, -89.9, 90.0, -90.0])
lons = st.floats(-180, 180) | st.sampled_from([0.0, 2.35, 179.999, -179.999, 180.0, -180.0])
small = st.floats(-0.2, 0.2)


def store(name: str, lat: float, lon: float, kind: str = "stores") -> Place:
    return Place(name, kind, lat, lon, {"id": name, "name": name.upper()})


def test_a_degree_of_latitude_and_a_quarter_of_the_earth():
    assert distance_m(0, 0, 1, 0) == pytest.approx(math.radians(1) * EARTH_M)
    assert distance_m(0, 0, 0, 90) == pytest.approx(math.pi / 2 * EARTH_M)
    # Source: the distance between Paris and London is given as 344 km.
    assert distance_m(*PARIS, 51.5074, -0.1278) == pytest.approx(344_000, rel=0.005)


@settings(deadline=None)
@given(lats, lons, st.lists(st.tuples(small, small), max_size=12), st.floats(0, 20_000))
def test_the_nearest_place_is_that_of_a_look_at_all(lat, lon, offsets, metres):
    context = Context()
    for number, (up, aside) in enumerate(offsets):
        where = max(-90.0, min(90.0, lat + up)), (lon + aside + 180) % 360 - 180
        context.put_place(store(f"s{number}", *where))
    among = [(distance_m(lat, lon, place.lat, place.lon), place.id) for place in context.places.values()]
    wanted = min((one for one in among if one[0] <= metres), default=None)
    found = context.nearest(lat, lon, "stores", metres)
    assert (found and (found[1], found[0].id)) == wanted
    assert context.nearest(lat, lon, "other", metres) is None


@settings(deadline=None)
@given(lats, lons, st.lists(st.tuples(small, small, st.floats(1, 100_000), st.integers(-2, 2)), max_size=8))
def test_the_weather_is_that_of_the_nearest_fresh_area_that_covers(lat, lon, observed):
    context, now = Context(), 10 * FRESH_MS
    for number, (up, aside, radius, hours) in enumerate(observed):
        where = max(-90.0, min(90.0, lat + up)), (lon + aside + 180) % 360 - 180
        context.put_area(Area(f"w{number}", *where, radius, now + hours * FRESH_MS, {"n": number}))
    among = [
        (distance_m(lat, lon, area.lat, area.lon), area.id)
        for area in context.areas.values()
        if distance_m(lat, lon, area.lat, area.lon) <= area.radius_m and area.at >= now - FRESH_MS
    ]
    found = context.weather(lat, lon, now)
    assert (found and found.id) == (min(among)[1] if among else None)


def test_what_is_replaced_or_dropped_is_found_no_more():
    context = Context()
    context.put_place(store("a", *PARIS))
    context.put_area(Area("w", *PARIS, 1000.0, 0, {"raining": True}))
    context.put_place(store("a", 10.0, 10.0, "depots"))
    context.put_area(Area("w", 10.0, 10.0, 1000.0, 0, {"raining": False}))
    assert context.nearest(*PARIS, "stores", 20_000) is None
    assert context.weather(*PARIS, 0) is None
    assert context.nearest(10.0, 10.0, "depots", 1) is not None
    context.drop_place("a")
    context.drop_area("w")
    context.drop_place("a")
    context.drop_area("w")
    assert context.nearest(10.0, 10.0, "depots", 1) is None
    assert context.weather(10.0, 10.0, 0) is None


@pytest.fixture
def walker(life, journey):
    """A person who walks by in the rain, and what she is in."""
    where = 'weather(customer.place).raining && near(customer.place, "stores", 300)'
    steps = [{"set": {"vars.store": 'nearest(customer.place, "stores", 300).name'}}, {"send": "hello"}]
    person = life(journey(enter={"on": "position.reported", "where": where, "again": "always"}, steps=steps))
    person.context = Context()
    person.event("consent.changed", {"topic": "location", "channel": "app", "given": True})
    person.context.put_place(store("sevres", *PARIS))
    person.context.put_area(Area("w", *PARIS, 5_000.0, person.at, {"raining": True}))
    return person


def walk(person, lat=PARIS[0], lon=PARIS[1]):
    return person.event("position.reported", place=Fix(lat, lon, 12.0))


def test_who_is_near_in_the_rain_is_written_to(walker):
    decision = walk(walker, PARIS[0] + 0.001)
    assert walker.sent() == ["hello"]
    assert walker.lines("set")[0].data == {"name": "vars.store", "value": "SEVRES"}
    assert list(decision.trace.context) == [
        f"weather {PARIS[0] + 0.001!r} {PARIS[1]!r}",
        f"nearest stores 300.0 {PARIS[0] + 0.001!r} {PARIS[1]!r}",
    ]


def test_who_is_far_or_dry_or_unknown_is_not(walker):
    walk(walker, PARIS[0] + 0.01)
    walker.context.put_area(Area("w", *PARIS, 5_000.0, walker.at, {"raining": False}))
    walk(walker)
    walker.context.drop_area("w")
    walk(walker)
    walker.context = EMPTY
    walk(walker)
    assert walker.sent() == []


def test_a_decision_is_taken_again_from_its_trace_alone(walker):
    before = walker.customer
    decision = walk(walker)
    walker.context.drop_place("sevres")
    again = decide(walker.catalog, before, input_of(decision.trace), asked_of(decision.trace))
    assert again == decision
    assert decide(walker.catalog, before, input_of(decision.trace), walker.context) != decision


def test_a_fix_has_its_age_and_its_accuracy(life, journey):
    steps = [{"wait": "90s"}, {"set": {"vars.age": "customer.place.age_s", "vars.off": "customer.place.accuracy_m"}}]
    person = life(journey(steps=steps))
    person.event("consent.changed", {"topic": "location", "channel": "app", "given": True})
    walk(person)
    person.event("began")
    person.advance("90s")
    assert [line.data["value"] for line in person.lines("set")] == [90, 12.0]


def test_a_question_is_asked_once_a_decision():
    context = Context()
    context.put_place(store("a", *PARIS))
    asked = Asked(context, 0)
    first = asked.nearest(*PARIS, "stores", 10.0)
    context.drop_place("a")
    assert asked.nearest(*PARIS, "stores", 10.0) == first == {"id": "a", "name": "A", "distance_m": 0.0}

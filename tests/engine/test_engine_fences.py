"""Fences: a person who comes, goes and stays, whatever fixes jump about or come late, and places move meanwhile."""

import math
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.context import Context, Place
from engine.customer import FENCES
from engine.decide import decide
from engine.event import Place as Fix
from engine.places.earth import METRES_A_DEGREE
from engine.trace import asked_of, input_of

SHOP = Place("s1", "stores", 48.85, 2.35, {"name": "Sèvres"}, 100.0)
ALL = [
    {"enters_place": "stores", "again": "always"},
    {"leaves_place": "s1", "again": "always"},
    {"stays_in_place": "stores", "for": "10m", "again": "always"},
]
TOLD = [{"set": {"vars.was": "event.meta.type"}}, {"send": "hello"}]


def north(metres: float) -> float:
    """The latitude so many metres north of the middle of the shop."""
    return SHOP.lat + metres / METRES_A_DEGREE


@pytest.fixture
def person(life, journey):
    return walker(life, journey)


def walker(life, journey, *enter: dict[str, Any], **more: Any):
    """Somebody whose position may be known, and a journey that is told of the shop."""
    who = life(journey(enter=list(enter) or ALL, steps=TOLD, **more))
    who.context = Context()
    who.context.put_place(SHOP)
    who.event("consent.changed", {"topic": "location", "channel": "app", "given": True})
    return who


def walk(who, metres: float, accuracy: float | None = 10.0, **envelope: Any):
    return who.event("position.reported", place=Fix(north(metres), SHOP.lon, accuracy), **envelope)


def told(who) -> list[str]:
    return [line.data["value"].removeprefix("place.") for line in who.lines("set")]


def test_who_comes_stays_and_leaves_is_told_once_of_each(person):
    for metres in (500, 130, 0, 20):
        walk(person, metres)
    assert told(person) == ["entered"]
    for _ in range(4):
        person.advance("4m")
        walk(person, 20)
    assert told(person) == ["entered", "stayed"]
    person.advance("1h")
    walk(person, 500)
    walk(person, 500)
    assert told(person) == ["entered", "stayed", "left"]
    assert person.customer.fences == person.customer.alarms == {}
    entered, stayed, left = (line.data for line in person.lines("fence"))
    assert entered == stayed == left == {"place": "s1", "kind": "stores"}


def test_the_events_name_the_place_and_when_it_began(life, journey):
    steps = [{"set": {"vars.name": "event.name", "vars.kind": "event.kind", "vars.since": "event.since"}}]
    who = life(journey(enter={"stays_in_place": "s1", "for": "10m"}, steps=steps))
    who.context = Context()
    who.context.put_place(SHOP)
    who.event("consent.changed", {"topic": "location", "channel": "app", "given": True})
    began = who.at
    walk(who, 0)
    who.advance("10m")
    assert [line.data["value"] for line in who.lines("set")] == ["Sèvres", "stores", began]


@pytest.mark.parametrize(
    ("metres", "accuracy", "came"),
    [
        (89, 10, True),
        (91, 10, False),
        (95, 0, False),
        (95, None, False),
        (75, 20, True),
        (75, 30, False),
        (0, 101, False),
    ],
)
def test_a_fix_says_inside_only_deeper_than_the_margin_and_its_accuracy(person, metres, accuracy, came):
    walk(person, metres, accuracy)
    assert told(person) == (["entered"] if came else [])


@pytest.mark.parametrize(
    ("metres", "accuracy", "gone"),
    [(131, 10, True), (129, 10, False), (140, 45, False), (146, 45, True), (500, 101, False)],
)
def test_a_fix_says_outside_only_beyond_the_margin_and_its_accuracy(person, metres, accuracy, gone):
    walk(person, 0)
    walk(person, metres, accuracy)
    assert told(person) == (["entered", "left"] if gone else ["entered"])


def test_margins_age_and_accuracy_are_those_of_the_trigger(life, journey):
    own = {"max_age": "2m", "max_accuracy": 50, "enter_margin": 40, "leave_margin": 200}
    who = walker(
        life,
        journey,
        {"enters_place": "stores", **own, "again": "always"},
        {"leaves_place": "stores", **own, "again": "always"},
    )
    walk(who, 61)
    walk(who, 0, 51)
    who.advance("10m")
    walk(who, 0, occurred_at=who.at - 121_000)
    assert told(who) == []
    walk(who, 59, occurred_at=who.at - 119_000)
    walk(who, 299)
    assert told(who) == ["entered"]
    walk(who, 301)
    assert told(who) == ["entered", "left"]


def test_triggers_with_other_limits_are_told_each_on_its_own(life, journey):
    deep = {"enters_place": "stores", "enter_margin": 60, "again": "always"}
    who = walker(life, journey, {"enters_place": "stores", "again": "always"}, deep)
    walk(who, 80)
    assert told(who) == ["entered"]
    walk(who, 20)
    assert told(who) == ["entered", "entered"]
    assert len(who.customer.fences) == 2


def test_a_late_fix_never_moves_a_fence_backwards(person):
    walk(person, 0)
    person.advance("2m")
    walk(person, 500, occurred_at=person.at)
    before = person.customer.fences
    walk(person, 0, occurred_at=person.at - 60_000)
    assert told(person) == ["entered", "left"]
    assert person.customer.fences == before


def test_without_consent_nothing_is_known_and_a_withdrawal_forgets(person):
    walk(person, 0)
    assert person.customer.fences
    assert person.customer.alarms
    person.event("consent.changed", {"topic": "location", "channel": "app", "given": False})
    assert person.customer.fences == person.customer.alarms == {}
    walk(person, 500)
    walk(person, 0)
    person.advance("20m")
    assert told(person) == ["entered"]


def test_a_place_that_is_removed_is_forgotten_and_nobody_is_told_that_they_left(person):
    walk(person, 0)
    person.context.drop_place("s1")
    person.advance("10m")
    assert told(person) == ["entered"]
    walk(person, 0)
    assert person.customer.fences == {}
    assert person.codes("fence") == ["entered", "gone"]
    person.context.put_place(SHOP)
    walk(person, 0)
    assert told(person) == ["entered", "entered"]


def test_a_place_that_moves_away_is_left_with_the_next_fix(person):
    walk(person, 0)
    person.context.put_place(Place("s1", "stores", 48.86, 2.35, {}, 100.0))
    person.advance("10m")
    assert told(person) == ["entered"]
    walk(person, 0)
    assert told(person) == ["entered", "left"]


def test_a_place_of_another_kind_is_forgotten(life, journey):
    who = walker(life, journey, {"enters_place": "stores"})
    walk(who, 0)
    who.context.put_place(Place("s1", "depots", SHOP.lat, SHOP.lon, {}, 100.0))
    walk(who, 0)
    assert who.customer.fences == {}


def test_a_vague_fix_does_not_show_that_a_stay_goes_on(life, journey):
    who = walker(life, journey, {"stays_in_place": "stores", "for": "15m"})
    walk(who, 0)
    who.advance("10m")
    walk(who, 0, 200.0)
    who.advance("5m")
    assert told(who) == []
    walk(who, 0)
    assert told(who) == ["stayed"]


def test_a_silent_phone_says_nothing_of_a_stay_until_it_speaks_again(life, journey):
    who = walker(life, journey, {"stays_in_place": "stores", "for": "30m"}, {"stays_in_place": "stores", "for": "1h"})
    walk(who, 0)
    who.advance("40m")
    assert told(who) == []
    assert who.codes("fence")[-1] == "unsure"
    walk(who, 0)
    assert told(who) == ["stayed"]
    who.advance("15m")
    walk(who, 0)
    who.advance("2h")
    assert told(who) == ["stayed", "stayed"]
    walk(who, 0)
    assert told(who) == ["stayed", "stayed"]
    assert [line.data.get("trigger") for line in who.lines("entered")] == [0, 1]


def test_a_journey_ends_when_the_person_leaves(life, journey):
    who = life(journey(enter={"enters_place": "stores"}, steps=[{"wait": "1h"}, {"send": "hello"}],
                       exit=[{"on": "place.left", "where": "event.place == entry.place", "as": "gone"}]))  # fmt: skip
    who.context = Context()
    who.context.put_place(SHOP)
    who.event("consent.changed", {"topic": "location", "channel": "app", "given": True})
    walk(who, 0)
    walk(who, 500)
    assert who.outcomes() == ["gone"]


def test_a_release_keeps_who_is_inside_and_forgets_what_nobody_looks_at(life, journey):
    who = walker(life, journey)
    walk(who, 0)
    who.release(journey(enter=ALL, steps=TOLD), journey("k", enter={"absent": "order.placed", "for": "1d"}, steps=TOLD))
    who.event("page.viewed")
    who.advance("10m")
    assert told(who) == ["entered", "stayed"]
    who.release(journey(steps=TOLD), version="v2")
    walk(who, 5)
    assert who.customer.fences == who.customer.alarms == {}


def test_two_workers_that_learnt_of_places_in_another_order_decide_the_same(life, journey):
    decided = []
    for names in ("abc", "cba"):
        who = walker(life, journey, *ALL)
        for name in names:
            who.context.put_place(Place(name, "stores", SHOP.lat, SHOP.lon, {}, 100.0))
        decided.append(walk(who, 0))
    assert decided[0] == decided[1]


def test_a_person_is_in_at_most_so_many_places(person):
    for number in range(40):
        person.context.put_place(Place(f"t{number:02}", "stores", SHOP.lat, SHOP.lon, {}, 100.0))
    for _ in range(3):
        walk(person, 0)
    assert len(person.customer.fences) == FENCES
    assert person.codes("fence") == ["entered"] * FENCES
    assert {line.code for line in person.lines("error")} == {"too_many_fences"}


def test_where_nobody_looks_nothing_is_asked(life, journey):
    who = walker(life, journey, {"on": "position.reported"})
    decision = walk(who, 0)
    assert decision.customer.fences == {}
    assert decision.trace.context == {}


def test_a_decision_about_a_place_is_taken_again_from_its_trace_alone(person):
    for metres in (0, 500):
        before = person.customer
        decision = walk(person, metres)
        again = decide(person.catalog, before, input_of(decision.trace), asked_of(decision.trace))
        assert again == decision
    before, at = person.customer, person.at
    walk(person, 0)
    before = person.customer
    person.advance("10m")
    stayed = person.decisions[-1]
    assert decide(person.catalog, before, input_of(stayed.trace), asked_of(stayed.trace)) == stayed
    assert person.at > at


steps = st.lists(st.floats(-60, 60), min_size=5, max_size=40)


@settings(deadline=None, max_examples=80)
@given(steps, st.floats(0, 60), st.integers(0, 2**32), st.booleans())
def test_jitter_tells_of_no_more_than_the_true_crossings(life, journey, moves, accuracy, seed, polygon):
    """The oracle knows where the person truly is; each fix is off by at most its accuracy, in any direction."""
    who, dice = walker(life, journey, *ALL[:2]), Random(seed)
    at, crossings, inside, states = 140.0, 0, False, []
    for move in [0.0, *moves]:
        at += move
        crossings += (abs(at) < 100) is not inside
        inside = abs(at) < 100
        off, turn = accuracy * dice.random() * 0.99, dice.random() * 2 * math.pi
        lat = north(at + off * math.cos(turn))
        lon = SHOP.lon + off * math.sin(turn) / METRES_A_DEGREE / math.cos(math.radians(lat))
        who.event("position.reported", place=Fix(lat, lon, accuracy))
        if len(told(who)) > len(states):
            states = told(who)
            assert (states[-1] == "entered") is inside
        assert len(states) <= crossings
    assert states == [("entered", "left")[number % 2] for number in range(len(states))]


fixes = st.lists(
    st.tuples(st.integers(0, 600), st.sampled_from([0.0, 50.0, 115.0, 200.0, 500.0])), min_size=2, max_size=12
)


@settings(deadline=None, max_examples=80)
@given(fixes, st.randoms(use_true_random=False))
def test_fixes_in_any_order_end_where_the_newest_of_them_leads(life, journey, seen, dice):
    """Whatever comes late or twice, what is told is what those tell that were the newest when they came."""
    dice.shuffle(seen)
    shuffled, sorted_out = walker(life, journey, *ALL[:2]), walker(life, journey, *ALL[:2])
    base = shuffled.at
    for who in (shuffled, sorted_out):
        who.advance("10m")
    newest = -1
    for second, metres in seen:
        walk(shuffled, metres, occurred_at=base + second * 1_000)
        walk(shuffled, metres, occurred_at=base + second * 1_000)
        if second >= newest:
            newest = second
            walk(sorted_out, metres, occurred_at=base + second * 1_000)
    assert told(shuffled) == told(sorted_out)
    assert shuffled.customer.fences == sorted_out.customer.fences

"""What may stand on a context topic, and why something may not."""

import json
from typing import Any

import pytest

from engine.context import Context
from streams.context.records import LARGEST_BYTES, PLACES, WEATHER, ContextFault, check, put

STORE = {"id": "s1", "kind": "stores", "name": "Sèvres", "lat": 48.85, "lon": 2.32, "opens": "09:00"}
RAIN = {"id": "w1", "lat": 48.85, "lon": 2.33, "radius_m": 3000, "raining": True, "at": "2026-03-02T17:00:00Z"}


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

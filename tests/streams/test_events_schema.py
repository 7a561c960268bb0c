"""The generated documents: AsyncAPI 3.0 is valid, and what the JSON Schema accepts the decoder accepts."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from jsonschema import Draft7Validator
from records import decoder, record
from ruamel.yaml import YAML

from engine.event import Event
from streams.touchpoints.asyncapi import CLOUD_EXAMPLE, PLAIN_EXAMPLE, asyncapi
from streams.touchpoints.ids import EVERYONE
from streams.touchpoints.reserved import MODELS, STOP, EnginesOwn
from streams.touchpoints.schema import touchpoint_schema

# By the AsyncAPI Initiative, Apache-2.0: npm package @asyncapi/specs 6.11.1, schemas/3.0.0-without-$id.json.
ASYNCAPI_SCHEMA = Path(__file__).with_name("asyncapi-3.0.0.schema.json.gz")
SCHEMA = touchpoint_schema()
VALID = Draft7Validator(SCHEMA).is_valid
BASE: dict[str, Any] = {"type": "x", "customer": "c1"}


def test_asyncapi_is_valid() -> None:
    meta = json.loads(gzip.decompress(ASYNCAPI_SCHEMA.read_bytes()))
    found = YAML(typ="safe").load(asyncapi())
    assert [error.message for error in Draft7Validator(meta).iter_errors(found)] == []
    assert not Draft7Validator(meta).is_valid(found | {"channels": []})


def test_asyncapi_refers_to_what_is_there() -> None:
    found = YAML(typ="safe").load(asyncapi())

    def refer(part: object) -> None:
        for key, value in part.items() if isinstance(part, dict) else enumerate(part) if isinstance(part, list) else ():
            if key == "$ref":
                file, _, path = value.partition("#")
                target: Any = SCHEMA if file == "./schemas/touchpoint.schema.json" else found
                assert file in ("", "./schemas/touchpoint.schema.json")
                for name in path.strip("/").split("/") if path else ():
                    target = target[name]
            else:
                refer(value)

    refer(found)


def test_examples_are_events() -> None:
    assert VALID(PLAIN_EXAMPLE)
    plain, cloud = (decoder().decode(record(example)) for example in (PLAIN_EXAMPLE, CLOUD_EXAMPLE))
    assert isinstance(plain, Event)
    assert isinstance(cloud, Event)
    assert (plain.type, plain.customer, plain.occurred_at, plain.properties) == (
        cloud.type, cloud.customer, cloud.occurred_at, cloud.properties,
    )  # fmt: skip


def test_the_schema_is_a_schema() -> None:
    Draft7Validator.check_schema(SCHEMA)


@pytest.mark.parametrize(
    "touchpoint",
    [
        BASE,
        {"type": "x", "identifiers": {"email": "a@b"}},
        BASE | {"id": 7, "occurred_at": 0, "properties": {"a": [{"b": None}]}, "unknown": 1},
        BASE | {"occurred_at": "2024-02-29", "channel": None},
        BASE | {"place": {"lat": 1, "lon": -180, "accuracy_m": 5}},
        BASE | {"type": "consent.changed", "properties": {"topic": "a", "channel": "b", "given": False}},
        BASE | {"type": "identity.linked", "identifiers": {"crm": "7"}},
        BASE | {"type": "identity.linked", "properties": {"identifiers": {"email": "a@b"}}},
        BASE | {"type": "customer.updated", "properties": {"unset": ["a"]}},
        BASE | {"type": "customer.erased"},
        BASE | {"id": "é" * 50},
        BASE | {"customer": "*", "identifiers": {}, "place": {"lat": 1, "lon": 2}},
        BASE | {"type": "fanout.stop", "customer": "*", "properties": {"id": 7}},
    ],
)
def test_good_touchpoints_are_accepted(touchpoint: dict[str, Any]) -> None:
    assert VALID(touchpoint), list(Draft7Validator(SCHEMA).iter_errors(touchpoint))


@pytest.mark.parametrize(
    "touchpoint",
    [
        {"type": "x"},
        {"type": "x", "customer": None},
        {"type": "x", "identifiers": {"crm": "7"}},
        {"customer": "c1"},
        BASE | {"id": ""},
        BASE | {"id": "é" * 101},
        BASE | {"occurred_at": "yesterday"},
        BASE | {"place": {"lat": 91, "lon": 0}},
        BASE | {"properties": {"n": 2**64}},
        BASE | {"properties": {"n": "\0"}},
        BASE | {"type": "position.reported"},
        BASE | {"type": "customer.updated", "properties": {}},
        BASE | {"type": "consent.changed", "properties": {"topic": "a", "channel": "b"}},
        BASE | {"type": "message.sent", "properties": {}},
        BASE | {"type": "identity.linked"},
        BASE | {"type": "sillage.clock"},
        BASE | {"type": "customer.erased", "customer": "*"},
        BASE | {"customer": "*", "identifiers": {"crm": "7"}},
        BASE | {"type": "fanout.stop", "properties": {"id": "7"}},
        BASE | {"type": "fanout.stop", "customer": "*"},
    ],
)
def test_bad_touchpoints_are_not(touchpoint: dict[str, Any]) -> None:
    assert not VALID(touchpoint)


IDS = some.sampled_from(
    ["c1", "*", "", "x" * 200, "x" * 201, "é" * 50, "é" * 101, 7, -1.5, 2**53, 1e300, True, None, "\0", [1]]
)
INSTANTS = some.sampled_from([
    "2026-03-02T18:00:00Z", "2026-03-02", "2026-03-02T18:00", "2026-03-02 18:00:00,5+01:00", "2026-04-31", "0001-01-01",
    "0002-01-01T00:00:00+23:59", "2026-03-02T24:00:00Z", "2026-03-02T18:00:00.123456789Z", "9999-12-31T23:59:59-23:59",
    0, -1, 1.5, -62_135_596_800_000, -62_135_596_800_001, 1e300, True, None, "soon", "2026-03-02t18:00:00z",
])  # fmt: skip
IDENTIFIERS = some.dictionaries(some.sampled_from(["email", "cookie", "crm", "", "x" * 201, "\0"]), IDS, max_size=3)
PLACES = some.fixed_dictionaries(
    {"lat": some.sampled_from([1, 90.0, 91, "1", None])},
    optional={"lon": some.sampled_from([1, -180, True]), "accuracy_m": some.sampled_from([1, None, -1]), "z": IDS},
)
WORDS = some.sampled_from(["a", "", "\0", 1, True, None, ["a"], [""], {"a": 1}, {"": 1}, {"a": "\0"}, {"a": 2**64}])
NAMES = ["set", "unset", "topic", "channel", "given", "source", "text_version", "action_id", "code", "message",
         "task_id", "outcome", "note", "call_id", "service", "status", "why", "identifiers", "at", "any"]  # fmt: skip
PROPERTIES = some.dictionaries(some.sampled_from(NAMES), WORDS | IDENTIFIERS | INSTANTS | IDS)
OPTIONAL = {
    "customer": IDS,
    "identifiers": IDENTIFIERS | WORDS,
    "id": IDS,
    "channel": WORDS,
    "occurred_at": INSTANTS,
    "place": PLACES | WORDS,
    "properties": PROPERTIES | WORDS,
    "unknown": WORDS,
}
KINDS = some.sampled_from(["x", "", 7, *MODELS])
LIKELY = {
    "id": "b1",
    "journey": "welcome",
    "set": {"a": 1}, "unset": ["a"], "topic": "a", "channel": "b", "given": True, "action_id": "a", "code": "b",
    "task_id": 7, "text": "a", "call_id": "a", "at": 0, "identifiers": {"email": "a@b"},
}  # fmt: skip


@settings(max_examples=400)
@given(some.fixed_dictionaries({"type": KINDS}, optional=OPTIONAL), some.booleans())
def test_what_the_schema_accepts_the_decoder_accepts(touchpoint: dict[str, Any], mend: bool) -> None:
    told = {"customer": "c", "properties": LIKELY} | touchpoint if mend else touchpoint
    if VALID(told):
        found = decoder().decode(record(told))
        assert isinstance(found, Event), (told, found)


VALUES = [
    "a",
    "",
    "\0",
    1,
    1.5,
    1e300,
    True,
    None,
    [],
    ["a"],
    [""],
    {},
    {"a": 1},
    {"email": "a@b"},
    {"": 1},
    {"a": None},
]


@pytest.mark.parametrize("kind", MODELS)
@pytest.mark.parametrize("changed", [*LIKELY, None])
def test_each_property_of_each_reserved_type_with_each_value(kind: str, changed: str | None) -> None:
    accepted = 0
    for value in VALUES:
        properties = LIKELY | ({changed: value} if changed else {})
        customer = EVERYONE if kind == STOP else "c1"
        told = {"type": kind, "customer": customer, "place": {"lat": 1, "lon": 2}, "properties": properties}
        if VALID(told):
            accepted += 1
            found = decoder().decode(record(told))
            assert isinstance(found, Event), (told, found)
    assert accepted or changed or MODELS[kind] is EnginesOwn

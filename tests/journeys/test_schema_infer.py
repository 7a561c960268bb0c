"""What schemas infer from events: the events are valid under them, and reading them again finds no fault."""

import json
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator, FormatChecker

from journeys.checks import check
from journeys.load import load_project
from journeys.schemas.infer import MOST_PROPERTIES
from journeys.schemas.inferred import Inferring
from journeys.schemas.reserved import RESERVED
from journeys.schemas.write import in_line
from journeys.tree import plain
from journeys.yaml import read

TYPES = st.sampled_from(
    ["order.placed", "order:placed", "a/b", "A.b", "customer", "customer.updated", "message.clicked"]
)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=8) | st.sampled_from(
    ["no", "null", "1e3", "2026-03-02", "2026-03-02T10:00:00Z", "2026-13-40", "ann@example.com", "", " x: y #z", "gold"]
)
LEAVES = st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False, allow_infinity=False)
VALUES = st.recursive(
    LEAVES | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=10,
)
PROPERTIES = st.dictionaries(TEXTS, VALUES, max_size=5) | st.fixed_dictionaries(
    {"total": LEAVES}, optional={"tier": st.sampled_from(["gold", "silver"])}
)


def inferred(*events: tuple[str, dict[str, Any]]) -> Inferring:
    inferring = Inferring()
    for event in events:
        inferring.take(*event)
    return inferring


def of(inferring: Inferring, type_: str) -> dict[str, Any]:
    return next(schema for schema in inferring.schemas().values() if schema.get("event") == type_)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.tuples(TYPES, PROPERTIES), min_size=1, max_size=12))
def test_what_was_read_is_valid_and_the_files_are_sound(events: list[tuple[str, dict[str, Any]]]) -> None:
    inferring = inferred(*events)
    files = inferring.files()
    problems = check(load_project(files))
    assert problems == []
    schemas = inferring.schemas()
    assert {path: plain(read(path, text).documents[0]) for path, text in files.items()} == schemas
    for schema in schemas.values():
        Draft202012Validator.check_schema(schema)
        validator = Draft202012Validator(schema, format_checker=FormatChecker())
        for type_, properties in events:
            if type_ == schema.get("event"):
                assert [error.message for error in validator.iter_errors(properties)] == []
    known = load_project(files).declared.events
    assert known.keys() >= {type_ for type_, properties in events if type_ not in RESERVED}


@given(TEXTS | VALUES)
def test_a_value_is_written_so_that_it_is_read_again(value: Any) -> None:
    (document,) = read("a.yaml", f"x: {in_line(value)}\n").documents
    assert plain(document) == {"x": value}
    assert json.dumps(plain(document)["x"]) == json.dumps(value)


def test_types_what_is_always_there_values_and_examples() -> None:
    events = [
        {
            "total": 10 + number / 2,
            "lines": number,
            "status": "paid" if number % 2 else "open",
            "day": f"2026-03-{number:02}",
        }
        for number in range(1, 31)
    ]
    events[0]["coupon"] = "spring"
    schema = of(inferred(*(("order.placed", event) for event in events)), "order.placed")
    assert schema["required"] == ["total", "lines", "status", "day"]
    assert schema["properties"]["total"] == {"type": "number", "examples": [10.5, 11.0]}
    assert schema["properties"]["lines"] == {"type": "integer", "examples": [1, 2]}
    assert schema["properties"]["status"] == {"type": "string", "enum": ["open", "paid"]}
    assert schema["properties"]["day"]["format"] == "date"
    assert schema["properties"]["coupon"] == {"type": "string", "examples": ["spring"]}


def test_nothing_of_a_person_is_written_down() -> None:
    secret = {
        "email": "ann@x.org",
        "who": "ann@x.org",
        "call": "+33 1 23 45 67 89",
        "first_name": "Ann",
        "address": {"line": "x@y"},
    }
    inferring = inferred(*[("account.created", secret)] * 30, *[("customer.updated", {"set": secret})] * 30)
    text = "".join(inferring.files().values())
    assert not any(word in text for word in ("ann", "Ann", "33", "x@y"))
    assert "schemas/customer.yaml" in inferring.files()


def test_what_is_rare_or_of_several_types_is_told() -> None:
    events = [("a.b", {"x": number if number else "none", "whole": number / 2}) for number in range(40)]
    events.append(("a.b", {"x": 1, "seldom": True}))
    events.append(("no type!", {}))
    assert list(inferred(*events).report()) == [
        "a.b.x is of several types: number 40 times, string 1 times",
        "a.b.seldom is rare: in 1 of 41",
        "'no type!' is no event type that a journey can name: 1 events left out",
    ]


def test_names_that_are_data_make_an_open_object() -> None:
    stock = {f"sku-{number}": number for number in range(MOST_PROPERTIES + 1)}
    inferring = inferred(("stock.told", {"stock": stock}))
    assert of(inferring, "stock.told")["properties"]["stock"] == {"type": "object", "additionalProperties": True}
    assert list(inferring.report()) == ["stock.told.stock holds more names than can be listed; any may stand there"]


def test_a_reserved_type_is_only_what_the_company_adds() -> None:
    inferring = inferred(("message.clicked", {"action_id": "1", "link": "x"}), ("task.done", {"task_id": "1"}))
    assert list(inferring.files()) == ["schemas/message.clicked.yaml"]
    assert list(of(inferring, "message.clicked")["properties"]) == ["link"]


def test_files_never_share_a_name() -> None:
    inferring = inferred(
        ("a:b", {}), ("a/b", {}), ("A-b", {}), ("customer", {}), ("customer.updated", {"set": {"x": 1}})
    )
    assert len({path.lower() for path in inferring.files()}) == 5

"""Declared schemas: what they say, and what check finds where journeys and messages do not agree with them."""

import pytest
from jsonschema import Draft202012Validator

from journeys.checks import check
from journeys.load import load_project
from journeys.schemas.declared import Declarations, read_declarations
from journeys.schemas.reserved import RESERVED
from journeys.schemas.schema import common, either, possible
from streams.touchpoints.reserved import MODELS

JOURNEY = "journey: a\ntopic: offers\nttl: 14d\nenter:\n  on: {on}\n{more}steps:\n  - send: hello\n"
MESSAGE = {"messages/hello/message.yaml": "subject: Hello\n", "messages/hello/email.txt": "Hello\n"}
EVENTS = """
events:
  basket.updated: {properties: {basket_id: {type: string}, value: {type: number}}}
  basket.shared: {properties: {basket_id: {type: string}, by: {type: string, enum: [ann, bob]}}}
  price.dropped: {properties: {sku: {type: string}}, additionalProperties: true}
"""


def found(files: dict[str, str]) -> list[str]:
    return [str(problem).partition("; hint")[0] for problem in check(load_project(files))]


def journey(on: str = "basket.updated", more: str = "") -> dict[str, str]:
    return {"journeys/a.yaml": JOURNEY.format(on=on, more=more), **MESSAGE}


def declared(*texts: str) -> Declarations:
    result, problems = read_declarations({f"schemas/{place}.yaml": text for place, text in enumerate(texts)})
    assert problems == []
    return result


def test_the_reserved_types_are_those_that_the_decoder_checks() -> None:
    assert RESERVED.keys() == MODELS.keys()
    for type_, model in MODELS.items():
        assert set(model.__struct_encode_fields__) <= RESERVED[type_].properties.keys(), type_


def test_where_no_type_is_declared_none_is_unknown() -> None:
    assert found(journey("whatever.comes", "  where: event.anything == customer.anything\n")) == []


def test_where_any_is_declared_others_are_unknown_but_for_the_reserved() -> None:
    files = {"schemas/a.yaml": EVENTS}
    assert found({**files, **journey("[basket.updated, message.clicked, task.done]")}) == []
    assert found({**files, **journey("basket.udpated")}) == [
        "journeys/a.yaml:5:7: J032 the event type `basket.udpated` is not declared"
    ]


@pytest.mark.parametrize(
    ("on", "condition", "wanted"),
    [
        ("basket.updated", "event.value >= 30", ""),
        ("basket.updated", "event.valeu >= 30", "unknown field valeu of event"),
        ("basket.updated", "event.basket_id > 3", "a text > a whole number has no meaning"),
        ("[basket.updated, basket.shared]", 'event.basket_id == "b"', ""),
        ("[basket.updated, basket.shared]", "event.value >= 30", "unknown field value of event"),
        ("[basket.updated, price.dropped]", "event.value >= 30", ""),
        ("price.dropped", "event.anything == 1", ""),
        ("basket.shared", 'event.by == "eve"', "is never"),
        ("basket.updated", 'event.meta.channel == "web"', ""),
        ("basket.updated", "customer.anything == 1", ""),
    ],
)
def test_a_field_under_a_rule_is_declared_in_each_of_its_types(on: str, condition: str, wanted: str) -> None:
    lines = found({"schemas/a.yaml": EVENTS, **journey(on, f"  where: {condition}\n")})
    if not wanted:
        assert lines == []
    else:
        (line,) = lines
        assert "J034" in line or "J008" in line
        assert wanted in line or wanted == "is never"


def test_entry_is_what_any_trigger_may_have_brought() -> None:
    more = (
        "exit:\n  - on: basket.shared\n    where: [event.by == entry.by, event.by == entry.value, entry.sku == '1']\n"
    )
    lines = found({"schemas/a.yaml": EVENTS, **journey("[basket.updated, basket.shared]", more)})
    assert [line.split(" ")[1] for line in lines] == ["J008", "J034"]


def test_behind_a_task_the_event_in_hand_is_its_outcome() -> None:
    task = "  - {task: ring, queue: q, due: 1h, outcomes: {done: {do: [{set: {vars.said: event.note}}]}}}\n"
    told = journey()["journeys/a.yaml"]
    files = {"schemas/a.yaml": EVENTS, **MESSAGE}
    assert found({**files, "journeys/a.yaml": told + task}) == []
    assert found({**files, "journeys/a.yaml": told + task.replace("event.note", "event.nope")}) != []


def test_attributes_are_known_where_customer_yaml_says_them() -> None:
    files = {"schemas/customer.yaml": "properties: {tier: {type: string}}\n", **journey("x")}
    text = files["journeys/a.yaml"].replace("steps:\n", "steps:\n  - set: {customer.teir: 1, customer.tier: '\"a\"'}\n")
    files["messages/hello/email.txt"] = (
        "{{ customer.tier }} {{ customer.id }} {{ customer.teir }}\n{{ customer.place.lat }}"
    )
    assert found({**files, "journeys/a.yaml": text}) == [
        "journeys/a.yaml:7:11: J033 the attribute `customer.teir` is not declared",
        "messages/hello/email.txt:1:42: J016 `customer` has no `teir`, in the journey `a`",
    ]


def test_a_variable_of_a_template_is_one_that_a_sender_sets() -> None:
    files = journey("x")
    files["messages/hello/email.txt"] = "{{ vars.a }} {{ vars.b }}"
    files["journeys/a.yaml"] = files["journeys/a.yaml"].replace("steps:\n", "steps:\n  - set: {vars.a: 1}\n")
    assert found(files) == ["messages/hello/email.txt:1:17: J016 nothing sets `vars.b` in the journey `a`"]


def test_a_variable_of_a_message_is_told_where_it_stands() -> None:
    files = {"schemas/a.yaml": EVENTS, **journey("basket.updated")}
    files["messages/hello/message.yaml"] = 'subject: "Hi {{ entry.value }} {{ entry.vlaue }}"\n'
    files["messages/hello/email.txt"] = "Hello\n{% if entry.by %}x{% endif %}\n{{ entry.meta.channel }}"
    assert found(files) == [
        "messages/hello/email.txt:2:7: J016 `entry` has no `by`, in the journey `a`",
        "messages/hello/message.yaml:1:35: J016 `entry` has no `vlaue`, in the journey `a`",
    ]


def test_a_reserved_type_may_be_added_to() -> None:
    known = declared("event: message.clicked\nproperties: {link: {type: string}}\n").event("message.clicked")
    assert {"action_id", "message", "link"} <= known.properties.keys()
    assert known.required == {"action_id"}


def test_of_several_schemas_what_all_know_or_any_knows() -> None:
    events = declared(EVENTS).events
    both = [events["basket.updated"], events["basket.shared"]]
    assert common(both).properties.keys() == {"basket_id"}
    assert possible(both).properties.keys() == {"basket_id", "value", "by"}
    number, text = events["basket.updated"].properties["value"], events["basket.shared"].properties["by"]
    assert either([number, text]).types == {"number", "string"}


def test_a_faulty_schema_is_not_held_against_journeys_too() -> None:
    files = {"schemas/a.yaml": "event: basket.updated\nproperties: {value: {type: nmber}}\n"}
    (line,) = found({**files, **journey("basket.updated", "  where: event.other == 1\n")})
    assert line.startswith("schemas/a.yaml:2:28: J006")


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("event: a\nproperties: {x: {$ref: '#/y'}}\n", "2:18: J004 `$ref` is not read in a schema"),
        ("event: a\nproperties: {x: {minimum: 3}}\n", "2:18: J004 unknown key `minimum`"),
        ("event: a\nproperties: {x: {type: [string, null]}}\n", "2:33: J006 `type` must be"),
        ("event: a\nproperties: {x: {type: string, items: {}}}\n", "2:32: J030 `items` has no meaning"),
        ("event: a\nproperties: {x: {enum: []}}\n", "2:18: J006 `enum` is empty"),
        ("event: a\nproperties: {x: {type: integer, enum: [1.5]}}\n", "2:40: J030 the value 1.5 of `enum`"),
        ("event: a\nproperties: {x: {format: time}}\n", "2:26: J006 `format` must be"),
        ("event: a\ntype: string\n", "2:7: J030 an event, like a customer, is an object"),
        ("event: a b\nproperties: {}\n", "1:8: J006 `a b` is not an event type"),
        ("properties: {}\n", "1:1: J005 missing key `event`"),
        ("events: {a: {}}\ntitle: x\n", "2:1: J004 `title` stands beside `events`"),
        ("events: [a]\n", "1:9: J006 `events` must be a mapping of types"),
        ("- a\n", "1:1: J006 the file must hold keys and values"),
        ("", "1:1: J001 the file is empty"),
    ],
)
def test_a_fault_of_a_schema_stands_at_its_place(text: str, wanted: str) -> None:
    _, problems = read_declarations({"schemas/a.yaml": text})
    assert any(str(problem).startswith(f"schemas/a.yaml:{wanted}") for problem in problems), problems


def test_the_subset_is_json_schema() -> None:
    """What we read as an enum, a type and a property means the same to the library."""
    validator = Draft202012Validator({"type": "object", "properties": {"x": {"type": "integer", "enum": [1, 2]}}})
    assert validator.is_valid({"x": 1.0})
    assert not validator.is_valid({"x": 3})


STOCK = "context:\n  stock:\n    properties: {left: {type: integer}}\n"


@pytest.mark.parametrize(
    ("condition", "wanted"),
    [
        ('context.stock["sku-1"].left > 0', []),
        ("context.stock[entry.sku].left > 0", []),
        ('context.beds["b1"].left > 0', ["J034 `where`: unknown field beds of context"]),
        ('context.stock["sku-1"].lft > 0', ['J034 `where`: unknown field lft of context.stock["sku-1"]']),
        ('context.stock["sku-1"].left == "a"', ["J008 `where`: a whole number == a text has no meaning"]),
    ],
)
def test_kinds_of_context_are_known_where_any_is_declared(condition: str, wanted: list[str]) -> None:
    told = found({"schemas/context.yaml": STOCK, **journey(more=f"  where: {condition}\n")})
    assert [one.partition("; hint")[0].split(" ", 1)[1] for one in told] == wanted


def test_where_no_kind_is_declared_none_is_unknown() -> None:
    assert found(journey(more='  where: context.beds["b1"].left > 0\n')) == []


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("context: 3\n", "J006 `context` must be a mapping of kinds, found"),
        ("context:\n  places: {properties: {}}\n", "J006 `places` is not a kind of context"),
        ("context:\n  Stock: {properties: {}}\n", "J006 `Stock` is not a kind of context"),
        ("context: {stock: {properties: {}}}\nmore: 1\n", "J004 `more` stands beside `context`"),
    ],
)
def test_a_fault_of_a_kind_stands_at_its_place(text: str, wanted: str) -> None:
    _, problems = read_declarations({"schemas/a.yaml": text})
    assert [f"{one.code} {one.message}".startswith(wanted) for one in problems] == [True]


def test_a_kind_is_declared_once() -> None:
    _, problems = read_declarations({"schemas/a.yaml": STOCK, "schemas/b.yaml": STOCK})
    assert [one.code for one in problems] == ["J031"]

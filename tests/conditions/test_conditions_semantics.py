"""What operators and functions give, case by case, over facts as JSON brings them."""

import math
from typing import Any

import pytest

from journeys.conditions import Absent, EvaluationError, Facts, compile_condition, compile_expression

FACTS = Facts(
    event={
        "whole": 5,
        "double": 2.0,
        "text": "héllo",
        "yes": True,
        "no": False,
        "none": None,
        "zero": 0,
        "empty": "",
        "list": [1, "a", 2.0],
        "map": {"a": 1, "b": {"c": [10]}},
        "greatest": 2**63 - 1,
        "least": -(2**63),
        "meta": "a property of this name",
        "two words": 2,
    },
    meta={"id": "e1", "type": "order.placed", "channel": "web", "occurred_at": 1000, "place": {"lat": 48.8}},
    customer={"id": "c1", "tier": "gold", "points": 10},
    entry={"basket_id": "b1", "meta": {"type": "basket.updated"}},
    vars={"n": 3},
    consents={"offers/email": True, "offers/sms": False},
)
ABSENT, ERROR = object(), object()

VALUES: list[tuple[str, Any]] = [
    # fields
    ("event.meta.type", "order.placed"),
    ("event.meta.place.lat", 48.8),
    ('event["meta"]', "a property of this name"),
    ('event["two words"]', 2),
    ("entry.meta.type", "basket.updated"),
    ("event.map.b.c[0]", 10),
    ('event.map["b"]["c"][0]', 10),
    ("event.missing", ABSENT),
    ("event.missing.deeper", ABSENT),
    ('event.map["x"]', ABSENT),
    ("event.map[event.text]", ABSENT),
    ("event.text.x", ERROR),
    ("event.list.x", ERROR),
    ("event.none.x", ERROR),
    ("event.whole.x", ERROR),
    ("event.yes.x", ERROR),
    ('event.text["x"]', ERROR),
    ("event.text[0]", ERROR),
    ("event.list[3]", ERROR),
    ("event.list[-1]", ERROR),
    ("event.list[event.yes]", ERROR),
    ("event.list['a']", ERROR),
    ("event.map[event.whole]", ERROR),
    # presence
    ("has(event.none)", True),
    ("has(event.missing)", False),
    ("has(event.meta.channel)", True),
    ("has(event.meta)", True),
    ("has(event.map.x)", False),
    ("has(event.missing.x)", ABSENT),
    ("has(event.none.x)", ERROR),
    ("has(event.list.x)", ERROR),
    # equality
    ("event.yes == 1", False),
    ("event.yes == event.vars", ABSENT),
    ("event.no == event.zero", False),
    ("event.zero == false", False),
    ("event.whole == 5.0", True),
    ("event.double == 2", True),
    ("event.double != 2", False),
    ("event.whole == '5'", False),
    ("event.none == null", True),
    ("event.none != null", False),
    ("event.whole == null", False),
    ("event.list == [1.0, 'a', 2]", True),
    ("event.list == [true, 'a', 2]", False),
    ("event.map.b == {'c': [10]}", True),
    ("event.map == {'a': true}", False),
    ("[event.yes] == [1]", False),
    ("{'a': event.no} == {'a': 0}", False),
    ("0.0 == -0.0", True),
    ("event.text == event.text", True),
    # order
    ("event.whole >= 5", True),
    ("event.whole > 4.5", True),
    ("event.double < event.whole", True),
    ("event.whole < '6'", ERROR),
    ("event.yes < 2", ERROR),
    ("2 > event.yes", ERROR),
    ("event.no < event.yes", True),
    ("event.no < true", True),
    ("event.yes < event.whole", ERROR),
    ("event.list < event.list", ERROR),
    ("event.none < event.none", ERROR),
    ("event.text > 'a'", True),
    ("'B' < 'a'", True),
    ("event.greatest < 9223372036854775808.0", True),
    # membership
    ("1 in event.list", True),
    ("2 in event.list", True),
    ("event.yes in event.list", False),
    ("event.none in event.list", False),
    ("'a' in event.map", True),
    ("event.whole in event.map", False),
    ("event.list in event.map", ERROR),
    ("event.yes in [1, 'x']", False),
    ("event.zero in [false]", False),
    ("'h' in event.text", ERROR),
    ("event.text in ['x', 'héllo']", True),
    ("event.whole in ['x', 'y']", False),
    ("event.list in ['x', 'y']", False),
    # logic: errors are absorbed from either side
    ("true || event.missing", True),
    ("event.missing || true", True),
    ("false && event.missing", False),
    ("event.missing && false", False),
    ("event.missing || false", ABSENT),
    ("event.missing && true", ABSENT),
    ("!event.missing", ABSENT),
    ("!(event.missing && event.no)", True),
    ("event.text.x || true", True),
    ("event.text.x && event.no", False),
    ("event.text.x && event.missing", ERROR),
    ("event.missing && event.text.x", ABSENT),
    ("event.missing || event.no || event.yes", True),
    ("event.whole || true", True),
    ("event.whole && false", False),
    ("event.whole && true", ERROR),
    ("!event.whole", ERROR),
    ("event.yes ? 1 : event.missing", 1),
    ("event.no ? event.missing : 2", 2),
    ("event.missing ? 1 : 2", ABSENT),
    ("event.whole ? 1 : 2", ERROR),
    # arithmetic
    ("7 / 2", 3),
    ("-7 / 2", -3),
    ("7 / -2", -3),
    ("-7 % 3", -1),
    ("7 % -3", 1),
    ("event.whole / event.double", 2.5),
    ("event.whole + 1", 6),
    ("event.whole + 1.5", 6.5),
    ("event.double * 3", 6.0),
    ("event.whole - vars.n", 2),
    ("event.greatest + 1", ERROR),
    ("event.least - 1", ERROR),
    ("event.greatest * 2", ERROR),
    ("-event.least", ERROR),
    ("event.least / -1", ERROR),
    ("event.least % -1", ERROR),
    ("event.greatest + 1.0", 9.223372036854775807e18),
    ("1 / event.zero", ERROR),
    ("1 % event.zero", ERROR),
    ("1.0 / event.zero", math.inf),
    ("-1.0 / 0.0", -math.inf),
    ("1.0 / -0.0", -math.inf),
    ("event.double % 2", ERROR),
    ("event.yes + 1", ERROR),
    ("-event.yes", ERROR),
    ("-event.double", -2.0),
    ("event.text + '!'", "héllo!"),
    ("event.text + event.whole", ERROR),
    ("event.list + [3]", [1, "a", 2.0, 3]),
    ("event.map + event.map", ERROR),
    # functions
    ("size(event.text)", 5),
    ("event.list.size()", 3),
    ("size(event.map)", 2),
    ("size(event.whole)", ERROR),
    ("size(event.none)", ERROR),
    ("event.text.startsWith('hé')", True),
    ("event.text.endsWith('hé')", False),
    ("event.text.contains('ll')", True),
    ("event.list.contains('a')", ERROR),
    ("event.text.startsWith(event.whole)", ERROR),
    ("event.none.startsWith('a')", ERROR),
    ("int('-5')", -5),
    ("int(2.9)", 2),
    ("int(-2.9)", -2),
    ("int('5_0')", ERROR),
    ("int('9223372036854775808')", ERROR),
    ("int(1.0e19)", ERROR),
    ("int(event.double / 0)", ERROR),
    ("int(event.yes)", ERROR),
    ("double('1.5')", 1.5),
    ("double(event.whole)", 5.0),
    ("double('nan')", ERROR),
    ("string(event.whole)", "5"),
    ("string(event.double)", "2"),
    ("string(0.1)", "0.1"),
    ("string(event.yes)", "true"),
    ("string(event.none)", ERROR),
    ("bool('true')", True),
    ("bool('yes')", ERROR),
    ("bool(event.yes)", True),
    ("consented('offers', 'email')", True),
    ("consented('offers', 'sms')", False),
    ("consented('offers', 'push')", False),
    ("consented(event.empty, 'x')", False),
    ("consented(event.whole, 'x')", ERROR),
    ("consented('off' + 'ers', 'email')", True),
    # maps
    ("{'a': event.whole}.a", 5),
    ("{'a': 1, 'a': 2}", ERROR),
    ("{event.whole: 1}", ERROR),
    ("{event.text: 1}", {"héllo": 1}),
]


@pytest.mark.parametrize(("source", "wanted"), VALUES, ids=[source for source, _ in VALUES])
def test_value(source: str, wanted: Any) -> None:
    compiled = compile_expression(source)
    if wanted is ABSENT:
        with pytest.raises(Absent):
            compiled.evaluate(FACTS)
        assert compiled.holds(FACTS) is False
    elif wanted is ERROR:
        with pytest.raises(EvaluationError):
            compiled.evaluate(FACTS)
        with pytest.raises(EvaluationError):
            compiled.holds(FACTS)
    else:
        found = compiled.evaluate(FACTS)
        assert found == wanted
        assert type(found) is type(wanted)
        if isinstance(wanted, bool):
            assert compiled.holds(FACTS) is wanted


def test_nan_is_equal_to_nothing_and_has_no_order() -> None:
    assert math.isnan(compile_expression("0.0 / 0.0").evaluate(FACTS))
    for source in ("0.0 / 0.0 == 0.0 / 0.0", "0.0 / 0.0 < 1.0", "[0.0 / 0.0] == [0.0 / 0.0]"):
        assert compile_condition(source).holds(FACTS) is False


def test_a_condition_that_is_not_boolean_is_an_error_not_false() -> None:
    for source in ("event.whole", "event.text", "event.none", "event.list"):
        with pytest.raises(EvaluationError, match="wanted true or false"):
            compile_condition(source).holds(FACTS)


def test_absent_says_the_first_field_that_is_missing() -> None:
    for source, path in [
        ("customer.loyalty.tier == 'gold'", "customer.loyalty"),
        ("event.map.b.x > 1", "event.map.b.x"),
        ('event["no such"] == 1', 'event["no such"]'),
        ("event.meta.place.accuracy_m < 5", "event.meta.place.accuracy_m"),
    ]:
        with pytest.raises(Absent) as caught:
            compile_expression(source).evaluate(FACTS)
        assert caught.value.path == path
        assert str(caught.value) == f"{path} is absent"


def test_an_error_says_what_was_found() -> None:
    for source, message in [
        ("event.whole < event.text", "event.whole < event.text: a whole number < a text has no meaning"),
        ("event.none.x", "event.none.x: null has no fields"),
        ("event.list[7] == 1", "event.list[7]: place 7 is outside a list of 3"),
        ("1 / event.zero", "1 / event.zero: division by zero"),
        ("event.whole && true", "event.whole is 5, a whole number; wanted true or false"),
    ]:
        with pytest.raises(EvaluationError) as caught:
            compile_expression(source).evaluate(FACTS)
        assert str(caught.value) == message


def test_a_list_means_all_or_any() -> None:
    some = ["event.whole == 5", "event.missing == 1", "event.text == 'x'"]
    assert compile_condition(some).holds(FACTS) is False
    assert compile_condition(some, every=False).holds(FACTS) is True
    assert compile_condition(some[1:], every=False).holds(FACTS) is False
    assert compile_condition(some[:1]).holds(FACTS) is True
    assert compile_condition(some).source == "(event.whole == 5) && (event.missing == 1) && (event.text == 'x')"
    assert compile_condition(["event.yes || event.no", "event.no"]).holds(FACTS) is False


def test_facts_that_are_no_json_are_an_error() -> None:
    odd = Facts({"a": object(), "b": (1, 2)}, {}, {}, {}, {}, {})
    for source in ("event.a < 1", "event.a.x", "size(event.b)", "event.b[0]", "event.a in event.b"):
        with pytest.raises(EvaluationError, match="only plain JSON values are read"):
            compile_expression(source).evaluate(odd)


def test_what_nobody_knows_of_a_place_leaves_the_other_side_of_an_or_to_speak() -> None:
    condition = compile_condition('size(weather({"lat": 1.0, "lon": 2.0})) > 0 || event.a == 1')
    assert condition.holds(Facts({"a": 1}, {}, {}, {}, {}, {}))
    assert not condition.holds(Facts({"a": 2}, {}, {}, {}, {}, {}))

"""The generated function and the reference interpreter give the same for any expression and any facts."""

import copy
import math
from random import Random
from typing import Any

import msgspec
from conditions.remembered import DIARY
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from engine.context import Area, Asked, Context, Place
from journeys.conditions import (
    Absent,
    ConditionError,
    EvaluationError,
    Facts,
    compile_condition,
    compile_expression,
    exact,
)
from journeys.conditions.grammar import parse

WORDS = ["", "a", "ab", "b", "1", "true", "offers", "email"]
FIELDS = ["a", "b", "c", "d"]
PATHS = [f"{root}.{field}" for root in ("event", "customer", "entry", "vars") for field in FIELDS]
PATHS += ["event.m.a", "event.m.n.b", 'customer.m["a"]', "event.l[0]", "event.l[1].a", "event.l", "event.m"]
PATHS += ["event.meta.type", "event.meta.place.lat", "event", "event[vars.a]", "event.l[vars.b]"]
LITERALS = ["0", "1", "2", "-1", "0.0", "1.0", "2.5", "-1.5", "9223372036854775807", "-9223372036854775808"]
LITERALS += [
    "true",
    "false",
    "null",
    '""',
    '"a"',
    '"ab"',
    '"1"',
    "[]",
    '["a", "b"]',
    '[1, "a"]',
    "[0, null]",
    '{"a": 1}',
]

SCALARS: list[Any] = [
    0,
    1,
    2,
    -1,
    -3,
    7,
    2**63 - 1,
    -(2**63),
    0.0,
    -0.0,
    1.0,
    2.5,
    -1.5,
    1e308,
    True,
    False,
    None,
    *WORDS,
]


def _value(chance: Random, depth: int = 0) -> Any:
    form = chance.randrange(10)
    if form == 0 and depth < 3:
        return [_value(chance, depth + 1) for _ in range(chance.randrange(4))]
    if form == 1 and depth < 3:
        return _map(chance, depth + 1)
    return chance.choice(SCALARS)


def _map(chance: Random, depth: int = 0) -> dict[str, Any]:
    return {field: _value(chance, depth) for field in [*FIELDS, "m", "l"] if chance.random() < 0.8}


def _facts(chance: Random) -> Facts:
    one, other = _map(chance), _map(chance)
    # Half of the facts repeat values, so that equality and membership are met as often as their opposites.
    customer, entry = (one, one) if chance.random() < 0.5 else (other, _map(chance))
    meta = {"type": chance.choice(WORDS), "place": _map(chance)} if chance.random() < 0.8 else {}
    consents = {key: chance.random() < 0.5 for key in ("offers/email", "a/b", "a/a") if chance.random() < 0.8}
    one["m"] = chance.choice([_map(chance, 1), one.get("m")])
    one["l"] = chance.choice([[_value(chance, 1), _map(chance, 1)], one.get("l")])
    one["here"] = chance.choice([{"lat": 48.0, "lon": 2.0}, {"lat": 48.0}, {"lat": "a", "lon": 2.0}, None])
    return Facts(one, meta, customer, entry, _map(chance), consents, Town(), DIARY)


class Town(msgspec.Struct, frozen=True):
    """One store, and rain around it; equal to every other."""

    def nearest(self, lat: float, lon: float, kind: str, metres: float) -> dict[str, Any] | None:
        return Asked(AROUND, 0).nearest(lat, lon, kind, metres)

    def weather(self, lat: float, lon: float) -> dict[str, Any] | None:
        return Asked(AROUND, 0).weather(lat, lon)

    def inside(self, lat: float, lon: float, name: str) -> bool:
        return Asked(AROUND, 0).inside(lat, lon, name)

    def thing(self, kind: str, key: str) -> Any:
        return Asked(AROUND, 0).thing(kind, key)


AROUND = Context()
AROUND.put_place(Place("s1", "stores", 48.001, 2.0, {"name": "Sèvres"}))
AROUND.put_thing("stock", "a", b'{"left": 3, "b": [1]}')
AROUND.put_area(Area("w1", 48.0, 2.0, 5_000.0, 0, {"raining": True}))

FACTS = [_facts(Random(seed)) for seed in range(60)]

leaves = st.sampled_from(PATHS) | st.sampled_from(PATHS) | st.sampled_from(LITERALS)


here = st.sampled_from(["event.here", "event.here", "event.here", "event.a", "vars"])
past = st.sampled_from(
    [
        'count("order.placed")',
        'count("order.placed", "30d")',
        'sum("order.placed", "total", "7d")',
        'last("order.placed").city',
        'last("call.ended").at',
        'days_since("order.placed")',
        'days_since("call.ended")',
        'in_segment("regulars")',
        "local_time().hour",
        "local_time().weekday",
    ]
)
metres = st.sampled_from(["300", "1.5", "event.b", "-1", "30000"])


def _joined(inner: st.SearchStrategy[str], signs: list[str]) -> st.SearchStrategy[str]:
    return st.builds("({} {} {})".format, inner, st.sampled_from(signs), inner)


def _grown(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(
        _joined(inner, ["&&", "||"]),
        _joined(inner, ["&&", "||"]),
        _joined(inner, ["==", "!=", "<", "<=", ">", ">=", "in"]),
        _joined(inner, ["+", "-", "*", "/", "%"]),
        st.builds("{}{}".format, st.sampled_from(["!", "-"]), inner.map("({})".format)),
        st.builds("({} ? {} : {})".format, inner, inner, inner),
        st.builds("has({})".format, st.sampled_from([path for path in PATHS if path[-1].isalpha() and "." in path])),
        st.builds("{}({})".format, st.sampled_from(["size", "int", "double", "string", "bool"]), inner),
        st.builds("{}.{}({})".format, leaves, st.sampled_from(["startsWith", "endsWith", "contains"]), inner),
        st.builds("consented({}, {})".format, inner, inner),
        st.builds("near({}, {}, {})".format, here, st.sampled_from(["'stores'", "event.a"]), metres),
        st.builds("nearest({}, 'stores', {}).{}".format, here, metres, st.sampled_from(["name", "distance_m", "a"])),
        st.builds("weather({}).raining".format, here),
        st.builds("inside({}, {})".format, here, st.sampled_from(["'stores'", "'s1'", "event.a"])),
        st.builds("context.stock[{}].left".format, st.sampled_from(["'a'", "'b'", "event.a", "event.b"])),
        st.builds("{}(context.stock.{})".format, st.sampled_from(["has", "size", "!"]), st.sampled_from("ab")),
        st.builds("({} in context.{})".format, inner, st.sampled_from(["stock", "prices"])),
        past,
        st.builds("[{}, {}]".format, inner, inner),
        st.builds("{{{}: {}}}".format, inner, inner),
    )


expressions = st.recursive(leaves, _grown, max_leaves=8)
comparisons = _joined(leaves, ["==", "!=", "<", "<=", ">", ">=", "in"])
conditions = st.recursive(
    comparisons | st.sampled_from(PATHS) | _joined(past, ["==", "<", ">="]) | comparisons.map("!{}".format),
    lambda inner: _joined(inner, ["&&", "||"]),
    max_leaves=6,
)
thorough = settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much]
)


def exactly(value: Any) -> Any:
    """A form in which values compare by kind as well, and NaN is equal to itself."""
    if isinstance(value, list):
        return [exactly(item) for item in value]
    if isinstance(value, dict):
        return {key: exactly(item) for key, item in value.items()}
    return type(value), "nan" if isinstance(value, float) and math.isnan(value) else value


def outcome(function: Any, *arguments: Any) -> Any:
    try:
        return exactly(function(*arguments))
    except (Absent, EvaluationError) as error:
        return type(error), str(error)


@thorough
@given(expressions)
def test_values_agree_with_the_reference(source: str) -> None:
    try:
        compiled = compile_expression(source)
    except ConditionError:
        assume(False)
    root, before = parse(source), copy.deepcopy(FACTS)
    for one in FACTS:
        assert outcome(compiled.evaluate, one) == outcome(exact.evaluate, root, one)
        assert outcome(compiled.holds, one) == outcome(exact.holds, root, one)
        assert isinstance(compiled.explain(one), str)
    assert before == FACTS


@thorough
@given(conditions)
def test_logic_agrees_with_the_reference_when_fields_are_absent(source: str) -> None:
    try:
        compiled = compile_condition(source)
    except ConditionError:
        assume(False)
    root = parse(source)
    for one in FACTS:
        assert outcome(compiled.holds, one) == outcome(exact.holds, root, one)
        assert outcome(compiled.evaluate, one) == outcome(exact.evaluate, root, one)


@settings(deadline=None)
@given(st.lists(conditions, min_size=1, max_size=4), st.booleans())
def test_a_list_means_what_its_operators_mean(sources: list[str], every: bool) -> None:
    try:
        compiled = compile_condition(sources, every=every)
    except ConditionError:
        assume(False)
    joined = compile_condition((" && " if every else " || ").join(f"({source})" for source in sources))
    for one in FACTS:
        assert outcome(compiled.holds, one) == outcome(joined.holds, one)

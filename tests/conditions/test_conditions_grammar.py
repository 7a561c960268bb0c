"""What the source means: precedence, literals, strings, comments, limits."""

import pytest

from journeys.conditions import ConditionError, Facts, compile_condition, compile_expression
from journeys.conditions.grammar import MAX_DEPTH, MAX_LENGTH, parse
from journeys.conditions.render import text

NOTHING = Facts({}, {}, {}, {}, {}, {})


@pytest.mark.parametrize(
    ("source", "means"),
    [
        ("1 + 2 * 3 == 7", "(1 + (2 * 3)) == 7"),
        ("event.a - event.b - event.c", "(event.a - event.b) - event.c"),
        ("event.a / event.b * event.c % 2", "((event.a / event.b) * event.c) % 2"),
        ("event.a || event.b && event.c", "event.a || (event.b && event.c)"),
        ("event.a && event.b || event.c", "(event.a && event.b) || event.c"),
        ("!event.a && event.b", "(!event.a) && event.b"),
        ("!event.a.b[0]", "!(event.a.b[0])"),
        ("-event.a + 1", "(-event.a) + 1"),
        ("event.a < 1 == true", "(event.a < 1) == true"),
        ("event.a in event.b && event.c", "(event.a in event.b) && event.c"),
        ("event.a ? 1 : event.b ? 2 : 3", "event.a ? 1 : (event.b ? 2 : 3)"),
        ("event.a ? event.b ? 1 : 2 : 3", None),
        ("event.a || event.b ? 1 : 2", "(event.a || event.b) ? 1 : 2"),
        ("2 - -2", "2 - (-2)"),
        ("event.a > 1 && event.b == 2 || event.c", "((event.a > 1) && (event.b == 2)) || event.c"),
    ],
)
def test_precedence(source: str, means: str | None) -> None:
    if means is None:
        with pytest.raises(ConditionError):
            parse(source)
        return
    assert text(parse(source)) == text(parse(means))
    assert text(parse(text(parse(source)))) == text(parse(source))


@pytest.mark.parametrize(
    ("source", "value"),
    [
        ('"a"', "a"),
        ("'a'", "a"),
        ('"""a"b\n"""', 'a"b\n'),
        ("'''a'b'''", "a'b"),
        (r'r"\n\d"', r"\n\d"),
        (r"R'a\b'", r"a\b"),
        (r'"\a\b\f\n\r\t\v\\\?\"\'\`"', "\a\b\f\n\r\t\v\\?\"'`"),
        (r'"\x41\X41\u00e9\U0001F600\101"', "AAé😀A"),
        (r"""'it\'s'""", "it's"),
        ('"é"', "é"),
        ('""', ""),
        ('"// no comment"', "// no comment"),
        ("0x1F", 31),
        ("-0x10", -16),
        ("1.5e3", 1500.0),
        (".5", 0.5),
        ("1e-2", 0.01),
        ("9223372036854775807", 2**63 - 1),
        ("-9223372036854775808", -(2**63)),
        ("--5", 5),
        ("null", None),
        ("[1, 'a', [true,],]", [1, "a", [True]]),
        ('{"a": 1, "b": {"c": 2},}', {"a": 1, "b": {"c": 2}}),
        ("[]", []),
        ("{}", {}),
        ("1 // one\n + // two\n 2", 3),
        ('{"if": 1}.if', 1),
    ],
)
def test_literals(source: str, value: object) -> None:
    found = compile_expression(source).evaluate(NOTHING)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize("value", [5, -5, 0.25, True, False, 2**63 - 1])
def test_a_number_or_boolean_stands_for_itself(value: int | float | bool) -> None:
    found = compile_expression(value).evaluate(NOTHING)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize("value", [2**63, float("inf"), float("nan")])
def test_a_constant_that_has_no_place_is_refused(value: float) -> None:
    with pytest.raises(ConditionError):
        compile_expression(value)


def test_names_are_the_paths_that_are_read() -> None:
    compiled = compile_condition(
        'event.value >= 30 && event.meta.type == "x" && has(customer.loyalty.tier) && entry["basket_id"] in event.ids'
        " && event.lines[0].sku == vars.skus[event.place] && size(event.meta) > 0"
    )
    assert compiled.names == {
        "event.value",
        "event.meta.type",
        "customer.loyalty.tier",
        "entry.basket_id",
        "event.ids",
        "event.lines.sku",
        "vars.skus",
        "event.place",
        "event.meta",
    }


NESTED = {
    "brackets": lambda depth: "(" * depth + "event.a" + ")" * depth,
    "lists": lambda depth: "[" * depth + "]" * depth + " == event.a",
    "maps": lambda depth: '{"a": ' * depth + "1" + "}" * depth + " == event.a",
    "indices": lambda depth: "event.a[" * depth + "0" + "]" * depth,
    "fields": lambda depth: "event" + ".a" * depth,
    "negations": lambda depth: "!" * depth + "event.a",
    "minuses": lambda depth: "-" * depth + "event.a == 1",
    "sums": lambda depth: "event.a + " * depth + "1 == 3",
    "right sums": lambda depth: "1 + (" * depth + "event.a" + ")" * depth + " == 3",
    "calls": lambda depth: "int(" * depth + "event.a" + ")" * depth + " == 1",
    "tests": lambda depth: "event.a ? 1 : " * depth + "2 == 1",
    "tests in tests": lambda depth: "(" * depth + "event.a" + " ? event.b : event.c)" * depth,
    "comparisons": lambda depth: "(" * depth + "event.a" + " == event.b)" * depth,
    "orders": lambda depth: "(" * depth + "event.a" + " < 1 ? event.b : 3)" * depth,
    "logic": lambda depth: "event.a || (event.b && (" * depth + "event.c" + "))" * depth,
}


@pytest.mark.parametrize("form", NESTED)
def test_the_deepest_nesting_that_parses_also_compiles(form: str) -> None:
    compiled = 0
    for depth in range(1, MAX_DEPTH + 10):
        try:
            found = compile_expression(NESTED[form](depth))
        except ConditionError as error:
            assert "nested more than" in error.message
            break
        found.explain(NOTHING)
        compiled = depth
    assert MAX_DEPTH // 4 - 2 <= compiled <= MAX_DEPTH


@pytest.mark.parametrize("form", NESTED)
def test_far_too_deep_is_a_clear_error(form: str) -> None:
    source = NESTED[form](400)
    if len(source) > MAX_LENGTH:
        source = NESTED[form](150)
    with pytest.raises(ConditionError, match=r"nested more than 50 deep|characters, at most 4000"):
        compile_expression(source)


def test_a_long_chain_of_and_is_wide_not_deep() -> None:
    source = " && ".join(["event.a == 1"] * 200)
    assert compile_condition(source).holds(Facts({"a": 1}, {}, {}, {}, {}, {}))


def test_too_long() -> None:
    with pytest.raises(ConditionError, match=r"1:1: condition has 4001 characters, at most 4000 are read; hint: split"):
        compile_condition("a" * 4001)

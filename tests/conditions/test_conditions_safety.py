"""A condition reaches the facts and nothing else, leaves them as they are, and takes the fast path where it can."""

import copy

import pytest

from journeys.conditions import Absent, ConditionError, EvaluationError, Facts, compile_condition, compile_expression
from journeys.conditions import compile as compiling
from journeys.conditions.emit import python
from journeys.conditions.grammar import parse
from journeys.conditions.types import check

FACTS = Facts({"a": {"b": 1}, "s": "text", "l": [1]}, {"type": "t"}, {"x": 1}, {"meta": {}}, {}, {})


@pytest.mark.parametrize(
    "source",
    [
        "event.__class__",
        "event.a.__class__.__mro__",
        "event.s.__class__",
        "event.l.__len__",
        "event.s.format",
        "event.l.append",
        'event["__class__"]',
        'event.l["__class__"]',
        "customer.__init__.__globals__",
        "event.meta.type.__class__",
        "[].__class__",
        "{}.__class__",
        "{}.keys",
        "{}.get",
        "vars.__builtins__",
    ],
)
def test_attributes_of_python_are_out_of_reach(source: str) -> None:
    with pytest.raises((ConditionError, Absent, EvaluationError)):
        compile_expression(source).evaluate(FACTS)


@pytest.mark.parametrize(
    "source",
    [
        "facts",
        "facts.event",
        "__import__('os')",
        "exact_evaluate",
        "exact_holds(1)",
        "slip()",
        "str(1)",
        "Exception",
        "event.l.append(1)",
        "event.s.format(event)",
        "event.a.keys()",
        "().x",
        "lambda: 1",
        "t1",
        "meta.type",
        "consents",
    ],
)
def test_names_of_the_generated_code_are_out_of_reach(source: str) -> None:
    with pytest.raises(ConditionError):
        compile_expression(source)


@pytest.mark.parametrize(
    "value",
    [
        "'",
        '"',
        '"""',
        "'''",
        "\\",
        "\n",
        "\r\n",
        "\0",
        "{x}",
        "%s",
        "') or exit(",
        "\u2028",
        "é",
        "\\N{BULLET}",
        "#",
        "😀",
    ],
)
def test_a_text_stays_a_text(value: str) -> None:
    source = '"' + "".join(f"\\U{ord(character):08x}" for character in value) + '"'
    assert compile_expression(source).evaluate(FACTS) == value
    there = Facts({value: 1}, {}, {}, {}, {}, {f"{value}/x": True})
    assert compile_expression(f"event[{source}]").evaluate(there) == 1
    assert compile_condition(f"event[{source}] == 1 && consented({source}, 'x')").holds(there)
    assert not compile_condition(f"event[{source}] == 1").holds(FACTS)
    assert compile_condition(f"{source} in [{source}]").holds(FACTS)


def test_facts_are_left_as_they_are() -> None:
    before = copy.deepcopy(FACTS)
    for source in ("event.l + [2]", "{'a': event.a}", "event.a.b + 1 == 2 || event.q", "event.l == [1] && event.s"):
        compiled = compile_expression(source)
        for ask in (compiled.evaluate, compiled.holds, compiled.explain):
            try:
                first = ask(FACTS)
            except (Absent, EvaluationError):
                continue
            assert ask(FACTS) == first
    assert before == FACTS


FAST = [
    'event.value >= 30 && event.basket_id == entry.basket_id && customer.tier == "gold" && has(event.code)',
    'event.value < 30 || event.basket_id != entry.basket_id || customer.tier in ["silver", "gold"]',
    "event.flag && !customer.blocked",
    "event.missing == 1 || event.value >= 30",
    "event.value >= 30 && event.missing > 1 && event.flag",
    "(event.missing == 1 && event.flag || event.missing > 1) || event.flag",
    "event.value + 1 > 2 ? event.flag : event.missing",
    'consented("offers", "email") && size(event.basket_id) == 2 && event.basket_id.startsWith("b")',
    "event.count == 1 && event.list[0] == 1",
]


@pytest.mark.parametrize("source", FAST)
def test_well_formed_facts_never_need_the_interpreter(source: str) -> None:
    facts = Facts(
        event={"value": 42.5, "basket_id": "b1", "code": "X", "flag": True, "count": 1, "list": [1]},
        meta={},
        customer={"tier": "gold", "blocked": False},
        entry={"basket_id": "b1"},
        vars={},
        consents={"offers/email": True},
    )
    root = parse(source)

    def needed(_: Facts) -> bool:
        raise AssertionError("the interpreter was asked")

    namespace = {**compiling.NAMESPACE, "exact_evaluate": needed, "exact_holds": needed}
    exec(python(root, check(root)), namespace)
    assert namespace["holds"](facts) is compile_condition(source).holds(facts)


def test_generated_code_has_no_builtins() -> None:
    assert compile_condition("event.s == 'x'").holds.__globals__["__builtins__"] == {}

"""What is declared of the facts finds unknown fields, wrong types and impossible comparisons beforehand."""

import pytest

from journeys.conditions import (
    ConditionError,
    Declared,
    EvaluationError,
    Facts,
    Fault,
    Shape,
    compile_condition,
)
from journeys.conditions.declared import BOOL, DOUBLE, INT, LIST, STRING, map_of
from journeys.conditions.kinds import Kind

ORDER = map_of(
    {
        "total": DOUBLE,
        "count": INT,
        "status": Shape(Kind.STRING, values=("new", "paid", "sent")),
        "state": Shape(Kind.STRING, values=("new", "lost")),
        "level": Shape(Kind.INT, values=(1, 2, 3)),
        "voucher": Shape(Kind.STRING, nullable=True),
        "mood": Shape(Kind.STRING, values=("good", None), nullable=True),
        "gift": BOOL,
        "address": map_of({"city": STRING}),
        "extra": map_of({"size": INT}, closed=False),
        "lines": Shape(Kind.LIST, items=map_of({"sku": STRING, "amount": INT})),
        "tags": Shape(Kind.LIST, items=Shape(Kind.STRING, values=("red", "blue"))),
        "any": Shape(),
        "bare": LIST,
    }
)
PERSON = map_of({"tier": Shape(Kind.STRING, values=("gold", "silver"))})
TYPES = Declared(
    event=ORDER,
    customer=PERSON,
    entry=map_of({"basket_id": STRING}),
    events={"order.placed": ORDER, "basket.updated": map_of({}, closed=False)},
    segments=frozenset({"regulars"}),
)

FAULTS = [
    ("event.totl > 1", 1, 7, "unknown field totl of event", "did you mean total?"),
    ("event.zzz > 1", 1, 7, "unknown field zzz of event", "it has total, count, status, state, level, voucher"),
    ('event["totl"] > 1', 1, 7, "unknown field totl of event", "did you mean total?"),
    ("has(event.totl)", 1, 1, "unknown field totl of event", "did you mean total?"),
    ("event.gift &&\n  event.address.ctiy == 'x'", 2, 17, "unknown field ctiy of event.address", "mean city?"),
    ("event.lines[0].skuu == 'x'", 1, 16, "unknown field skuu of event.lines[0]", "did you mean sku?"),
    ("customer.teir == 'gold'", 1, 10, "unknown field teir of customer", "did you mean tier?"),
    ("entry.basketid == 'gold'", 1, 7, "unknown field basketid of entry", "did you mean basket_id?"),
    ("entry.meta.tpye == 'gold'", 1, 12, "unknown field tpye of entry.meta", "did you mean type?"),
    ("event.total.x == 1", 1, 13, "a double has no field x", ""),
    ("event.total == 'x'", 1, 13, "a double == a text has no meaning", "without quotes"),
    ("event.total > event.status", 1, 13, "a double > a text has no meaning", ""),
    ("event.gift == 1", 1, 12, "a boolean == a whole number has no meaning", ""),
    ("event.total == null", 1, 13, "a double == null has no meaning", ""),
    ("event.voucher > null", 1, 15, "a text > null has no meaning", "have an order"),
    ("event.count % event.total == 1", 1, 13, "a whole number % a double has no meaning", ""),
    ("event.total + event.status == 'a'", 1, 13, "a double + a text has no meaning", ""),
    ("event.total / 2 > 1", 1, 13, "event.total / 2 drops the fraction", "write a double, as in event.total / 2.0"),
    ("[(event.total + 1) / event.count] == [1]", 1, 20, "(event.total + 1) / event.count drops the fraction", ""),
    ("event.total && true", 1, 7, "&& takes true or false, not a double", ""),
    ("event.total", 1, 7, "condition is a double, wanted true or false", ""),
    ("!event.count", 1, 8, "! takes true or false, not a whole number", ""),
    ("event.total.startsWith('a')", 1, 7, "startsWith does not take a double", ""),
    ("event.lines.sku == 'x'", 1, 13, "a list has no field sku", ""),
    ("event.lines['sku'] == 'x'", 1, 12, "a list cannot be indexed by a text", ""),
    ("event.status == 'payd'", 1, 17, 'event.status is never "payd"', "did you mean paid?"),
    ("event.status != 'Paid'", 1, 17, 'event.status is never "Paid"', "did you mean paid?"),
    ("'zzz' == event.status", 1, 1, 'event.status is never "zzz"', "there is new, paid, sent"),
    ("event.level == 4", 1, 16, "event.level is never 4", "there is 1, 2, 3"),
    ("event.mood == 'bad'", 1, 15, 'event.mood is never "bad"', "there is good"),
    ("event.status in ['new', 'snet']", 1, 25, 'event.status is never "snet"', "did you mean sent?"),
    ("event.status in ['new', 3]", 1, 25, "event.status is a text, never a whole number", ""),
    ("event.status == customer.tier", 1, 26, "event.status is never customer.tier", "it is new, paid, sent"),
    ("'green' in event.tags", 1, 1, 'event.tags is never "green"', "there is red, blue"),
    ("event.tags[0] == 'green'", 1, 18, 'event.tags[0] is never "green"', ""),
    ("3 in event.tags", 1, 3, "a whole number is in no list of which each is a text", ""),
    ("'ctiy' in event.address", 1, 1, '"ctiy" is no field of event.address', "did you mean city?"),
    ("'x' in event.status", 1, 5, "a text in a text has no meaning", "contains()"),
    ("count('order.plced') > 1", 1, 7, "unknown type of event order.plced", "did you mean order.placed?"),
    ("days_since('zzz') > 1", 1, 12, "unknown type of event zzz", "there is basket.updated, order.placed"),
    ("sum('order.placed', 'totl') > 1", 1, 21, "unknown field totl", "did you mean total?"),
    ("sum('order.placed', 'extra.a.b') > 1 && event.x", 1, 47, "unknown field x of event", ""),
    ("sum('order.placed', 'status') > 1", 1, 21, "status is a text, a sum takes numbers", "count"),
    ("sum('order.placed', 'total.x') > 1", 1, 21, "unknown field total.x", ""),
    ("last('order.placed').totl > 1", 1, 22, 'unknown field totl of last("order.placed")', "did you mean total?"),
    ("last('order.placed').status == 'payd'", 1, 32, 'last("order.placed").status is never "payd"', "paid?"),
    ("in_segment('regular')", 1, 12, "unknown segment regular", "did you mean regulars?"),
]


@pytest.mark.parametrize(("source", "line", "column", "message", "hint"), FAULTS, ids=[each[0] for each in FAULTS])
def test_a_fault_against_what_is_declared(source: str, line: int, column: int, message: str, hint: str) -> None:
    with pytest.raises(ConditionError) as caught:
        compile_condition(source, types=TYPES)
    error = caught.value
    assert message in error.message
    assert (error.line, error.column) == (line, column)
    assert hint in error.hint
    assert error.hint


FINE = [
    "event.total >= 30",
    "event.total == event.count",
    "event.extra.colour == 'x' || event.any.a.b == 3 || event.bare[0] == 'x' || vars.x == 1",
    "event.voucher == null || event.mood == null || event.mood == 'good'",
    "event.voucher.startsWith('a')",
    "event.status == 'paid' || event.status == event.state || event.status > 'a'",
    "event.status in ['new', 'paid'] || event.voucher in ['a', null] || event.any in [1, 'a']",
    "event.level == 2.0",
    "event.lines[0].amount > 2 && event.lines[event.count].sku == 'x'",
    "'red' in event.tags && 'city' in event.address && 'x' in event.extra && event.any in event.tags",
    "customer.place.lat > 1 && customer.timezone == 'x' && customer.id == 'y' && entry.meta.type == 'z'",
    "event.address[event.status] == 'x'",
    "last('order.placed').at > 1 && last('order.placed').total > 1 && last('basket.updated').x == 1",
    "sum('order.placed', 'extra.size') > 1 && sum('order.placed', 'any.x') > 1 && sum('basket.updated', 'x') > 1",
    "in_segment('regulars') && has(event.voucher)",
    "(event.gift ? event.total : event.count) > 1",
    "(event.gift ? event.status : 'none') == 'none'",
    "-event.count < 1 && event.total / 2.0 > 1 && event.count / 2 > 1 && event.any / 2 > 1",
    "double(event.total) / event.count > 1 && 1.5 / event.total > 1 && sum('order.placed', 'total') / 2 > 1",
]


@pytest.mark.parametrize("source", FINE)
def test_what_may_hold_passes(source: str) -> None:
    assert compile_condition(source, types=TYPES).source == source


def test_without_declarations_only_the_language_is_known() -> None:
    for source, *_, fault in [
        ("event.totl > 1 && customer.teir == 'x' && count('order.plced') > 1 && in_segment('x')", None),
        ("event.meta.tpye == 'x'", Fault.NAME),
        ("event.meta.type == 3", Fault.FORM),
    ]:
        if fault is None:
            compile_condition(source)
            continue
        with pytest.raises(ConditionError) as caught:
            compile_condition(source)
        assert caught.value.fault is fault


def test_what_is_not_declared_has_a_fault_of_its_own() -> None:
    for source in ("event.totl > 1", "event.status == 'x'", "count('x') > 1", "in_segment('x')"):
        with pytest.raises(ConditionError) as caught:
            compile_condition(["true", source], types=TYPES)
        assert caught.value.fault is Fault.DECLARED
        assert caught.value.item == 1


def test_a_declaration_is_not_relied_on() -> None:
    """What comes is judged as it comes: a text where a number was declared is an error, and true is not 1."""
    bad = Facts({"total": "30", "count": True, "gift": 1, "status": 5}, {}, {}, {}, {}, {})
    assert compile_condition("event.total == 30", types=TYPES).holds(bad) is False
    assert compile_condition("event.count == 1", types=TYPES).holds(bad) is False
    assert compile_condition("event.status == 'paid'", types=TYPES).holds(bad) is False
    odd = Facts({}, {"occurred_at": True}, {}, {}, {}, {})
    with pytest.raises(EvaluationError, match="a boolean > a whole number has no meaning"):
        compile_condition("event.meta.occurred_at > 0").holds(odd)
    for source in ("event.total > 30", "event.count > 0", "event.gift && true", "event.total / 2.0 > 1"):
        with pytest.raises(EvaluationError, match=r"has no meaning|wanted true or false"):
            compile_condition(source, types=TYPES).holds(bad)

"""What conditions ask of the past: counts, sums, the newest event, segments and the hour."""

from typing import Any

import pytest
from conditions.remembered import DIARY, NOON

from journeys.conditions import Absent, ConditionError, Facts, Fault, compile_condition, compile_expression
from journeys.conditions.past import NO_PAST
from journeys.duration import Duration

FACTS = Facts({"n": 3}, {"occurred_at": NOON}, {}, {}, {}, {}, past=DIARY)
NOBODY = Facts({}, {}, {}, {}, {}, {})

ANSWERS: list[tuple[str, Any]] = [
    ('count("order.placed")', 3),
    ('count("order.placed", "30d")', 2),
    ('count("order.placed", "29d")', 1),
    ('count("order.placed", "29d 24h")', 2),
    ('count("call.ended")', 0),
    ('sum("order.placed", "total")', 60.5),
    ('sum("order.placed", "total", "30d")', 50.5),
    ('sum("order.placed", "total", "30d") / 2', 25.25),
    ('last("order.placed").total', 30.5),
    ('last("order.placed").items[0].sku', "s1"),
    ('last("order.placed")["city"]', "Paris"),
    ('event.meta.occurred_at - last("order.placed").at', 2 * 24 * 3_600_000),
    ('has(last("order.placed").voucher)', False),
    ('days_since("order.placed")', 2),
    ('days_since("basket.updated")', 0),
    ('in_segment("regulars")', True),
    ('in_segment("staff")', False),
    ("local_time().hour", 12),
    ("local_time().minute", 5),
    ("local_time().weekday", "monday"),
    ("local_time().date", "2026-03-02"),
    ("local_time().time", "12:05"),
    ("local_time().day + local_time().month + local_time().year", 2031),
    ('local_time().weekday in ["saturday", "sunday"]', False),
    ('local_time().time >= "09:00" && local_time().time < "20:00"', True),
]


@pytest.mark.parametrize(("source", "wanted"), ANSWERS, ids=[source for source, _ in ANSWERS])
def test_answer(source: str, wanted: Any) -> None:
    found = compile_expression(source).evaluate(FACTS)
    assert found == wanted
    assert type(found) is type(wanted)


@pytest.mark.parametrize(
    ("source", "path"),
    [
        ('last("call.ended").agent == "ann"', "last(call.ended)"),
        ('last("order.placed").voucher == "x"', "last(order.placed).voucher"),
        ('days_since("call.ended") > 3', "days_since(call.ended)"),
        ('!(days_since("call.ended") > 3)', "days_since(call.ended)"),
    ],
)
def test_what_never_happened_is_absent(source: str, path: str) -> None:
    compiled = compile_condition(source)
    assert not compiled.holds(FACTS)
    with pytest.raises(Absent) as caught:
        compiled.evaluate(FACTS)
    assert caught.value.path == path
    assert compiled.explain(FACTS) == f"{path} is absent"
    assert compile_condition(f"{source} || event.n == 3").holds(FACTS)


def test_without_a_past_nothing_has_happened() -> None:
    assert compile_expression('count("order.placed", "30d")').evaluate(NOBODY) == 0
    assert compile_expression('sum("order.placed", "total")').evaluate(NOBODY) == 0.0
    assert not compile_condition('in_segment("regulars")').holds(NOBODY)
    assert not compile_condition('days_since("order.placed") >= 0').holds(NOBODY)
    assert not compile_condition('last("order.placed").at >= 0').holds(NOBODY)
    assert compile_expression("local_time()").evaluate(NOBODY)["date"] == "1970-01-01"
    assert NO_PAST.count("x", Duration.parse("1d")) == 0


EXPLAINED = [
    ('count("order.placed", "30d") >= 3', "count(order.placed, 30d) is 2, wanted >= 3"),
    ('3 <= count("order.placed", "30d")', "count(order.placed, 30d) is 2, wanted >= 3"),
    ('!(count("order.placed") < 4)', "count(order.placed) is 3, wanted >= 4"),
    ('sum("order.placed", "total", "30d") > 100', "sum(order.placed, total, 30d) is 50.5, wanted > 100"),
    ('last("order.placed").city == "Lyon"', 'last(order.placed).city is "Paris", wanted == "Lyon"'),
    ('has(last("order.placed").voucher)', "last(order.placed).voucher is absent, wanted present"),
    ('days_since("order.placed") > 7', "days_since(order.placed) is 2, wanted > 7"),
    ('!in_segment("regulars")', "in_segment(regulars) is true, wanted false"),
    ("local_time().hour < 12", "local_time().hour is 12, wanted < 12"),
    (
        'in_segment("staff") || count("order.placed", "30d") > event.n',
        "in_segment(staff) is false, wanted true; count(order.placed, 30d) is 2, wanted > event.n (3)",
    ),
]


@pytest.mark.parametrize(("source", "wanted"), EXPLAINED, ids=[source for source, _ in EXPLAINED])
def test_explanation(source: str, wanted: str) -> None:
    assert compile_condition(source).explain(FACTS) == wanted


FAULTS = [
    ("count() > 1", 1, "count is not called like this", 'count("order.placed") or count("order.placed", "30d")'),
    ('count("a", "1d", "b") > 1', 1, "count is not called like this", ""),
    ("count(event.type) > 1", 7, "the type of event that count asks for must stand there as a text", "count("),
    ('count("order" + ".placed") > 1', 7, "must stand there as a text", ""),
    ('count("") > 1', 7, "'' is no type of event", ""),
    ("count(5) > 1", 7, "count does not take a whole number", ""),
    ('count("a", event.window) > 1', 12, "the window that count asks for must stand there as a text", '"30d"'),
    ('count("a", "30") > 1', 12, "duration '30' is not like 30m", '"30d"'),
    ('count("a", "101y") > 1', 12, "duration '101y'", ""),
    ('sum("a") > 1.0', 1, "sum is not called like this", 'sum("order.placed", "total") or sum('),
    ('sum("a", event.field) > 1', 10, "the field that sum asks for must stand there", ""),
    ('sum("a", "a..b") > 1', 10, "'a..b' is no field", ""),
    ('sum("a", "total", "soon") > 1', 19, "duration 'soon'", ""),
    ('sum("a", "total") == "x"', 19, "a double == a text has no meaning", ""),
    ("last(event.type).at > 1", 6, "the type of event that last asks for", ""),
    ('last("a", "1d").at > 1', 1, "last is not called like this", 'write last("order.placed")'),
    ('last("a").at == "x"', 14, "a whole number == a text has no meaning", ""),
    ("in_segment(event.name)", 12, "the segment that in_segment asks for", 'in_segment("regulars")'),
    ("local_time(1).hour == 1", 1, "local_time is not called like this", "write local_time()"),
    ("local_time().hours == 1", 14, "unknown field hours of local_time()", "did you mean hour?"),
    ('local_time().weekday == "Monday"', 25, 'local_time().weekday is never "Monday"', "did you mean monday?"),
    ('local_time().weekday in ["sunday", "tuseday"]', 36, "local_time().weekday is never", "did you mean tuesday?"),
    ('local_time().hour == "9"', 19, "a whole number == a text has no meaning", ""),
    ('"a".count("1d") > 1', 5, "count is not called like this", ""),
]


@pytest.mark.parametrize(("source", "column", "message", "hint"), FAULTS, ids=[source for source, *_ in FAULTS])
def test_a_fault_has_its_place_and_a_cure(source: str, column: int, message: str, hint: str) -> None:
    with pytest.raises(ConditionError) as caught:
        compile_condition(source)
    error = caught.value
    assert (error.line, error.column) == (1, column)
    assert message in error.message
    assert hint in error.hint
    assert error.hint


@pytest.mark.parametrize(
    ("source", "fault"),
    [
        ("event.a >", Fault.FORM),
        ("customr.a", Fault.NAME),
        ("counts('a') > 1", Fault.NAME),
        ("event.meta.tpye == 'a'", Fault.NAME),
        ("local_time().weekday == 'x'", Fault.DECLARED),
    ],
)
def test_a_fault_says_what_it_is_about(source: str, fault: Fault) -> None:
    for given in (source, ["true", source]):
        with pytest.raises(ConditionError) as caught:
            compile_condition(given)
        assert caught.value.fault is fault

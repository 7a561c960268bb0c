"""Faults are found at compile, each with its line, its column and a cure."""

import pytest

from journeys.conditions import ConditionError, compile_condition, compile_expression

FAULTS = [
    ("", 1, 1, "condition is empty", "write true"),
    ("  // nothing\n ", 2, 2, "condition is empty", ""),
    ("event.value = 3", 1, 13, "character '=' has no meaning here", "write == to compare"),
    ("event.a & event.b", 1, 9, "character '&'", "write && for and"),
    ("event.a == “x”", 1, 12, "character '“'", "plain quotes"),
    ("event.prénom == 1", 1, 9, "character 'é'", 'event["its name"]'),
    ("event.a and event.b", 1, 9, "unexpected and", "write && for and"),
    ("not event.a", 1, 5, "unexpected event", "expected an operator or the end"),
    ("event.a == 'abc", 1, 12, "text is not closed", "it ends with '"),
    ("event.a == 'ab\nc'", 1, 12, "text is not closed", ""),
    ('event.a == "a\\qb"', 1, 14, "escape \\q means nothing", 'r"..."'),
    ('event.a == "\\ud800"', 1, 13, "escape \\ud800 means nothing", ""),
    ('event.a == b"x"', 1, 12, "bytes are not part of this language", ""),
    ("event.a == 1u", 1, 12, "number 1u is not a number", "unsigned"),
    ("event.a == 12abc", 1, 12, "number 12abc is not a number", "quotes"),
    ("event.a == 9223372036854775808", 1, 12, "does not fit 64 bits", "9223372036854775808.0"),
    ("event.a == 1e999", 1, 12, "beyond what a double holds", ""),
    ("event.a >", 1, 10, "unexpected end of the condition", "expected a value"),
    ("(event.a", 1, 9, "unexpected end of the condition", "expected )"),
    ("event.a)", 1, 8, "unexpected )", "expected an operator or the end"),
    ("event.", 1, 7, "unexpected end", "the name of a field"),
    ("event.in == 1", 1, 7, "in is a word of the language", '["in"]'),
    ("while == 1", 1, 1, "while is a reserved word", ""),
    ("event.a ? 1", 1, 12, "unexpected end", "expected :"),
    ("event.a &&\n  customr.b", 2, 3, "unknown name customr", "did you mean customer?"),
    ("value >= 30", 1, 1, "unknown name value", "event.value"),
    ("event.a == True", 1, 12, "unknown name True", "did you mean true?"),
    ("places.old == 1", 1, 1, "unknown name places", "event.places"),
    ("event.meta.tpye == 'x'", 1, 12, "unknown field tpye of event.meta", "did you mean type?"),
    ("has(entry.meta.foo)", 1, 1, "unknown field foo of entry.meta", "occurred_at"),
    ("inside(customer.place)", 1, 1, "inside is not called like this", "inside(map, string)"),
    ("context.stock == event.x", 1, 9, "context is read thing by thing", 'context.stock["sku-1"]'),
    ("size(context) > 0", 1, 6, "context is read thing by thing", 'context.stock["sku-1"]'),
    ("consent('offers', 'email')", 1, 1, "unknown function consent", "did you mean consented?"),
    ("event.a.startswith('x')", 1, 9, "unknown function startswith", "did you mean startsWith?"),
    ("event.a.exists(x, x > 1)", 1, 9, "exists() is not part of this language", ""),
    ("startsWith(event.a, 'x')", 1, 1, "startsWith is not called like this", "string.startsWith(string)"),
    ("consented('offers')", 1, 1, "consented is not called like this", "consented(string, string)"),
    ("size(event.a, 1) > 2", 1, 1, "size is not called like this", "size(list or map or string)"),
    ("size(3) > 2", 1, 6, "size does not take a whole number", ""),
    ("event.a.contains(3)", 1, 18, "contains does not take a whole number", ""),
    ("has(event)", 1, 1, "has() asks for one field", "has(event.code)"),
    ("has(event.a == 1)", 1, 1, "has() asks for one field", ""),
    ('"a" < 3', 1, 5, "a text < a whole number has no meaning", "without quotes"),
    ('size(event.a) == "3"', 1, 15, "a whole number == a text has no meaning", ""),
    ("event.a < null", 1, 9, "a value < null has no meaning", "have an order"),
    ("event.a in 'abc'", 1, 9, "a value in a text has no meaning", "contains()"),
    ("--9223372036854775808 > 0", 1, 3, "does not fit 64 bits", ""),
    ("!-5", 1, 2, "! takes true or false, not a whole number", ""),
    ("!-event.a", 1, 2, "unexpected -", "expected a value"),
    ("!5", 1, 2, "! takes true or false, not a whole number", ""),
    ("event.a && 'x'", 1, 12, "&& takes true or false, not a text", ""),
    ("1 ? event.a : event.b", 1, 1, "? takes true or false, not a whole number", ""),
    ("event.a - 'x' == 1", 1, 9, "a value - a text has no meaning", "int(x)"),
    ("1.5 % 2 == 1", 1, 5, "a double % a whole number has no meaning", ""),
    ("'a' + 1 == 'a1'", 1, 5, "a text + a whole number has no meaning", "string(x)"),
    ("-'a' == 1", 1, 1, "- before a text has no meaning", ""),
    ("event[0] == 1", 1, 6, "a map cannot be indexed by a whole number", ""),
    ("'abc'.x == 1", 1, 7, "a text has no field x", ""),
    ("{1: 2} == event.a", 1, 2, "the key of a map is a whole number", ""),
    ("event.value + 1.0", 1, 13, "condition is a double, wanted true or false", "event.value >= 30"),
    ('"gold"', 1, 1, "condition is a text, wanted true or false", ""),
]


@pytest.mark.parametrize(("source", "line", "column", "message", "hint"), FAULTS)
def test_a_fault_has_its_place_and_a_cure(source: str, line: int, column: int, message: str, hint: str) -> None:
    with pytest.raises(ConditionError) as caught:
        compile_condition(source)
    error = caught.value
    assert (error.line, error.column) == (line, column)
    assert message in error.message
    assert hint in error.hint
    assert error.hint
    assert error.item is None


def test_the_place_counts_inside_the_item_of_a_list() -> None:
    with pytest.raises(ConditionError) as caught:
        compile_condition(["event.a == 1", "event.b ==\n 'x' + 1"])
    assert (caught.value.item, caught.value.line, caught.value.column) == (1, 2, 6)
    assert str(caught.value).startswith("2:6: a text + a whole number has no meaning; hint: string(x)")


def test_an_empty_list_is_refused() -> None:
    with pytest.raises(ConditionError, match="list of conditions is empty"):
        compile_condition([])


def test_an_expression_may_be_of_any_kind() -> None:
    assert compile_expression("event.total * 2.0 + 1").source == "event.total * 2.0 + 1"
    with pytest.raises(ConditionError, match='a text stands in quotes, "gold"'):
        compile_expression("gold")

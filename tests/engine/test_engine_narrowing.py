"""Many journeys that listen to one type: those that want another text of a property are passed over, and only those."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from onelife import Life, journey_of

from journeys.conditions import compile_condition

WHERES = [
    "event.sku == 's{n}'",
    "'s{n}' == event.sku && event.n > 1",
    "event.n / event.zero > 1 && event.sku == 's{n}'",
    "event.sku == 's{n}' || event.n == 1",
    "event.color == 'c{n}'",
    "!(event.sku == 's{n}')",
    "customer.sku == 's{n}'",
    "event.n == {n}",
]


def life(wheres: list[str]) -> Life:
    journeys = [
        journey_of(f"j{place:02}", enter={"on": "seen", "where": where}, steps=[{"exit": "done"}])
        for place, where in enumerate(wheres)
    ]
    return Life(*journeys)


def entered(found: Life) -> list[str]:
    return [line.journey for line in found.lines("entered")]


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.builds(lambda where, n: where.replace("{n}", str(n)), st.sampled_from(WHERES), st.integers(0, 3)), min_size=9
    ),
    st.dictionaries(
        st.sampled_from(["sku", "color", "n", "zero"]), st.sampled_from(["s0", "s1", "c2", 0, 1, 2, None, 1.5])
    ),
)
def test_who_enters_is_the_same_as_when_each_is_asked(wheres: list[str], properties: dict[str, Any]) -> None:
    together = life(wheres)
    together.event("seen", properties)
    alone = []
    for place, where in enumerate(wheres):
        one = life([where])
        one.event("seen", properties)
        alone += [f"j{place:02}"] * len(entered(one))
    assert entered(together) == alone


def test_those_passed_over_are_told_in_one_line() -> None:
    found = life([f"event.sku == 's{n}'" for n in range(40)])
    decision = found.event("seen", {"sku": "s7"})
    assert decision.trace is not None
    assert [(line.code, line.why) for line in decision.trace.lines if line.what == "not_entered"] == [
        ("pinned", "39 triggers want another text of a property")
    ]
    assert entered(found) == ["j07"]


def test_what_a_condition_pins_down() -> None:
    for where, pinned in (
        ("event.a == 'x'", ("a", "x")),
        ("event.b > 1 && (event.c == 2 && 'x' == event.a)", ("a", "x")),
        ("event.a == 'x' || true", None),
        ("event.a != 'x'", None),
        ("event.a.b == 'x'", None),
        ("event.meta.type == 'x'", None),
        ("entry.a == 'x'", None),
    ):
        assert compile_condition(where).pinned == pinned, where

"""The page of conditions tells the truth: each expression gives what stands beside it."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from conditions.outcome import exactly
from conditions.remembered import DIARY, Town

from journeys.conditions import (
    Absent,
    EvaluationError,
    Facts,
    compile_condition,
    compile_expression,
)
from journeys.conditions.functions import FUNCTIONS

PAGE = (Path(__file__).parents[2] / "docs" / "conditions.md").read_text(encoding="utf-8")


def facts() -> Facts:
    """What the page begins with."""
    given: dict[str, Any] = json.loads(re.findall(r"^```json\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)[0])
    meta = given["event"].pop("meta")
    consents = {"offers/email": True}
    return Facts(given["event"], meta, given["customer"], given["entry"], given["vars"], consents, Town(), DIARY)


def table(head: str) -> list[tuple[str, str]]:
    """The rows of all tables with this head."""
    found = re.findall(rf"^\| {re.escape(head)} \|\n\|[-|]+\n((?:\|.*\n)+)", PAGE, re.MULTILINE)
    rows = [re.fullmatch(r"\| `(.+?)` \| (.+) \|", line) for part in found for line in part.splitlines()]
    return [(row[1].replace("\\|", "|"), row[2].replace("\\|", "|")) for row in rows if row]


ANSWERS, REASONS = table("expression | gives"), table("condition | explanation")


@pytest.mark.parametrize(("source", "gives"), ANSWERS, ids=[source for source, _ in ANSWERS])
def test_an_expression_gives_what_the_page_tells(source: str, gives: str) -> None:
    try:
        found = exactly(compile_expression(source).evaluate(facts()))
    except Absent:
        found = "absent"
    except EvaluationError:
        found = "an error"
    assert found == (exactly(compile_expression(gives.strip("`")).evaluate(facts())) if "`" in gives else gives)


@pytest.mark.parametrize(("source", "reason"), REASONS, ids=[source for source, _ in REASONS])
def test_an_answer_explains_itself_as_the_page_tells(source: str, reason: str) -> None:
    compiled = compile_condition(source)
    assert f"`{compiled.explain(facts())}`" == reason
    assert _holds(compiled.holds) is False


def _holds(ask: Any) -> bool:
    try:
        return bool(ask(facts()))
    except EvaluationError:
        return False


def test_each_function_has_an_example() -> None:
    shown = " ".join(source for source, _ in ANSWERS)
    assert len(ANSWERS) > 40
    assert len(REASONS) > 10
    assert [name for name in (*FUNCTIONS, "has") if f"{name}(" not in shown] == []


def test_the_grammar_names_every_operator() -> None:
    grammar = PAGE.partition("## Grammar")[2].partition("## Diff")[0]
    for sign in ("||", "&&", "==", "!=", "<", "<=", ">", ">=", "in", "+", "-", "*", "/", "%", "!", "?", ":"):
        assert f'"{sign}"' in grammar

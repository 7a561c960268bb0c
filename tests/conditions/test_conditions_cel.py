"""CEL gives what we give, but for the differences that the page tells; `conditions.differential` compares many more."""

import json
import math
import re
from pathlib import Path
from random import Random
from typing import Any

import pytest

pytest.importorskip("cel_expr_python", reason="the package has no wheel for this system")

from conditions.differential import CEL, FACTS, QUIET, SEEDS, Tally
from conditions.generating import Written, expressions
from conditions.outcome import ERROR, exactly, ours
from hypothesis import given, settings
from hypothesis import strategies as st

from journeys.conditions import ConditionError, Facts, compile_expression

PAGE = (Path(__file__).parents[2] / "docs" / "conditions.md").read_text(encoding="utf-8")
DIFFERENCES = PAGE.partition("## Differences from CEL")[2]
EVENT: dict[str, Any] = json.loads(DIFFERENCES.partition("`event` holds\n`")[2].partition("`")[0])
NOTHING = Facts(EVENT, {}, {}, {}, {}, {})


@settings(QUIET, max_examples=2_000, derandomize=True)
@given(expressions(), st.integers(0, SEEDS))
def test_expressions_of_the_whole_grammar(written: Written, first: int) -> None:
    tally = Tally(differences=[])
    tally.take(written, [(first + place) % SEEDS for place in range(FACTS)])
    tally.misspell(written, Random(first))
    assert tally.differences == []


def test_a_difference_is_told() -> None:
    tally = Tally(differences=[])
    tally.take(Written("event.whole / 2 == 2.5", "false"), [1])
    assert tally.differences == []
    tally.take(Written("int(' 5') == 5 || true", "false"), [1])
    assert tally.differences == []
    tally.take(Written("int(' 5')", "6"), [1])
    assert tally.differences == ["\"int(' 5')\" is ('error',) here, ('int', 6) in CEL"]


def rows() -> list[tuple[str, str, str]]:
    """The table of differences."""
    found = re.findall(r"^\| (`+)(.+?)\1 \| (.+?) \| (.+?) \|", DIFFERENCES, re.MULTILINE)
    assert len(found) > 25
    return [(source.replace("\\|", "|"), here, there) for _, source, here, there in found]


def here(source: str) -> Any:
    try:
        return ours(compile_expression(source), NOTHING)
    except ConditionError:
        return "refused"


def there(source: str) -> Any:
    try:
        return CEL.ask(CEL.checked(source), NOTHING)
    except RuntimeError:
        return "refused"


WORDS = {"refused": "refused", "an error": ERROR, "infinite": exactly(math.inf), "not a number": exactly(math.nan)}


def read(cell: str) -> Any:
    """What a cell of the table says, a value in backticks or one of the words."""
    found = re.fullmatch(r"`(.+)`", cell)
    return exactly(compile_expression(found[1]).evaluate(NOTHING)) if found else WORDS[cell]


@pytest.mark.parametrize(("source", "ours", "theirs"), rows(), ids=[source for source, *_ in rows()])
def test_each_difference_is_as_the_page_tells(source: str, ours: str, theirs: str) -> None:
    assert here(source) == read(ours)
    assert there(source) == read(theirs)
    assert read(ours) != read(theirs)

"""Every code of a trace has its sentence, and every refusal its words: what is new and has none is found here."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine import trace
from engine.decision import Line
from engine.trace import CODES
from engine.why import words
from engine.why.instants import day, readable, span, until
from engine.why.sentences import SENTENCES, Telling, reason, tell

ENGINE = Path(__file__).parents[2] / "engine"
NOON = 1_772_449_200_000  # 2026-03-02T12:00 in Paris
TOLD = Telling(NOON, "Europe/Paris", {"basket": "Basket left behind"})


def test_each_code_of_a_trace_has_its_sentence() -> None:
    missing = sorted(CODES.keys() - SENTENCES.keys())
    assert not missing, f"{missing}: add a word, a tone and a sentence to SENTENCES in engine/why/sentences.py"
    gone = sorted(SENTENCES.keys() - CODES.keys())
    assert not gone, f"{gone}: no longer a code of engine/trace.py; take its sentence out of engine/why/sentences.py"


def refusals() -> Iterator[str]:
    """The codes of all that policy refuses with, where they are written out."""
    for path in sorted((ENGINE / "policy").glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Name)
                and node.func.id == "Refusal"
                and node.args
            ):
                code = node.args[0]
                if isinstance(code, ast.Constant):
                    yield str(code.value)


def test_each_refusal_of_policy_is_told_in_words() -> None:
    found = set(refusals())
    assert {"erased", "consent", "unreachable"} <= found
    missing = sorted(found - words.RULES.keys())
    assert not missing, f"{missing}: say in RULES of engine/why/words.py what it means for the person"


@pytest.mark.parametrize("what", sorted(CODES))
def test_a_line_without_data_is_told_all_the_same(what: str) -> None:
    said = tell(Line(what, "basket", "e1", "n", "x"), TOLD)
    assert said.short
    assert said.text


@pytest.mark.parametrize(
    ("line", "text"),
    [
        (Line(trace.ENTERED, "basket", data={"key": "b1"}), "Entered “Basket left behind” for b1"),
        (Line(trace.NOT_ENTERED, "other", code="live"), "Did not enter other: they are inside already"),
        (Line(trace.WAITED, data={"until": NOON + 72_300_000}), "Waits until Tue 3 March 08:05, for 20 h 5 min"),
        (Line(trace.CHOSEN, code="0"), "Took branch 1"),
        (Line(trace.CHOSEN, code="else"), "None of the branches held: took the other"),
        (Line(trace.SENT, data={"message": "m", "channel": "email"}), "Sent m by email"),
        (
            Line(trace.REFUSED, code="consent", data={"message": "m", "channel": "sms"}),
            "Refused to send m by sms: there is no consent",
        ),
        (
            Line(trace.REFUSED, code="of_tomorrow", data={"message": "m", "channel": "sms"}),
            "Refused to send m by sms: of tomorrow",
        ),
        (Line(trace.GOAL, data={"revenue": 80}), "Reached the goal, worth 80.00"),
        (Line("of_tomorrow", code="c", data={"n": 1}), "of_tomorrow c n 1"),
        (
            Line(
                trace.SCORED,
                data={"message": "m", "channel": "push", "score": 0.1, "propensity": 0.05, "context": 1.0, "value": 2.0,
                      "lever": 1.0},
            ),
            "m by push competes: 0.1 = propensity 0.05 x context 1 x value 2 x lever 1",
        ),
    ],
)  # fmt: skip
def test_the_sentence_of_a_line(line: Line, text: str) -> None:
    assert tell(line, TOLD).text == text


def test_instants_are_those_of_the_persons_zone() -> None:
    assert until(NOON, "Asia/Tokyo", NOON) == "20:00"
    assert until(NOON + 12 * 3_600_000, "Europe/Paris", NOON) == "Tue 3 March 00:00"
    assert until(NOON + 366 * 86_400_000, "Europe/Paris", NOON) == "Wed 3 March 2027 12:00"
    assert day(NOON, "Europe/Paris") == "Monday 2 March 2026"
    assert reason(Line(trace.REFUSED, why=f"withdrawn at {NOON}"), TOLD) == "withdrawn at 12:00"
    assert readable("order 1234567890123 of 5", "UTC", NOON) == "order 1234567890123 of 5"


@pytest.mark.parametrize(
    ("ms", "text"),
    [(0, "0 ms"), (999, "999 ms"), (1_200, "1.2 s"), (60_000, "1 min"), (72_300_000, "20 h 5 min")],
)  # fmt: skip
def test_a_span_has_its_two_greatest_units(ms: int, text: str) -> None:
    assert span(ms) == text

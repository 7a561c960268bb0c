"""Whatever stands in a file, `check` answers with problems of one line, and never with an exception."""

import re
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from journeys.checks import check
from journeys.codes import CODES
from journeys.forms import FORMS
from journeys.load import load_project
from journeys.problem import Problem

HERE = Path(__file__).parent
WHOLE = (HERE / "folder" / "journeys" / "abandoned-basket.yaml").read_text(encoding="utf-8")
SEEDS = [WHOLE, *(path.read_text(encoding="utf-8") for path in sorted((HERE / "faults").glob("*.yaml")))]
SIGNS = list(":-#!&*{}[]|>%@`'\",?~ \t\n\r\x85\u2028\ufeff\x00é\ud800")
WORDS = [
    "<<",
    "---",
    "...",
    "  ",
    "\n  ",
    "\n- ",
    ": ",
    "- ",
    " #",
    "&a ",
    "*a",
    "!x ",
    "!!int ",
    "%YAML 1.1\n",
    "where",
]
WORDS += ["wait: 1h", "else", "when", "null", "12", "9" * 80, "1e999", "0x", "[[", "{{", "event.x == 1", "{% if"]
PIECES = [*SIGNS, *WORDS, "\\U0010ffff", "|-\n"]
JARGON = re.compile(r"Input should|pydantic|https?://|Traceback|(value|type)_error|ruamel|<class|@many|Value error")
quick = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def hold(problems: list[Problem]) -> None:
    for problem in problems:
        line = str(problem)
        assert len(line.splitlines()) == 1
        assert problem.code in CODES
        assert problem.line >= 1
        assert problem.column >= 1
        assert not JARGON.search(line), line
    assert problems == sorted(set(problems))


@st.composite
def mutated(draw: st.DrawFn) -> str:
    """A sound or faulty journey with pieces cut out, put in, or moved."""
    text = draw(st.sampled_from(SEEDS))
    for _ in range(draw(st.integers(1, 6))):
        start = draw(st.integers(0, len(text)))
        end = min(len(text), start + draw(st.sampled_from([0, 0, 1, 2, 5, 20, 80])))
        text = text[:start] + draw(st.sampled_from([*PIECES, text[start:end] * 2, ""])) + text[end:]
    return text


@quick
@given(mutated())
def test_mutations_of_a_journey(text: str) -> None:
    problems = check(load_project({"journeys/abandoned-basket.yaml": text}))
    hold(problems)
    lines = text.count("\n") + text.count("\r") + text.count("\x85") + text.count("\u2028") + 2
    assert all(problem.line <= lines for problem in problems)


@quick
@given(st.text() | st.lists(st.sampled_from(PIECES), max_size=40).map("".join))
def test_any_text_in_any_file(text: str) -> None:
    for name in ("journeys/a.yaml", "project.yaml", "messages/a/message.yaml", "messages/a/email.html", "lives/a.yaml"):
        hold(check(load_project({name: text, "messages/a/email.txt": text})))


KEYS = st.sampled_from(
    [*FORMS, "title", "enter", "goal", "steps", "on_error", "do", "else", "choose", "set", "customer.x"]
)
ODD_KEYS = st.sampled_from(["@one", "as_", "else_", "wiat", "[key]", "", "0"])
PLAIN = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)
VALUES = st.recursive(
    PLAIN | st.sampled_from(["1h", "a.b", "drop"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS | ODD_KEYS, inner, max_size=4),
    max_leaves=12,
)


@quick
@given(st.dictionaries(KEYS, VALUES, max_size=8))
def test_any_shape_of_values(tree: dict[str, object]) -> None:
    text = written(tree)
    problems = check(load_project({"a.yaml": text}))
    hold(problems)
    assert problems


def written(value: object) -> str:
    """The value as flow YAML."""
    match value:
        case dict():
            return "{" + ", ".join(f'"{key}": {written(inner)}' for key, inner in value.items()) + "}"
        case list():
            return "[" + ", ".join(written(inner) for inner in value) + "]"
        case str():
            return "'" + "".join(char for char in value if char.isprintable()).replace("'", "''") + "'"
        case None:
            return "null"
        case _:
            return str(value).lower()

"""Whatever stands in a folder, `check` answers soon, with a place and a cure: the short part of `make fuzz`."""

from collections import Counter
from itertools import pairwise

import pytest
from fuzz.fuzzing import block, drawn, smallest
from fuzz.promises import broken, faults_of
from fuzz.spoiling import folders
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from journeys.problem import Problem

KINDS = [
    "project.yaml",
    "journeys/a.yaml",
    "lives/a.yaml",
    "schemas/a.yaml",
    "schemas/customer.yaml",
    "segments/a.yaml",
    "messages/a/message.yaml",
    "messages/a/push.yaml",
    "messages/a/webhook.yaml",
]
TEMPLATES = ["messages/a/email.html", "messages/a/email.txt"]
HEAD = {"messages/a/message.yaml": "subject: Hello\n"}
quick = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def test_the_folders_that_are_spoilt_are_sound() -> None:
    assert [faults_of(files) for files in folders()] == [[], [], []]


def test_spoilt_folders_are_told_and_keep_every_promise() -> None:
    lacks, met = block(0)
    assert lacks == {}
    assert {"J001", "J004", "J006", "J015", "J016"} <= met.keys()


def test_a_seed_is_the_same_folder_again() -> None:
    assert drawn(17) == drawn(17) != drawn(18)


@pytest.mark.parametrize(
    ("problem", "wanted"),
    [
        (Problem("a.yaml", 1, 1, "J006", "what", ""), "no cure"),
        (Problem("a.yaml", 0, 1, "J006", "what", "cure"), "no place"),
        (Problem("a.yaml", 9, 1, "J006", "what", "cure"), "outside the file"),
        (Problem("a.yaml", 1, 1, "J999", "what", "cure"), "an unknown code"),
        (Problem("a.yaml", 1, 1, "J006", "Input should be a", "cure"), "words of a library"),
    ],
)
def test_a_broken_promise_is_seen(problem: Problem, wanted: str) -> None:
    assert wanted in broken({"a.yaml": "x: 1\n"}, lambda _: [problem])


def test_whatever_is_raised_is_seen() -> None:
    def look(_: object) -> list[Problem]:
        raise RecursionError("too deep")

    assert "RecursionError" in broken({}, look)


def laughs(levels: int) -> str:
    names = [f"n{level}" for level in range(levels)]
    lines = [f"{names[0]}: &{names[0]} [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]"]
    lines += [f"{name}: &{name} [{', '.join([f'*{last}'] * 10)}]" for last, name in pairwise(names)]
    return "\n".join(lines) + "\n"


HOSTILE = {
    "a bomb of aliases": laughs(12),
    "a bomb of aliases just small enough": laughs(4),
    "an alias of itself": "a: &a [*a]\n",
    "aliases of a mapping": "a: &a {properties: {x: &x {type: string}, y: *x}}\nb: *a\n",
    "a merge key": "a: &a {x: 1}\nb:\n  <<: *a\n",
    "duplicate keys": "journey: a\njourney: b\nevent: a\nevent: b\nzone: UTC\nzone: UTC\n",
    "tabs": "journey: a\n\ttopic: b\n",
    "deep lists": "[" * 5000,
    "deep mappings": "{a: " * 5000,
    "deep blocks": "\n".join(" " * depth + "a:" for depth in range(500)),
    "properties without end": "properties: {a: " * 55 + "{}" + "}" * 55,
    "a huge file": "a: b\n" * 100_000,
    "a huge value": "title: " + "x" * 250_000 + "\n",
    "a huge quoted value": 'title: "' + "\\n" * 100_000 + '"\n',
    "many keys": "".join(f"k{number}: 1\n" for number in range(900)),
    "many documents": "---\na: 1\n" * 5_000,
    "a huge number": "ttl: " + "9" * 200_000 + "\n",
    "no text": "\x00\x01\x02",
    "half a pair": "a: \ud800\n",
    "a mark of byte order": "\ufeffjourney: a\n",
    "only a comment": "# nothing\n",
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("what", HOSTILE)
def test_a_hostile_file_of_any_kind_is_refused_or_read(kind: str, what: str) -> None:
    assert broken(HEAD | {kind: HOSTILE[what]}) == ""


DEEP = {
    "tags": "{% if a %}" * 3_000,
    "closed tags": "{% if customer.a %}" * 300 + "{% endif %}" * 300,
    "brackets": "{{ " + "a[" * 3_000 + "}}",
    "filters": "{{ customer.a " + "| upcase " * 5_000 + "}}",
    "braces": "{{" * 30_000,
    "tags that open": "{%" * 30_000,
    "braces that close once": "{{" * 30_000 + "}}",
    "braces in turn": "{{ {% " * 10_000,
    "a loop": "{% for i in (1..99999999) %}x{% endfor %}",
    "a file elsewhere": "{% include '/etc/passwd' %}{% render 'x' %}",
    "a huge text": "x" * 900_000,
}


@pytest.mark.parametrize("kind", TEMPLATES)
@pytest.mark.parametrize("what", DEEP)
def test_a_hostile_template_is_refused_or_read(kind: str, what: str) -> None:
    assert broken(HEAD | {kind: DEEP[what]}) == ""


CONDITIONS = {
    "brackets": "(" * 5_000 + "1" + ")" * 5_000,
    "not": "!" * 5_000 + "true",
    "a chain": " && ".join(["event.a == 1"] * 5_000),
    "fields": "event" + ".a" * 5_000,
    "a list": "[" * 500 + "]" * 500,
    "questions": "true ? 1 : " * 3_000 + "2",
    "a number": "9" * 50_000 + " > 1",
    "a text": '"' + "x" * 100_000 + '" == "a"',
}


@pytest.mark.parametrize("what", CONDITIONS)
def test_a_hostile_condition_is_refused_or_read(what: str) -> None:
    head = "journey: a\ntopic: t\nttl: 1d\nenter:\n  on: a.b\n  where: >-\n    "
    text = head + CONDITIONS[what] + "\nsteps:\n  - exit: x\n"
    assert broken({"journeys/a.yaml": text}) == ""


def test_deep_nodes_are_refused_or_read() -> None:
    head = "journey: a\ntopic: t\nttl: 1d\nenter: {on: a.b}\nsteps:\n"
    node = "[{choose: [{when: 'true', do: "
    assert broken({"journeys/a.yaml": head + "  " + node * 9 + "[]" + "}, {else: []}]}]" * 9}) == ""
    assert broken({"journeys/a.yaml": head + "  " + node * 40 + "[]" + "}, {else: []}]}]" * 40}) == ""


def test_no_is_a_country() -> None:
    files = {
        "schemas/a.yaml": "event: a\nproperties:\n  no: {type: string, enum: [no, NO, on, y]}\n",
        "journeys/a.yaml": "journey: a\ntopic: t\nttl: 1d\n"
        "enter: {on: a, where: event.no == 'NO'}\nsteps: [{exit: no}]\n",
    }
    assert faults_of(files) == []


@quick
@given(st.sampled_from(KINDS + TEMPLATES), st.text())
def test_any_text_in_a_file_of_any_kind(kind: str, text: str) -> None:
    assert broken(HEAD | {kind: text}) == ""


LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)
SCHEMA_KEYS = [
    "type",
    "properties",
    "required",
    "enum",
    "items",
    "format",
    "additionalProperties",
    "event",
    "events",
    "x",
]
TREES = st.recursive(
    LEAVES | st.sampled_from(["string", "object", "array", "date", "a.b"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(SCHEMA_KEYS), inner, max_size=4),
    max_leaves=12,
)


@quick
@given(st.sampled_from(["schemas/a.yaml", "schemas/customer.yaml"]), TREES)
def test_any_tree_in_a_schema(kind: str, tree: object) -> None:
    assert broken({kind: flow(tree), "journeys/a.yaml": "journey: a\n"}) == ""


def flow(value: object) -> str:
    """A value as YAML in one line."""
    match value:
        case dict():
            return "{" + ", ".join(f'"{key}": {flow(inner)}' for key, inner in value.items()) + "}"
        case list():
            return "[" + ", ".join(map(flow, value)) + "]"
        case str():
            return "'" + "".join(char for char in value if char.isprintable()).replace("'", "''") + "'"
        case None:
            return "null"
        case _:
            return str(value).lower()


def test_the_smallest_folder_still_breaks_the_promise(monkeypatch: pytest.MonkeyPatch) -> None:
    def look(files: object, met: Counter[str] | None = None) -> str:
        return "told: a wait" if "wait:" in str(files) else ""

    monkeypatch.setattr("fuzz.fuzzing.broken", look)
    seed = next(seed for seed in range(50) if look(drawn(seed)))
    files = smallest(seed)
    assert len(files) == 1
    assert "\n" not in next(iter(files.values()))

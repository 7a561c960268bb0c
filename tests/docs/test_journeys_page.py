"""docs/journeys.md: its files make a folder that passes check and its lives, and each piece fits into a journey."""

import re
from pathlib import Path
from textwrap import indent

import pytest
from click.testing import CliRunner

from cli.main import main
from engine.policy.pipeline import RULES
from journeys.checks import check
from journeys.lives import Expected, Moment, Person
from journeys.load import load_project
from journeys.messages.liquid import MAX_ITEMS, MAX_TEXT, Limited
from journeys.messages.render import MAX_SUBJECT, render
from journeys.model import VERBS, Enter, ExitRule, Goal, Journey, MessageHead, Part, Project

PAGE = (Path(__file__).parents[2] / "docs" / "journeys.md").read_text(encoding="utf-8")
FENCE = re.compile(r"(?:^`([a-z0-9/._-]+)`\n\n)?^```(\w+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
FENCES = FENCE.findall(PAGE)
FILES = {name: text for name, _, text in FENCES if name}
PIECES = [text for name, kind, text in FENCES if kind == "yaml" and not name]
HEAD = "journey: piece\ntopic: offers\nttl: 14d\n"
ENTER = "enter:\n  on: basket.updated\n"
STEPS = "steps:\n  - exit: done\n"
PARTS = (Journey, Enter, ExitRule, Goal, Project, MessageHead, Person, Moment, Expected)
CODES = {
    "erased": "erased", "suppressed": "suppressed", "consented": "consent",
    "not_stopped": "stopped", "allowed_content": "content",
    "stated": "facts_expired", "held_out": "holdout", "reachable": "unreachable", "loud": "quiet_hours",
    "within_caps": "cap", "recovered": "recency", "outscored": "outscored",
}  # fmt: skip


def wrapped(piece: str) -> str:
    """A whole journey around nodes, or around keys of a journey."""
    if piece.startswith("- "):
        return HEAD + ENTER + "steps:\n" + indent(piece, "  ")
    return HEAD + (piece if piece.startswith("enter:") else ENTER + piece) + STEPS


def test_every_fence_is_read() -> None:
    assert len(FENCES) == len(re.findall(r"^```\w+$", PAGE, re.MULTILINE))
    assert {kind for _, kind, _ in FENCES} == {"text", "yaml", "liquid", "sh"}
    assert all(name for name, kind, _ in FENCES if kind == "liquid")
    assert len(PIECES) >= 2


def test_the_files_pass_check() -> None:
    assert check(load_project(FILES)) == []


def test_the_files_pass_their_lives(tmp_path: Path) -> None:
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    played = CliRunner().invoke(main, ["test", str(tmp_path)])
    assert played.output.splitlines()[-1] == "3 passed, 0 failed", played.output


@pytest.mark.parametrize("piece", PIECES)
def test_a_piece_passes_check_within_a_journey(piece: str) -> None:
    assert check(load_project({**FILES, "journeys/piece.yaml": wrapped(piece)})) == []


@pytest.mark.parametrize("part", PARTS)
def test_every_key_is_named(part: type[Part]) -> None:
    for name, field in part.model_fields.items():
        key = field.alias or name
        assert re.search(rf"`{key}\b|\b{key}:", PAGE), f"{part.__name__} has the key {key}"


def test_every_node_has_its_row() -> None:
    rows = set(re.findall(r"^\| `(\w+):", PAGE, re.MULTILINE))
    assert rows == set(VERBS)


def test_its_messages_render() -> None:
    messages = load_project(FILES).messages
    entry = {"basket_id": "b1", "value": 80, "lines": [{"name": "<Tea>"}], "meta": {"occurred_at": 1_772_470_800_000}}
    reminder = render(messages["basket-reminder"], "email", {"entry": entry, "vars": {"gift": "free delivery"}})
    assert reminder.subject == "Hello, your basket"
    assert reminder.text.endswith("your basket of 80 EUR is still here, with free delivery.\n")
    assert "<li>&lt;Tea&gt;</li>" in reminder.html
    assert render(messages["last-call"], "email", {"entry": entry}).text == "Basket b1, kept since 02 March 2026.\n"


def test_the_policy_stands_in_its_order() -> None:
    table = PAGE.partition("## Class and consent")[2].partition("## Lives")[0]
    codes = re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE)
    assert codes == [CODES[rule.__name__] for rule in RULES]


def test_the_limits_are_those_of_the_code() -> None:
    for limit in (MAX_TEXT, MAX_ITEMS, MAX_SUBJECT, Limited.block_nesting_limit):
        assert f"{limit:,}" in PAGE

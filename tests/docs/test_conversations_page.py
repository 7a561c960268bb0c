"""docs/conversations.md: its folder passes check and its lives, its events decode, and its limits are the code's."""

import json
import re
from pathlib import Path

import msgspec
from click.testing import CliRunner

from cli.main import main
from engine import customer, known
from engine.conversations import ANSWERS_MS, SILENCE_MS
from journeys.checks import check
from journeys.load import load_project
from journeys.model.faq import LONGEST_TEXT, MOST_ENTRIES, Faq
from streams.touchpoints.reserved import settled
from streams.touchpoints.wire import Touchpoint

PAGE = (Path(__file__).parents[2] / "docs" / "conversations.md").read_text(encoding="utf-8")
FILES = dict(re.findall(r"^`([a-z0-9/._-]+)`\n\n```\w+\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE))


def test_the_folder_passes_check_and_every_node_is_in_a_life(tmp_path: Path) -> None:
    assert check(load_project(FILES)) == []
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    played = CliRunner().invoke(main, ["test", str(tmp_path)])
    assert played.output.splitlines()[-1] == "5 passed, 0 failed", played.output


def test_the_events_are_ones_that_the_engine_takes() -> None:
    events = re.findall(r"^```json\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
    assert [json.loads(each)["type"] for each in events] == ["message.replied", "task.replied"]
    for each in events:
        touchpoint = msgspec.json.decode(each, type=Touchpoint)
        assert settled(touchpoint, touchpoint.properties or {})["text"]


def test_limits_are_those_of_the_code_and_every_key_is_there() -> None:
    for limit in (
        f"at most {customer.TURNS} turns", f"{customer.TURN_CHARACTERS:,} characters each",
        f"{customer.TURNS_BYTES // 1024} KiB together", f"at most {customer.CONVERSATIONS};",
        f"for {SILENCE_MS // 3_600_000} hours after", f"at most {known.MOST_BYTES // 1024} KiB",
        f"at most {MOST_ENTRIES} entries", f"at most {LONGEST_TEXT:,} characters",
    ):  # fmt: skip
        assert limit in PAGE, limit
    assert (ANSWERS_MS, known.MOST_CONTACTS) == (3_600_000, 10)
    for name in Faq.model_fields:
        assert f"{name}:" in PAGE

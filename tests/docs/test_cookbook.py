"""docs/cookbook.md: all its patterns together are a folder without a fault, and every life goes as it says."""

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from cli.main import main

PAGE = (Path(__file__).parents[2] / "docs" / "cookbook.md").read_text(encoding="utf-8")
FILES = dict(re.findall(r"^`([a-z0-9/._-]+)`\n\n```\w+\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE))
PATTERNS = re.findall(r"^## (.+)$", PAGE, re.MULTILINE)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """What the page shows, and the texts of messages that it leaves to the reader."""
    texts = {"message.yaml": "subject: A subject\n", "email.txt": "A text.\n", "push.yaml": "title: A\nbody: B\n"}
    sent = {name for text in FILES.values() for name in re.findall(r"\bsend: ([a-z-]+)", text)}
    filled = {f"messages/{name}/{part}": text for name in sent for part, text in texts.items()}
    for name, text in {**filled, **FILES}.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


def test_every_fence_is_a_file_and_every_pattern_a_journey_with_lives() -> None:
    assert len(FILES) == len(re.findall(r"^```\w+$", PAGE, re.MULTILINE))
    journeys = {name.removeprefix("journeys/") for name in FILES if name.startswith("journeys/")}
    lives = {name.removeprefix("lives/") for name in FILES if name.startswith("lives/")}
    assert journeys == lives
    assert (len(PATTERNS), len(journeys)) == (17, 18), "one pattern has two journeys"


def test_they_pass_check(folder: Path) -> None:
    result = CliRunner().invoke(main, ["check", str(folder)])
    assert (result.stdout, result.exit_code) == ("", 0), result.output


def test_every_life_goes_as_it_says(folder: Path) -> None:
    result = CliRunner().invoke(main, ["test", str(folder)])
    assert result.exit_code == 0, result.output
    assert result.output.endswith(f"{len(re.findall(r'^life: ', PAGE, re.MULTILINE))} passed, 0 failed\n")

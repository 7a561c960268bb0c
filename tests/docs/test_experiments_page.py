"""docs/experiments.md: its folder is played, and its figures are those that the code gives."""

import re
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner

from cli.main import main
from streams.learner.experiments import MOST
from streams.learner.report import FIRST_LOOK, MISMATCH
from streams.learner.statistics import people_needed
from streams.learner.winner import ALPHA

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "experiments.md").read_text(encoding="utf-8")
FILES = re.findall(r"^`([a-z0-9/._-]+)`\n\n```\w+\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
((COMMANDS, SHOWN),) = re.findall(r"^```sh\n(.*?)```\n\n```text\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)


def test_the_folder_of_the_page_is_sound_and_its_lives_go_as_they_say(tmp_path: Path) -> None:
    assert len(FILES) == 7
    for name, text in FILES:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    assert CliRunner().invoke(main, ["check", str(tmp_path)]).exit_code == 0
    played = CliRunner().invoke(main, ["test", str(tmp_path)])
    assert "2 passed, 0 failed" in played.output, played.output


def test_the_people_needed_are_those_of_the_formula() -> None:
    rows = re.findall(r"^\| (\d+) % \| ([\d,]+) \| ([\d,]+) \| ([\d,]+) \| ([\d,]+) \|$", PAGE, re.MULTILINE)
    assert len(rows) == 5
    for rate, *needed in rows:
        found = [f"{people_needed(int(rate) / 100, lift):,}" for lift in (0.05, 0.1, 0.2, 0.5)]
        assert needed == found
    for known, lift in ((0.1, 0.3), (0.1, 0.2), (0.02, 0.2)):
        assert f"{people_needed(known, lift):,} for 80 %" in PAGE


def test_what_is_said_of_limits_is_so() -> None:
    assert (MOST, FIRST_LOOK, MISMATCH, ALPHA) == (2_000_000, 1000, 0.001, 0.05)


@pytest.mark.slow
def test_the_command_shows_of_the_real_orders_what_the_page_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "journeys").symlink_to(ROOT / "journeys")
    play, show = [shlex.split(line)[1:] for line in COMMANDS.splitlines()]
    assert CliRunner().invoke(main, play).exit_code == 0
    assert CliRunner().invoke(main, show).output == SHOWN


def test_without_being_told_a_life_is_in_no_control_group_of_the_project(tmp_path: Path) -> None:
    for name, text in FILES:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text.replace("holdout: 5%", "holdout: 100%"), encoding="utf-8")
    assert "2 passed, 0 failed" in CliRunner().invoke(main, ["test", str(tmp_path)]).output
    lives = tmp_path / "lives" / "come-back.yaml"
    lives.write_text(lives.read_text(encoding="utf-8").replace("holdout: yes\n", ""), encoding="utf-8")
    assert "1 passed, 1 failed" in CliRunner().invoke(main, ["test", str(tmp_path)]).output

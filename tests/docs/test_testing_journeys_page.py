"""docs/testing-journeys.md and docs/graph.md: every command is run, and prints what the page shows."""

import re
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner

from cli.main import main

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "testing-journeys.md").read_text(encoding="utf-8")
GRAPH = (ROOT / "docs" / "graph.md").read_text(encoding="utf-8")
FILES = re.findall(r"^`([a-z0-9/._-]+)`\n\n```\w+\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
SHOWN = re.findall(r"^```sh\n([^\n]+)\n```\n\n```text\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
PLAYED = re.findall(r"^```yaml\n---\nlife: ", PAGE, re.MULTILINE)
"""A life alone, which tests/cli/test_lives_envelope.py plays."""
CONSENT = "customer: {consent: {offers: [email]}, tags: [new]}"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name, text in FILES:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_every_fence_is_read() -> None:
    assert len(FILES) == 7
    assert len(SHOWN) == 3
    assert len(re.findall(r"^```\w+$", PAGE, re.MULTILINE)) == len(FILES) + 2 * len(SHOWN) + len(PLAYED)


@pytest.mark.parametrize("place", range(len(SHOWN)))
def test_a_command_prints_what_the_page_shows(folder: Path, place: int) -> None:
    command, shown = SHOWN[place]
    if "FAIL" in shown:
        lives = folder / "lives" / "welcome.yaml"
        text = lives.read_text(encoding="utf-8")
        assert CONSENT in text
        lives.write_text(text.replace(CONSENT, "customer: {tags: [new]}"), encoding="utf-8")
    result = CliRunner().invoke(main, shlex.split(command)[1:])
    assert result.output == shown
    assert result.exit_code == (1 if "FAIL" in shown else 0)


def test_an_arm_that_no_split_has_is_told(folder: Path) -> None:
    lives = folder / "lives" / "welcome.yaml"
    lives.write_text(lives.read_text(encoding="utf-8").replace("greeting: guide", "greeting: guid"), encoding="utf-8")
    output = CliRunner().invoke(main, ["test", "."]).output
    assert "lives/welcome.yaml:12:1: J012" in output
    assert "did you mean `guide`?" in output


def test_without_being_told_nobody_is_in_the_control_group(folder: Path) -> None:
    lives = folder / "lives" / "welcome.yaml"
    lives.write_text(lives.read_text(encoding="utf-8").replace("holdout: yes\n", ""), encoding="utf-8")
    journey = folder / "journeys" / "welcome.yaml"
    journey.write_text(journey.read_text(encoding="utf-8").replace("holdout: 5%", "holdout: 100%"), encoding="utf-8")
    output = CliRunner().invoke(main, ["test", "."]).output
    assert "+ email:hello@2026-03-03T18:00" in output
    assert output.endswith("2 passed, 1 failed\n")


@pytest.mark.parametrize(
    "line",
    [
        line
        for fence in re.findall(r"^```sh\n(.*?)^```$", GRAPH, re.DOTALL | re.MULTILINE)
        for line in fence.splitlines()
    ],
)
def test_a_command_of_the_graph_page_works(line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "journeys").symlink_to(ROOT / "journeys")
    monkeypatch.chdir(tmp_path)
    if "happened" in line:
        (tmp_path / "happened.csv").write_text("journey,enrollment,node,what,code\n")
        line = line.replace(".parquet", ".csv")
    result = CliRunner().invoke(main, shlex.split(line)[1:])
    assert result.exit_code == 0, result.output

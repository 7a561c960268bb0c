"""Lives with other journeys beside their own: they compete, count as reached, and must be there."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from cli.main import main

JOURNEY = """
journey: {name}
topic: offers
ttl: 3d
expected_value: {value}
enter:
  on: order.placed
  again: always
exit:
  - {{on: order.cancelled, as: gone}}
steps:
  - {{send: {name}, when_blocked: drop}}
  - wait: 1d
"""
LIVES = """journey: small
beside: [large]
---
life: the larger one wins
customer: {consent: {offers: [email]}}
play:
  - at: 2026-03-02T12:00
    event: {type: order.placed}
  - after: 1h
    event: {type: order.cancelled}
expect:
  sent: ["email:large@2026-03-02T12:00"]
  refused: ["email:small@2026-03-02T12:00 outscored"]
  outcomes: [gone]
"""


def message(name: str) -> dict[str, str]:
    return {f"messages/{name}/message.yaml": f"subject: {name}\n", f"messages/{name}/email.txt": "Hello.\n"}


FILES = {
    "project.yaml": "zone: UTC\narbitration: {most: 1}\n",
    "journeys/small.yaml": JOURNEY.format(name="small", value=1),
    "journeys/large.yaml": JOURNEY.format(name="large", value=9),
    "lives/small.yaml": LIVES,
    **message("small"),
    **message("large"),
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


def run(*arguments: object) -> Result:
    return CliRunner().invoke(main, [str(each) for each in arguments])


def test_the_one_beside_wins_and_counts_as_reached(folder: Path) -> None:
    result = run("test", folder, "--coverage")
    assert result.exit_code == 0, result.output
    assert "ok    small: the larger one wins" in result.output
    assert "coverage of large: 100.0 %" in result.output


def test_what_a_single_file_reaches_is_asked_of_its_own_journey(folder: Path) -> None:
    result = run("test", folder / "lives/small.yaml", "--coverage")
    assert [line[:17] for line in result.output.splitlines() if line.startswith("coverage")] == ["coverage of small"]


def test_graphs_and_pages_play_them_too(folder: Path) -> None:
    alone = LIVES.replace("beside: [large]\n", "")
    assert "email:large" in run("docs", folder, "-o", folder / "pages").output + (folder / "pages/small.md").read_text()
    counted = run("graph", folder / "journeys/small.yaml", "--lives").output
    (folder / "lives/small.yaml").write_text(alone, encoding="utf-8")
    assert run("graph", folder / "journeys/small.yaml", "--lives").output != counted


def test_one_that_is_not_there_is_a_fault(folder: Path) -> None:
    (folder / "lives/small.yaml").write_text(LIVES.replace("[large]", "[lage]"), encoding="utf-8")
    result = run("test", folder)
    assert result.exit_code == 1
    assert "lives/small.yaml:1:1: J012 no journey `lage` stands in this folder" in result.output

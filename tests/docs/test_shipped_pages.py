"""The pages of the journeys that ship: a row and a chart for each, and the figures that a backtest gives."""

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from bench.shipped import DEFINITIONS, groups, played
from cli.main import main

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "journeys-shipped.md").read_text(encoding="utf-8")
REAL = (DOCS / "real-orders.md").read_text(encoding="utf-8")


def names(kind: str) -> set[str]:
    return {path.stem for path in (DEFINITIONS / kind).glob("*.yaml")}


def test_each_journey_and_each_segment_has_a_row() -> None:
    rows = re.findall(
        r"\| \[([a-z-]+)\]\(\.\./journeys/definitions/journeys/\1\.yaml\) .*graphs/\1\.svg\) \|$", PAGE, re.M
    )
    assert sorted(rows) == sorted(names("journeys"))
    assert set(re.findall(r"^\| `([a-z-]+)` \|", PAGE, re.M)) == names("segments")


def test_each_chart_is_what_the_command_draws(tmp_path: Path) -> None:
    result = CliRunner().invoke(main, ["graph", str(DEFINITIONS), "--format", "svg", "-o", str(tmp_path)])
    assert result.exit_code == 0, result.output
    drawn = {path.name: path.read_text(encoding="utf-8") for path in tmp_path.iterdir()}
    assert {path.name: path.read_text(encoding="utf-8") for path in (DOCS / "graphs").iterdir()} == drawn


def test_the_lives_reach_all_of_every_journey() -> None:
    result = CliRunner().invoke(main, ["test", str(DEFINITIONS), "--coverage", "--fail-under", "100"])
    assert result.exit_code == 0, result.output
    assert set(re.findall(r"^coverage of ([a-z-]+): 100\.0 %", result.output, re.M)) == names("journeys")


@pytest.mark.slow
def test_the_page_of_the_real_orders_says_what_a_backtest_gives() -> None:
    rows = played(DEFINITIONS, "--orders", "--journey", "about-to-leave")
    treated, control = groups(rows, 60)
    sent = sum(row["what"] == "sent" for row in rows)
    entered = sum(row["what"] == "entered" for row in rows)
    shares = [f"{len(each.days)} of {each.entered}, {each.rate:.1%}" for each in (treated, control)]
    assert f"| 120d | {entered:,} | {sent:,} | {' | '.join(shares)} |" in REAL

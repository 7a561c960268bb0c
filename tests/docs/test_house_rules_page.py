"""docs/house-rules.md: its rules are those that ship, each journey has a row, and its scores are those of the trace."""

import re
from pathlib import Path

from cli.lives import play
from cli.livesfolder import catalogs_of, read_lives_at
from engine import trace

ROOT = Path(__file__).parents[2]
POLICIES = ROOT / "journeys" / "policies"
PAGE = (ROOT / "docs" / "house-rules.md").read_text(encoding="utf-8")


def test_the_rules_are_those_that_ship() -> None:
    assert re.findall(r"^```yaml\n(.*?)^```$", PAGE, re.DOTALL | re.M) == [(POLICIES / "project.yaml").read_text()]


def test_each_journey_has_a_row() -> None:
    rows = re.findall(r"^\| \[([a-z-]+)\]\(\.\./journeys/policies/journeys/\1\.yaml\) \|", PAGE, re.M)
    assert sorted(rows) == sorted(path.stem for path in (POLICIES / "journeys").iterdir())


def test_the_scores_are_those_of_the_trace() -> None:
    lives = read_lives_at(POLICIES / "lives/next-best-action.yaml")
    catalogs = catalogs_of(lives.folder, lives.lives)
    first, second = (play(life, catalogs[life.journey, life.beside]).traces for life in lives.lives)
    scored = {line.journey: line.data for found in first for line in found.lines if line.what == trace.SCORED}
    rows = re.findall(r"^\| `([a-z-]+)` \| ([0-9.]+ \| [0-9.]+ \| [0-9.]+ \| [0-9.]+ \| [0-9.]+) \|", PAGE, re.M)
    parts = ("propensity", "context", "value", "lever", "score")
    assert {name: [float(each) for each in told.split(" | ")] for name, told in rows} == {
        name: [round(data[part], 4) for part in parts] for name, data in scored.items()
    }
    offers = [each for found in second for line in found.lines for each in line.data.get("candidates", ())]
    sample = next(each for each in offers if each["offer"] == "sample")
    assert f"The context of the sample is {sample['context']:g} for them, its score {sample['score']:g}," in PAGE

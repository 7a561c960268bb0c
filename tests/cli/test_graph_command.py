"""`sillage graph`: which journeys are meant, where charts go, and whose counts stand at them."""

import csv
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from cli.main import main
from streams.backtest.rows import HAPPENED
from streams.backtest.table import write

DEFINITIONS = Path(__file__).parents[2] / "journeys" / "definitions"
BASKET = DEFINITIONS / "journeys" / "abandoned-basket.yaml"
HAPPENED_ROWS: list[Mapping[str, str | int]] = [
    {"enrollment": "e1", "what": "entered"},
    {"enrollment": "e1", "what": "waited", "node": "wait-20h"},
    {"enrollment": "e1", "what": "woke", "node": "wait-20h"},
    {"enrollment": "e1", "what": "set", "node": "steps[1]"},
    {"enrollment": "e1", "what": "sent", "node": "basket-reminder"},
    {"enrollment": "e1", "what": "waited", "node": "wait-for-message-clicked"},
    {"enrollment": "e1", "what": "woke", "node": "wait-for-message-clicked"},
    {"enrollment": "e1", "what": "exited", "node": "steps[3].do[0]", "code": "clicked"},
    {"enrollment": "e2", "what": "entered"},
    {"enrollment": "e2", "what": "waited", "node": "wait-20h"},
    {"enrollment": "e2", "what": "exited", "node": "wait-20h", "code": "converted", "place": 0},
    {"enrollment": "e3", "what": "entered"},
    {"enrollment": "e3", "what": "waited", "node": "wait-20h"},
    {"enrollment": "e3", "what": "set", "node": "steps[1]"},
    {"enrollment": "e3", "what": "sent", "node": "basket-reminder"},
    {"enrollment": "e3", "what": "timed_out", "node": "wait-for-message-clicked"},
    {"enrollment": "e3", "what": "chosen", "node": "steps[4]", "code": "else"},
    {"enrollment": "e3", "what": "refused", "node": "last-call-by-mail", "code": "consent"},
    {"enrollment": "e3", "what": "exited", "code": "completed"},
    {"enrollment": "e4", "what": "entered", "journey": "win-back"},
    {"enrollment": "", "what": "not_entered", "code": "again"},
]


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, ["graph", *map(str, arguments)])


def labels(text: str) -> list[str]:
    return re.findall(r'"([^"]*)"', text)


@pytest.fixture(params=["csv", "parquet", "old.csv"])
def happened(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """What a backtest writes, and wrote before its rows had a place."""
    path = tmp_path / f"happened.{request.param}"
    old = request.param.startswith("old")
    written(
        path,
        "abandoned-basket",
        HAPPENED_ROWS,
        {name: kind for name, kind in HAPPENED.items() if name != "place" or not old},
    )
    return path


def written(path: Path, journey: str, rows: Sequence[Mapping[str, str | int]], columns: Mapping[str, str]) -> None:
    defaults = {"journey": journey, "at": 0, "revenue": None, "place": None}
    write(path, columns, ([row.get(name, defaults.get(name, "")) for name in columns] for row in rows))


def test_counts_of_a_backtest_stand_at_nodes_and_ways(happened: Path) -> None:
    found = labels(run(BASKET, "--counts", happened).output)
    for label in (
        "set vars.guide, vars.welcome: 2",
        "wait 20h: 3",
        "send basket-reminder by email: 2",
        "wait for message.clicked: 2",
        "message.clicked: 1",
        "clicked: 1",
        "after 2d: 1",
        "choose: 1",
        "else: 1",
        "send last-call by email (last-call-by-mail): 1",
        "send last-call by push: 0",
        "order.placed, event.basket_id == entry.basket_id: 1",
    ):
        assert label in found
    ends = {label.partition(",")[0]: label.rpartition(": ")[2] for label in found}
    assert (ends["basket.updated"], ends["basket.emptied"]) == ("3", "0")


SEVERAL = """journey: several
topic: offers
ttl: 9d
enter:
  - on: came
  - on: called
exit:
  - on: bought
    as: done
  - on: rented
    as: done
steps:
  - wait_for:
      - on: liked
      - on: hated
    within: 2d
"""


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_which_of_several_it_was_is_counted(tmp_path: Path, ending: str) -> None:
    (tmp_path / "several.yaml").write_text(SEVERAL)
    rows: list[Mapping[str, str | int]] = [
        {"enrollment": "e1", "what": "entered", "place": 1},
        {"enrollment": "e1", "what": "woke", "node": "wait-for-liked-or-hated", "place": 1},
        {"enrollment": "e2", "what": "entered", "place": 1},
        {"enrollment": "e2", "what": "exited", "node": "wait-for-liked-or-hated", "code": "done", "place": 1},
    ]
    written(tmp_path / f"out.{ending}", "several", rows, HAPPENED)
    found = labels(run(tmp_path / "several.yaml", "--counts", tmp_path / f"out.{ending}").output)
    told = {label.rpartition(": ")[0]: label.rpartition(": ")[2] for label in found}
    assert {name: told.get(name) for name in ("came", "called", "bought", "rented", "liked", "hated")} == {
        "came": "0", "called": "2", "bought": "0", "rented": "1", "liked": "0", "hated": "1"
    }  # fmt: skip


def test_a_file_that_no_backtest_wrote_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "other.csv"
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([["journey", "node"], ["a", "b"]])
    assert f"{path}: has no column enrollment, what, code" in run(BASKET, "--counts", path).output


def test_counts_of_the_lives_stand_in_the_picture(tmp_path: Path) -> None:
    out = tmp_path / "basket.svg"
    assert run(BASKET, "--lives", "-o", out).output == f"wrote {out}\n"
    texts = re.findall(r">([^<>\n]+)</text>", out.read_text(encoding="utf-8"))
    assert texts[texts.index("wait 20h") + 1] == "13"
    assert "message.clicked (1)" in texts
    assert "after 2d (7)" in texts


def test_a_folder_gives_a_chart_for_each_journey(tmp_path: Path) -> None:
    result = run(DEFINITIONS, "--format", "svg", "-o", tmp_path / "charts")
    assert result.exit_code == 0, result.output
    names = {path.stem for path in (DEFINITIONS / "journeys").glob("*.yaml")}
    assert {path.name for path in (tmp_path / "charts").iterdir()} == {f"{name}.svg" for name in names}
    assert "do not fit into one chart" in run(DEFINITIONS).output


def test_a_name_means_a_journey_that_ships(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(DEFINITIONS.parents[1])
    assert run("win-back").output == run(DEFINITIONS / "journeys" / "win-back.yaml").output
    assert "did you mean `win-back`?" in run("winback").output


def test_faults_of_the_journey_are_told_and_no_others(tmp_path: Path) -> None:
    (tmp_path / "journeys").mkdir()
    (tmp_path / "project.yaml").write_text("zone: UTC\n")
    (tmp_path / "journeys/bad.yaml").write_text("journey: bad\nstesp: []\n")
    good = "journey: good\ntopic: offers\nttl: 1d\nenter: {on: a}\nsteps: [{send: not-written-yet}]\n"
    (tmp_path / "journeys/good.yaml").write_text(good)
    assert "send not-written-yet" in run(tmp_path / "journeys/good.yaml").output
    result = run(tmp_path / "journeys/bad.yaml")
    assert result.exit_code == 1
    assert "unknown key `stesp`" in result.output
    assert "Traceback" not in result.output


def test_two_kinds_of_counts_are_one_too_many(happened: Path) -> None:
    assert "give one" in run(BASKET, "--counts", happened, "--lives").output

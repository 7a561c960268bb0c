"""`sillage experiments`: the figures of a file of rows, and of decisions on a real Kafka beside what is deployed."""

import csv
import json
from pathlib import Path

import msgspec
import pytest
from operations.conftest import Sillage, put

from engine.decision import Line, Trace
from streams.backtest.rows import HAPPENED
from streams.broker.publish import Out
from streams.settings import Settings

JOURNEY = """\
journey: greet
topic: offers
ttl: 14d
enter: {on: began}
goal: {on: paid, within: 5d}
steps:
  - split: subject
    arms:
      nothing: {weight: 50, control: yes}
      plain: {weight: 50, do: [{set: {vars.subject: '"Hello"'}}]}
    winner: {by: goal, min_exposures: 100, method: sequential}
  - wait: 1d
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    found = tmp_path / "definitions"
    (found / "journeys").mkdir(parents=True)
    (found / "journeys/greet.yaml").write_text(JOURNEY, encoding="utf-8")
    return found


def row(customer: str, what: str, node: str = "", code: str = "") -> dict[str, str]:
    known = {"customer": customer, "journey": "greet", "enrollment": f"of-{customer}", "at": "2026-03-02T12:00:00Z"}
    return {name: {**known, "what": what, "node": node, "code": code}.get(name, "") for name in HAPPENED}


def happened(people: int, pays: dict[str, int], off: int = 0) -> list[dict[str, str]]:
    """Each `pays`-th person of an arm reaches the goal; two of ten are held out; `off` more meet the first arm."""
    rows = []
    for number in range(people):
        arm = "nothing" if number % 2 or number < off * 2 else "plain"
        name = f"p{number}"
        rows.append(row(name, "entered"))
        rows += [row(name, "held_out", code="journey")] if number % 10 > 7 else []
        rows.append(row(name, "exposed", "split-subject", arm))
        rows += [row(name, "goal")] if number // 2 % pays[arm] == 0 else []
    return rows


def written(tmp_path: Path, rows: list[dict[str, str]]) -> str:
    path = tmp_path / "rows.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        out = csv.DictWriter(file, HAPPENED)
        out.writeheader()
        out.writerows(rows)
    return str(path)


def test_rows_beside_the_definitions_that_they_were_played_with(tmp_path: Path, folder: Path, sillage: Sillage) -> None:
    rows = written(tmp_path, happened(2000, {"nothing": 10, "plain": 5}))
    given = ("--rows", rows, "--definitions", str(folder))
    listed = sillage("experiments", *given).stdout
    assert "greet    subject  2     1600" in listed
    assert "WARNING" not in listed
    assert "greet    journey  400" in listed
    shown = sillage("experiments", "subject", *given).stdout
    assert "winner by sequential from 100 people an arm on; counted by person" in shown
    assert "nothing (control)  50.0%  800" in shown and "plain              50.0%  800" in shown
    assert "shares: as they should be (p 1.0000)" in shown
    found = [json.loads(line) for line in sillage("experiments", *given, "--json").stdout.splitlines()]
    assert [each["kind"] for each in found] == ["split", "holdout"]
    arms = {arm["arm"]: (arm["people"], arm["converted"]) for arm in found[0]["arms"]}
    assert arms == {"nothing": (800, 100), "plain": (800, 200)}


def test_arms_that_have_not_their_people_are_told_of_loudly(tmp_path: Path, folder: Path, sillage: Sillage) -> None:
    given = (
        "--rows",
        written(tmp_path, happened(2000, {"nothing": 10, "plain": 5}, 300)),
        "--definitions",
        str(folder),
    )
    assert (
        "WARNING: greet, split subject: the arms have not the people of their shares"
        in sillage("experiments", *given).stdout
    )
    assert "conclude nothing until you know why." in sillage("experiments", "subject", *given).stdout


def test_what_cannot_be_told_is_told_as_such(tmp_path: Path, folder: Path, sillage: Sillage) -> None:
    rows = written(tmp_path, happened(40, {"nothing": 10, "plain": 5}))
    fault = sillage("experiments", "subjekt", "--rows", rows, "--definitions", str(folder), code=1).stderr
    assert fault == "Error: split subjekt: nobody has met it; those that people met: subject\n"
    assert "--since is of the topic" in sillage("experiments", "--rows", rows, "--since", "3d", code=1).stderr
    plain = sillage("experiments", "split-subject", "--rows", rows).stdout
    assert "no winner is sought" in plain, "without definitions the node stands for the split"
    assert "nobody has met a split" in sillage("experiments", "--rows", written(tmp_path, [])).stderr


def test_decisions_are_counted_beside_what_is_deployed(house: Settings, sillage: Sillage, folder: Path) -> None:
    assert "nobody has met a split" in sillage("experiments").stderr
    sillage("deploy", str(folder))
    for partition in (0, 1):
        put(house, "decisions", partition, *(decided(number) for number in range(400) if number % 2 == partition))
    put(house, "decisions", 0, Out(b"x", b'"exposed" and no JSON'), decided(0))
    result = sillage("experiments", "subject", "--journey", "greet")
    assert "winner by sequential from 100 people an arm on" in result.stdout
    assert "nothing (control)  50.0%  200     20" in result.stdout
    assert "plain              50.0%  200     100" in result.stdout
    assert "shares: as they should be" in result.stdout
    assert "1 records of decisions could not be read" in result.stderr
    assert "nobody has met a split" in sillage("experiments", "--journey", "other").stderr


def decided(number: int) -> Out:
    """A trace of who met an arm and reached the goal at once."""
    arm, name = ("nothing", "plain")[number // 2 % 2], f"p{number}"
    data = {"split": "subject", "control": arm == "nothing", "shares": {"nothing": 0.5, "plain": 0.5}}
    lines = [Line("exposed", "greet", f"of-{name}", "split-subject", arm, data=data)]
    if number // 4 % (10 if arm == "nothing" else 2) == 0:
        lines.append(Line("goal", "greet", f"of-{name}"))
    return Out(name.encode(), msgspec.json.encode(Trace(f"t{number}", name, 0, 1, {}, lines)))

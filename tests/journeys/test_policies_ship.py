"""The journeys that show policy: every rule refuses somewhere, a forbidden promotion does not pass check."""

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from cli.folder import read_files
from cli.main import main
from journeys.checks import check
from journeys.lives import Life, read_lives
from journeys.load import load_project

POLICIES = Path(__file__).parents[2] / "journeys" / "policies"
FILES = read_files([POLICIES])[1]
PROJECT = FILES["project.yaml"]
RULES = [
    *re.findall(r"(?m)^  (?:- |channels: ).*\n", PROJECT),
    *re.findall(r"(?m)^(?:quiet_hours|arbitration):.*\n(?:  .*\n)*", PROJECT),
]
"""Each cap, each rule of recency, what differs by channel, the quiet hours and arbitration as they are written."""
CODES = {"suppressed", "consent", "content", "unreachable", "quiet_hours", "cap", "recency", "outscored"}
GAMBLE = """journey: gamble
brand: lumiere
topic: offers
ttl: 1d
enter: {on: order.placed}
steps:
  - send: lottery
"""
LOTTERY = {
    "messages/lottery/message.yaml": "subject: Win\ncategories: [gambling]\n",
    "messages/lottery/email.txt": "Win.\n",
}


def test_the_project_has_rules_to_leave_out() -> None:
    assert len(RULES) == 4 + 2 + 1 + 2


def lives() -> list[Life]:
    texts = {name: text for name, text in FILES.items() if name.startswith("lives/")}
    return [life for name, text in texts.items() for life in read_lives(name, text, "Europe/London")[0]]


def test_they_pass_check_and_their_lives_reach_all_of_them() -> None:
    assert CliRunner().invoke(main, ["check", str(POLICIES)]).exit_code == 0
    result = CliRunner().invoke(main, ["test", str(POLICIES), "--coverage", "--fail-under", "100"])
    assert result.exit_code == 0, result.output
    covered = re.findall(r"^coverage of ([a-z-]+): 100\.0 %", result.output, re.M)
    assert covered == sorted(path.stem for path in (POLICIES / "journeys").iterdir())


def test_the_lives_meet_every_rule_that_refuses() -> None:
    told = [each for life in lives() for each in life.expect.refused or []]
    assert {each.split()[1] for each in told} == CODES
    assert {each.split()[1] for each in told if " until " in each} == {"quiet_hours", "cap", "outscored"}


def test_a_journey_that_promotes_what_the_brand_never_does_is_refused_at_check_time() -> None:
    found = [str(each) for each in check(load_project({**FILES, "journeys/gamble.yaml": GAMBLE, **LOTTERY}))]
    what = "the brand `lumiere` never promotes gambling, as `lottery` does; hint: send another message"
    assert found == [f"journeys/gamble.yaml:7:11: J088 {what}"]


@pytest.mark.parametrize("rule", RULES)
def test_each_rule_of_the_house_is_felt_in_a_life(rule: str, tmp_path: Path) -> None:
    for name, text in {**FILES, "project.yaml": PROJECT.replace(rule, "")}.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    result = CliRunner().invoke(main, ["test", str(tmp_path)])
    assert re.search(r"^FAIL", result.output, re.M), result.output

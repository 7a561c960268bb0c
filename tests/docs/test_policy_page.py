"""docs/policy.md: its folder is played, its pieces pass check, its rules stand in the order in which they are asked."""

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from cli.main import main
from engine.customer import CONTACTS
from engine.policy.caps import CONTACT_DAYS
from engine.policy.pipeline import RULES
from journeys.checks import check
from journeys.load import load_project
from journeys.model.policy import LONGEST_CAP_DAYS

PAGE = (Path(__file__).parents[2] / "docs" / "policy.md").read_text(encoding="utf-8")
FILES = re.findall(r"^`([a-z0-9/._-]+)`\n\n```\w+\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
PIECES = re.findall(r"^```yaml\n((?:quiet|caps|recency|opt_in).*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
SHOWN = re.findall(r"^```sh\nsillage test .\n```\n\n```text\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
CODES = {
    "erased": "erased",
    "suppressed": "suppressed",
    "consented": "consent",
    "not_stopped": "stopped",
    "allowed_content": "content",
    "stated": "facts_expired",
    "held_out": "holdout",
    "reachable": "unreachable",
    "loud": "quiet_hours",
    "within_caps": "cap",
    "recovered": "recency",
    "outscored": "outscored",
}


def test_the_folder_of_the_page_is_played(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, text in FILES:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(main, ["test", "."])
    assert result.output == SHOWN[0]


@pytest.mark.parametrize("piece", PIECES)
def test_a_piece_passes_check(piece: str) -> None:
    assert [str(each) for each in check(load_project({"project.yaml": piece}))] == []


def test_every_piece_is_read_and_the_limits_are_those_of_the_code() -> None:
    assert (len(FILES), len(PIECES), len(SHOWN)) == (6, 4, 1)
    assert f"at most {LONGEST_CAP_DAYS} days" in PAGE
    assert f"At most {CONTACTS} messages of a person are remembered, for {CONTACT_DAYS} days" in PAGE
    assert LONGEST_CAP_DAYS < CONTACT_DAYS


def test_the_codes_stand_in_the_order_of_the_rules() -> None:
    told = re.findall(r"^\| `(\w+)` \|", PAGE, re.MULTILINE)
    asked = [CODES[rule.__name__] for rule in RULES]
    assert [code for code in told if code in asked] == asked

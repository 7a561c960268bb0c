"""docs/check.md: every code has its example, and each example gives exactly the line that the page shows."""

import re
from pathlib import Path

import pytest

from journeys.checks import check
from journeys.codes import CODES
from journeys.load import load_project
from streams.definitions.moving import MIGRATE, MapRefused, Moving
from streams.definitions.plan import plan_deploy
from streams.definitions.shelf import CURRENT, Shelf, blob_key, canonical, release_key

PAGE = (Path(__file__).parents[2] / "docs" / "check.md").read_text(encoding="utf-8")
SECTIONS = dict(re.findall(r"^## (J\d+)\n(.*?)(?=^## |\Z)", PAGE, re.DOTALL | re.MULTILINE))
NEW_YEAR = 1_798_761_600_000
"""When the year 2027 begins, for what is over by then."""
BASE = {"messages/welcome/message.yaml": "subject: Welcome\n", "messages/welcome/email.txt": "Welcome!\n"}


def test_every_code_has_its_section_and_no_other() -> None:
    assert list(SECTIONS) == list(CODES)


@pytest.mark.parametrize("code", [code for code in CODES if code != "J059"])
def test_an_example_gives_the_line_shown(code: str) -> None:
    files = dict(re.findall(r"`([a-z0-9/._-]+)`\n\n```(?:yaml|text)\n(.*?)```", SECTIONS[code], re.DOTALL))
    (shown,) = re.findall(r"```console\n(.*?)```", SECTIONS[code], re.DOTALL)
    assert files
    assert [str(problem) for problem in check(load_project({**BASE, **files}), NEW_YEAR)] == shown.splitlines()
    assert f": {code} " in shown
    assert CODES[code][1:] in SECTIONS[code]


def test_the_example_of_a_removed_node_is_what_a_deploy_says() -> None:
    before, after = re.findall(r"```yaml\n(.*?)```", SECTIONS["J059"], re.DOTALL)
    (shown,) = re.findall(r"```console\n(.*?)\n```", SECTIONS["J059"], re.DOTALL)
    shelf = Shelf()
    plan = plan_deploy(shelf, load_project({**BASE, "journeys/welcome.yaml": before}), 1, "", "one")
    for blob in plan.blobs:
        shelf.feed(blob_key(blob), blob)
    assert plan.release is not None
    shelf.feed(release_key(1), canonical(plan.release))
    shelf.feed(CURRENT, b"1")
    moving = Moving(MIGRATE, {}, {("welcome", plan.release.journeys["welcome"].version, ("first-week",)): 3})
    with pytest.raises(MapRefused) as refused:
        plan_deploy(shelf, load_project({**BASE, "journeys/welcome.yaml": after}), 2, "", "two", moving)
    assert str(refused.value) == shown
    assert CODES["J059"][1:] in SECTIONS["J059"]

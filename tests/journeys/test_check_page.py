"""docs/check.md: every code has its example, and each example gives exactly the line that the page shows."""

import re
from pathlib import Path

import pytest

from journeys.checks import check
from journeys.codes import CODES
from journeys.load import load_project

PAGE = (Path(__file__).parents[2] / "docs" / "check.md").read_text(encoding="utf-8")
SECTIONS = dict(re.findall(r"^## (J\d+)\n(.*?)(?=^## |\Z)", PAGE, re.DOTALL | re.MULTILINE))
BASE = {"messages/welcome/message.yaml": "subject: Welcome\n", "messages/welcome/email.txt": "Welcome!\n"}


def test_every_code_has_its_section_and_no_other() -> None:
    assert list(SECTIONS) == list(CODES)


@pytest.mark.parametrize("code", CODES)
def test_an_example_gives_the_line_shown(code: str) -> None:
    files = dict(re.findall(r"`([a-z0-9/._-]+)`\n\n```(?:yaml|text)\n(.*?)```", SECTIONS[code], re.DOTALL))
    (shown,) = re.findall(r"```console\n(.*?)```", SECTIONS[code], re.DOTALL)
    assert files
    assert [str(problem) for problem in check(load_project({**BASE, **files}))] == shown.splitlines()
    assert f": {code} " in shown
    assert CODES[code][1:] in SECTIONS[code]

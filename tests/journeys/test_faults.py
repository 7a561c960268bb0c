"""Golden files: each faults/NAME.yaml gives exactly the lines of NAME.expected."""

from pathlib import Path

import pytest

from journeys.checks import check
from journeys.load import load_project

FAULTS = sorted((Path(__file__).parent / "faults").glob("*.yaml"))
BASE = {"messages/welcome/message.yaml": "subject: Welcome\n", "messages/welcome/email.txt": "Welcome!\n"}


@pytest.mark.parametrize("path", FAULTS, ids=lambda path: path.stem)
def test_a_file_gives_exactly_the_lines_expected(path: Path) -> None:
    problems = check(load_project({**BASE, path.name: path.read_text(encoding="utf-8")}))
    expected = path.with_suffix(".expected").read_text(encoding="utf-8")
    assert "".join(f"{problem}\n" for problem in problems) == expected


def test_ten_faults_are_ten_lines() -> None:
    path = next(path for path in FAULTS if path.stem == "ten")
    assert len(path.with_suffix(".expected").read_text(encoding="utf-8").splitlines()) == 10

"""docs/charter.md: its folder keeps the charter, its preview is what is printed, and its mistakes are told."""

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from cli.main import main
from journeys.checks import check
from journeys.load import load_project
from journeys.model import Brand, Fact

PAGE = (Path(__file__).parents[2] / "docs" / "charter.md").read_text(encoding="utf-8")
WRITTEN = re.findall(r"^`([^`]+)`\n\n```\w+\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
FILES = dict(reversed(WRITTEN))
"""The first of each name; the second is the mistake."""
PREVIEW, TOLD = re.findall(r"```console\n(.*?)```", PAGE, re.DOTALL)


def test_the_folder_of_the_page_keeps_its_charter() -> None:
    assert (len(WRITTEN), len(FILES)) == (10, 9)
    assert [str(fault) for fault in check(load_project(FILES))] == []


def test_a_preview_prints_what_the_page_shows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    (asked,) = re.findall(r"`sillage (preview [^`]+)`", PAGE)
    assert CliRunner().invoke(main, asked.split()).output == PREVIEW


def test_the_mistake_of_the_page_is_told_as_it_shows() -> None:
    faults = check(load_project({**FILES, **dict(WRITTEN[-1:])}))
    assert [str(fault) for fault in faults] == TOLD.splitlines()


def test_each_key_of_a_brand_and_of_a_fact_is_named() -> None:
    fields = {field.alias or name for name, field in (*Brand.model_fields.items(), *Fact.model_fields.items())}
    assert [key for key in fields - {"brand"} if f"`{key}`" not in PAGE] == []

"""docs/messages.md: its message is sound, its preview is what `sillage preview` prints, its limits are the code's."""

import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from cli.main import main
from journeys.checks import check
from journeys.load import load_project
from journeys.messages.template import LINKS
from streams.links.answers import answers
from streams.links.links import NO_LINKS
from streams.links.server import MOST_BYTES
from streams.links.tokens import read_keys
from streams.settings import Settings

PAGE = (Path(__file__).parents[2] / "docs" / "messages.md").read_text(encoding="utf-8")
FILES = dict(re.findall(r"^`([^`]+)`\n\n```\w+\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL))


def test_the_message_of_the_page_has_no_fault() -> None:
    files = {name: text for name, text in FILES.items() if name.startswith("messages/")}
    assert len(files) == 3
    assert [str(fault) for fault in check(load_project(files)) if fault.file.startswith("messages/")] == []


def test_a_preview_prints_what_the_page_shows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, text in FILES.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    asked = next(line for line in PAGE.splitlines() if "--attributes ann.yaml" in line).partition("#")[0]
    result = CliRunner().invoke(main, asked.split()[1:])
    (shown,) = re.findall(r"```console\n(.*?)```", PAGE, re.DOTALL)
    assert result.output == shown


def test_keys_as_the_page_shows_them_are_keys(tmp_path: Path) -> None:
    (text,) = re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)
    path = tmp_path / "keys.json"
    path.write_text(text)
    read_keys(str(path))
    assert list(json.loads(text)) == ["2026", "2025"]


def test_names_and_limits_are_those_of_the_code() -> None:
    assert all(f"| `{name}` |" in PAGE for name in LINKS)
    assert f"code `{NO_LINKS}`" in PAGE
    assert f"{MOST_BYTES // 1024} KiB" in PAGE
    assert f"`SILLAGE_SERVE_PORT` ({Settings().serve_port})" in PAGE
    sent = answers(Settings(), "c", {("offers", "email"): False}, "unsubscribe-link", 1)
    assert json.loads(sent.records[0].value or b"")["type"] == "consent.changed"

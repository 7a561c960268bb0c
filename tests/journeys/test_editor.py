"""An editor with the real language server of YAML completes, explains, and reports on the right line."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from jsonschema import Draft202012Validator
from languageserver import LanguageServer
from tools import tool

from cli.main import main
from cli.schemas import SETTINGS, editor_files
from journeys.lives import read_lives
from journeys.model import VERBS
from journeys.schema import EDITOR
from journeys.tree import plain
from journeys.yaml import read

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "editor.md").read_text(encoding="utf-8")
FOLDERS = [ROOT / "journeys/definitions", ROOT / "tests/fuzz/folder", ROOT / "tests/journeys/folder"]
JOURNEY = "journey: a\ntopic: offers\nttl: 14d\nenter: {on: account.created}\nsteps:\n  - wait: 1h\n"
LIFE = "journey: a\n---\nlife: x\nplay:\n  - at: 2026-01-01T10:00\n    event: {type: a}\nexpect:\n  sent: []\n"


@pytest.fixture(scope="module")
def equipped(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A designer's folder as `sillage schemas --editor` leaves it."""
    folder = tmp_path_factory.mktemp("shop")
    result = CliRunner().invoke(main, ["schemas", "--editor", str(folder)])
    assert result.exit_code == 0
    return folder


@pytest.fixture(scope="module")
def server(equipped: Path) -> Iterator[LanguageServer]:
    """The language server with the settings that were written, which name schemas from the folder on."""
    written = json.loads((equipped / SETTINGS).read_text(encoding="utf-8"))["yaml.schemas"]
    schemas = {(equipped / name).as_uri(): files for name, files in written.items()}
    with LanguageServer(tool("yaml-language-server"), equipped, schemas) as running:
        yield running


def test_it_completes_the_verbs_of_nodes(server: LanguageServer) -> None:
    assert VERBS.keys() <= set(server.completions("journeys/a.yaml", JOURNEY + "  - \n", 7, 5))


@pytest.mark.parametrize(
    ("name", "text", "line", "column", "wanted"),
    [
        ("journeys/a.yaml", JOURNEY + "\n", 7, 1, {"goal", "on_error", "holdout", "exit"}),
        ("lives/a.yaml", LIFE + "  \n", 9, 3, {"refused", "outcomes", "tasks"}),
        ("messages/a/message.yaml", "subject: x\n\n", 2, 1, {"class", "title"}),
        ("messages/a/message.yaml", "class: \n", 1, 8, {"marketing", "service", "critical"}),
        ("messages/a/push.yaml", "title: x\n\n", 2, 1, {"body", "link", "image", "data"}),
        ("segments/a.yaml", "segment: a\n\n", 2, 1, {"when", "unless", "backfill"}),
        ("schemas/a.yaml", "event: a\n\n", 2, 1, {"properties", "required"}),
        ("schemas/a.yaml", "event: a\nproperties:\n  x:\n    type: \n", 4, 11, {"string", "integer", "object"}),
        ("project.yaml", "\n", 1, 1, {"zone", "hours", "services"}),
    ],
)
def test_it_completes_in_every_file(
    server: LanguageServer, name: str, text: str, line: int, column: int, wanted: set[str]
) -> None:
    assert wanted <= set(server.completions(name, text, line, column))


@pytest.mark.parametrize(
    ("name", "text", "line", "word"),
    [
        ("journeys/a.yaml", JOURNEY + "  - send: hello\n    chanel: email\n", 8, "chanel"),
        ("journeys/a.yaml", JOURNEY.replace("ttl: 14d", "ttl: 14"), 3, "string"),
        ("lives/a.yaml", LIFE.replace("  sent", "  snt"), 8, "snt"),
        ("lives/a.yaml", LIFE.replace("    event", "    evnt"), 6, "evnt"),
        ("lives/a.yaml", LIFE.replace("journey: a", "jurney: a"), 1, "jurney"),
        ("messages/a/message.yaml", "subject: x\nclas: service\n", 2, "clas"),
        ("messages/a/message.yaml", "subject: x\nclass: servce\n", 2, "marketing"),
        ("messages/a/webhook.yaml", "to: a\ntype: b\ndatta: {}\n", 3, "datta"),
        ("segments/a.yaml", "segment: a\nwhen: a\nunles: b\n", 3, "unles"),
        ("schemas/a.yaml", "event: a\nproperties:\n  x: {type: strin}\n", 3, "string"),
        ("project.yaml", "zone: UTC\nhour: {}\n", 2, "hour"),
    ],
)
def test_it_reports_on_the_right_line(server: LanguageServer, name: str, text: str, line: int, word: str) -> None:
    found = server.faults(name, text)
    assert any(at == line and word in message for at, message in found), found


def test_it_reports_nothing_on_what_ships(server: LanguageServer) -> None:
    for folder in FOLDERS:
        for path in sorted(folder.rglob("*.yaml")):
            name = path.relative_to(folder).as_posix()
            assert server.faults(name, path.read_text(encoding="utf-8")) == [], name


def test_it_explains_what_a_key_means(server: LanguageServer) -> None:
    assert "The longest that an enrollment lasts." in server.hover("journeys/a.yaml", JOURNEY, 3, 2)
    assert "Wait from arrival for a duration" in server.hover("journeys/a.yaml", JOURNEY, 6, 6)


def test_a_line_at_the_head_of_a_file_does_as_well(equipped: Path) -> None:
    (line,) = re.findall(r"^# yaml-language-server: .*$", PAGE, re.MULTILINE)
    with LanguageServer(tool("yaml-language-server"), equipped, {}) as server:
        text = line.replace("../.sillage", f"{equipped.as_uri()}/.sillage") + "\n" + JOURNEY + "    betwen: x\n"
        assert [at for at, _ in server.faults("anything.yaml", text)] == [8]


def test_the_settings_on_the_page_are_those_that_are_written() -> None:
    (shown,) = re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)
    assert shown == editor_files()[SETTINGS]


def test_settings_that_are_there_stay(tmp_path: Path) -> None:
    (tmp_path / ".vscode").mkdir()
    (tmp_path / SETTINGS).write_text("{}\n", encoding="utf-8")
    result = CliRunner().invoke(main, ["schemas", "--editor", str(tmp_path)])
    assert "is there already; it needs:" in result.output
    assert (tmp_path / SETTINGS).read_text(encoding="utf-8") == "{}\n"
    assert (tmp_path / ".sillage" / "journey.schema.json").is_file()


@pytest.mark.parametrize("name", EDITOR)
def test_every_key_of_every_schema_is_explained(name: str) -> None:
    schema = EDITOR[name][0]()
    Draft202012Validator.check_schema(schema)
    assert [key for shape in mappings(schema) for key, inner in shape.items() if not inner.get("description")] == []


def mappings(part: Any) -> Iterator[dict[str, Any]]:
    """The `properties` of a schema and all below it."""
    for key, inner in part.items() if isinstance(part, dict) else enumerate(part) if isinstance(part, list) else ():
        if key == "properties" and isinstance(part, dict) and all(isinstance(each, dict) for each in inner.values()):
            yield inner
            yield from (found for each in inner.values() for found in mappings(each))
        else:
            yield from mappings(inner)


def test_what_ships_is_valid_under_its_schema() -> None:
    """Another validator says the same as the editor."""
    for name, (schema, files) in EDITOR.items():
        validator = Draft202012Validator(schema())
        for path in [path for folder in FOLDERS for path in sorted(folder.glob(files))]:
            for document in read(path.name, path.read_text(encoding="utf-8")).documents:
                assert [error.message for error in validator.iter_errors(plain(document))] == [], (name, path)


def test_a_life_that_is_read_is_valid() -> None:
    assert read_lives("lives/a.yaml", LIFE)[1] == []

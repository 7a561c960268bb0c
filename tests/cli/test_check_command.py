"""`sillage check` as a person types it: lines on stdout, a count on stderr, an exit status."""

import os
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from cli.errors import CliError
from cli.folder import FILE_LIMIT, read_files
from cli.main import main

TESTS = Path(__file__).parents[1]
FOLDER = TESTS / "journeys" / "folder"
TEN = TESTS / "journeys" / "faults" / "ten.yaml"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the sound folder, `shop`, seen from the folder above it."""
    monkeypatch.chdir(tmp_path)
    shutil.copytree(FOLDER, tmp_path / "shop")
    return tmp_path / "shop"


def sillage(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["check", *arguments])


def told(result: Result) -> list[str]:
    """Place and code of each line."""
    return [" ".join(line.split(" ")[:2]) for line in result.stdout.splitlines()]


def test_a_sound_folder_has_no_fault(folder: Path) -> None:
    result = sillage("shop")
    assert (result.exit_code, result.stdout, result.stderr) == (0, "", "no fault in 9 files\n")


def test_the_definitions_that_ship_have_no_fault() -> None:
    assert sillage(str(TESTS.parent / "journeys" / "definitions")).exit_code == 0


def test_ten_faults_are_ten_lines(tmp_path: Path) -> None:
    shutil.copy(TEN, tmp_path / "ten.yaml")
    result = sillage(str(tmp_path / "ten.yaml"))
    assert result.exit_code == 1
    assert len(result.stdout.splitlines()) == 10
    assert result.stderr == "10 faults in 1 file\n"
    assert all(line.startswith(f"{tmp_path}/ten.yaml:") for line in result.stdout.splitlines())


def test_files_are_named_as_seen_from_here(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    journey = folder / "journeys" / "abandoned-basket.yaml"
    journey.write_text(journey.read_text(encoding="utf-8").replace("ttl: 14d", "ttl: 14"), encoding="utf-8")
    assert told(sillage("shop")) == ["shop/journeys/abandoned-basket.yaml:4:6: J006"]
    assert told(sillage(str(folder))) == ["shop/journeys/abandoned-basket.yaml:4:6: J006"]
    assert told(sillage("shop/../shop/journeys")) == ["shop/journeys/abandoned-basket.yaml:4:6: J006"]
    monkeypatch.chdir(folder / "journeys")
    assert told(sillage("abandoned-basket.yaml")) == ["abandoned-basket.yaml:4:6: J006"]
    assert told(sillage("..")) == ["abandoned-basket.yaml:4:6: J006"]


def test_a_single_file_is_held_against_its_folder_and_nothing_else(folder: Path) -> None:
    broken = folder / "messages" / "broken"
    broken.mkdir()
    (folder / "journeys" / "other.yaml").write_text("nothing", encoding="utf-8")
    single = "shop/journeys/abandoned-basket.yaml"
    assert sillage(single).stderr == "no fault in 9 files\n"
    (broken / "message.yaml").write_text("nothing", encoding="utf-8")
    (folder / "messages" / "last-call" / "email.txt").write_text("{{ nobody }}", encoding="utf-8")
    (folder / "project.yaml").write_text("zon: UTC\n", encoding="utf-8")
    assert told(sillage(single)) == ["shop/messages/last-call/email.txt:1:4: J016", "shop/project.yaml:1:1: J004"]
    assert told(sillage("shop/messages/broken"))[-1] == "shop/project.yaml:1:1: J004"
    assert len(told(sillage("shop"))) == 5
    assert told(sillage("shop", single)) == told(sillage("shop"))


def test_what_is_not_there_or_empty_is_told(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "bare" / "journeys").mkdir(parents=True)
    (tmp_path / "notes.md").write_text("x", encoding="utf-8")
    result = sillage("nope", "empty", "bare", "notes.md")
    assert told(result) == ["bare:1:1: J023", "empty:1:1: J023", "nope:1:1: J023", "notes.md:1:1: J023"]
    assert result.stderr == "4 faults in 4 files\n"
    assert sillage().exit_code == 2


def test_what_cannot_be_read_is_told_and_the_rest_is_checked(folder: Path) -> None:
    (folder / "journeys" / "latin.yaml").write_bytes(b"journey: latin\ntitle: caf\xe9\n")
    (folder / "journeys" / "large.yaml").write_bytes(b"#" * (FILE_LIMIT + 1))
    (folder / "journeys" / "folder.yaml").mkdir()
    os.mkfifo(folder / "journeys" / "pipe.yaml")
    (folder / "lives" / "gone.yaml").symlink_to("nowhere")
    (folder / "messages" / "last-call" / "logo.png").write_bytes(b"\xff\xfe")
    lines = ["folder.yaml:1:1: J023", "large.yaml:1:1: J023", "latin.yaml:2:1: J023", "pipe.yaml:1:1: J023"]
    assert told(sillage("shop")) == [*(f"shop/journeys/{line}" for line in lines), "shop/lives/gone.yaml:1:1: J023"]


def test_files_for_a_deploy_come_with_their_root(folder: Path) -> None:
    root, files = read_files([Path("shop")])
    assert root == folder
    assert set(files) == {path.relative_to(FOLDER).as_posix() for path in FOLDER.rglob("*") if path.is_file()}
    (folder / "journeys" / "other.yaml").write_text("journey: other\n", encoding="utf-8")
    _, files = read_files([Path("shop/journeys/other.yaml")])
    assert [name for name in files if name.startswith("journeys/")] == ["journeys/other.yaml"]
    assert "messages/last-call/email.html" in files


def test_files_for_a_deploy_are_of_one_folder_and_readable(folder: Path, tmp_path: Path) -> None:
    shutil.copytree(folder, tmp_path / "second")
    with pytest.raises(CliError, match="stand in 2 folders"):
        read_files([Path("shop"), Path("second")])
    with pytest.raises(CliError, match=r"shop/nope\.yaml: no such file or folder; check the spelling"):
        read_files([Path("shop/nope.yaml")])

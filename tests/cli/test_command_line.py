"""The `sillage` command as a person meets it: quick help, one clear line for a fault, addresses remembered."""

import json
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from cli import main as door
from cli.errors import explained, one_line
from cli.lazy import LazyGroup
from cli.settings import load_settings
from local.errors import LocalError
from local.services import Services


def run(*words: str, **environment: str | None) -> tuple[int, str]:
    cleared = {"SILLAGE_KAFKA": None, "SILLAGE_REDIS": None, "SILLAGE_DATA": None}
    answer = CliRunner().invoke(door.main, list(words), env={**cleared, **environment})
    if answer.exception and not isinstance(answer.exception, SystemExit):
        raise answer.exception
    return answer.exit_code, answer.output


def test_help_lists_every_command_and_imports_none() -> None:
    code = "import sys; from cli.main import main; main(['--help'], standalone_mode=False); print(sorted(sys.modules))"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    text, _, modules = said.rpartition("\n[")
    for name, (_, line) in door.COMMANDS.items():
        assert f"  {name} " in text
        assert " ".join(line.split()[:4]) in " ".join(text.split())
    for heavy in ("pydantic", "redis", "aiokafka", "faust", "rich", "cli.services", "cli.doctor"):
        assert f"'{heavy}'" not in modules


@pytest.mark.parametrize("name", list(door.COMMANDS))
def test_every_listed_command_is_there(name: str) -> None:
    module, _, attribute = door.COMMANDS[name][0].partition(":")
    command = getattr(import_module(module), attribute)
    assert isinstance(command, click.Command)
    assert command.name == name


def test_an_unknown_command_is_said() -> None:
    code, said = run("journey-map")
    assert code == 2
    assert "No such command 'journey-map'" in said


def test_a_given_broker_that_is_silent_is_one_line(tmp_path: Path) -> None:
    code, said = run("up", SILLAGE_DATA=str(tmp_path), SILLAGE_KAFKA="127.0.0.1:1")
    assert code == 1
    assert said.startswith("Error: SILLAGE_KAFKA=127.0.0.1:1: no kafka answers there;")
    assert said.count("\n") == 1


def test_a_wrong_setting_is_one_line(tmp_path: Path) -> None:
    code, said = run("down", SILLAGE_DATA=str(tmp_path), SILLAGE_PARTITIONS="none")
    assert code == 1
    assert said.startswith("Error: SILLAGE_PARTITIONS=none: ")
    assert said.count("\n") == 1


@pytest.mark.parametrize("words", [("journeys",), ("tasks", "list"), ("context", "list", "places")])
def test_a_command_without_a_broker_names_it_and_the_cure(words: tuple[str, ...], tmp_path: Path) -> None:
    code, said = run(*words, SILLAGE_DATA=str(tmp_path), SILLAGE_KAFKA="127.0.0.1:1")
    assert code == 1
    assert said.startswith("Error: no broker answers (") and "127.0.0.1" in said
    assert said.endswith("; start one with `sillage up`, or set SILLAGE_KAFKA\n")


def test_lives_that_are_not_there_are_named_as_they_were_given(tmp_path: Path) -> None:
    path = tmp_path / "shop"
    assert run("test", str(path)) == (1, f"Error: {path}: no such file or folder; check the spelling of the path\n")


def test_a_setting_of_few_words_names_them(tmp_path: Path) -> None:
    code, said = run("down", SILLAGE_DATA=str(tmp_path), SILLAGE_STORE="disk")
    assert (code, said) == (1, "Error: SILLAGE_STORE=disk: expected one of memory, rocks; set it right or unset it\n")


def test_down_where_nothing_runs(tmp_path: Path) -> None:
    assert run("down", SILLAGE_DATA=str(tmp_path)) == (0, f"{tmp_path}: nothing was running\n")


def test_a_fault_that_nobody_explains_keeps_its_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    @click.command()
    def explained() -> None:
        raise LocalError("kafka: not there;\n  start it")

    @click.command()
    def bug() -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(sys.modules[__name__], "EXPLAINED", explained, raising=False)
    monkeypatch.setattr(sys.modules[__name__], "BUG", bug, raising=False)
    group = LazyGroup(commands_at={"explained": (f"{__name__}:EXPLAINED", ""), "bug": (f"{__name__}:BUG", "")})
    answer = CliRunner().invoke(group, ["explained"])
    assert (answer.exit_code, answer.output) == (1, "Error: kafka: not there; start it\n")
    assert isinstance(CliRunner().invoke(group, ["bug"]).exception, ZeroDivisionError)


def test_doctor_names_each_lack_with_its_cure(tmp_path: Path) -> None:
    code, said = run(
        "doctor", SILLAGE_DATA=str(tmp_path), SILLAGE_KAFKA="127.0.0.1:1", SILLAGE_REDIS="redis://127.0.0.1:1/0"
    )
    lines = {line[6:19].strip(): line for line in said.splitlines()}
    assert code == 1
    assert set(lines) >= {"Python", "Java", "Maven", "Redis server", "Docker", "kcat", "Data folder", "Kafka", "Redis"}
    assert lines["Python"].startswith("OK")
    assert lines["Kafka"].startswith("FAIL") and "run `sillage up`, or give SILLAGE_KAFKA" in lines["Kafka"]
    assert lines["Redis"].startswith("FAIL")


def test_doctor_is_content_where_all_answers(services: Services, prefix: str, tmp_path: Path) -> None:
    given = {"SILLAGE_KAFKA": services.kafka, "SILLAGE_REDIS": services.redis, "SILLAGE_PREFIX": prefix}
    code, said = run("doctor", SILLAGE_DATA=str(tmp_path), **given)
    assert code == 0
    assert f"{services.kafka} answers" in said
    assert f"0 begin with {prefix}. yet; the first worker makes them" in said


def test_commands_find_what_up_remembers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    addresses = {"kafka": "127.0.0.1:21001", "redis": "redis://127.0.0.1:21002/0"}
    note = {"road": "local processes", "addresses": addresses, "ports": {}}
    (tmp_path / "services.json").write_text(json.dumps(note))
    monkeypatch.setenv("SILLAGE_DATA", str(tmp_path))
    monkeypatch.delenv("SILLAGE_KAFKA", raising=False)
    monkeypatch.setenv("SILLAGE_REDIS", "redis://127.0.0.1:7/0")
    settings = load_settings(prefix="mine")
    assert (settings.kafka, settings.redis, settings.prefix) == ("127.0.0.1:21001", "redis://127.0.0.1:7/0", "mine")
    assert load_settings(kafka="elsewhere:1").kafka == "elsewhere:1"


def test_a_reader_who_left_is_no_fault_of_ours() -> None:
    with pytest.raises(BrokenPipeError), one_line():
        raise BrokenPipeError(32, "Broken pipe")


def test_a_damaged_changelog_is_told_in_one_line() -> None:
    assert import_module("state.codec").CodecError in explained()

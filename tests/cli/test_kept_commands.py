"""`sillage inbox` and `sillage postal`: what lies in an inbox, and letters that go into one batch."""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from channels.channel import Outgoing
from channels.inapp import Item
from channels.postal import Postal
from cli.main import main
from journeys.messages.render import Rendered
from streams.dispatch.channels import inbox_of
from streams.operations.inboxes import taken_away
from streams.settings import Settings

Run = Callable[..., Result]


@pytest.fixture
def sillage(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    (tmp_path / "postal").mkdir()
    monkeypatch.setenv("SILLAGE_POSTAL", str(tmp_path / "postal"))

    def run(*args: str, code: int = 0) -> Result:
        found = CliRunner().invoke(main, list(args))
        assert found.exit_code == code, found.output
        return found

    return run


async def a_letter(folder: Path) -> None:
    one = Postal(folder, now=lambda: 1_790_000_000.0)
    await one.send(Outgoing("a1", "Ann Lee\nLondon", Rendered("", "", "", template="hi"), "", customer="ann"))
    await one.close()


def test_letters_are_listed_and_put_into_one_batch(sillage: Run, tmp_path: Path) -> None:
    assert "no letter waits" in sillage("postal", "batch").stderr
    asyncio.run(a_letter(tmp_path / "postal"))
    assert "a1      hi      Ann Lee" in sillage("postal", "list").stdout
    made = sillage("postal", "batch").stdout
    assert "-001.csv and " in made and made.endswith("-001.jsonl: 1 letters\n")
    assert "no letter waits" in sillage("postal", "list").stderr


def test_without_a_folder_the_setting_is_named(sillage: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SILLAGE_POSTAL", str(tmp_path / "none"))
    assert "set SILLAGE_POSTAL" in sillage("postal", "batch", code=1).stderr
    assert "set SILLAGE_POSTAL" in sillage("postal", "list", code=1).stderr
    monkeypatch.setenv("SILLAGE_POSTAL", "")
    assert "SILLAGE_POSTAL: is not set" in sillage("postal", "batch", code=1).stderr


async def put(settings: Settings) -> None:
    inbox = inbox_of(settings)
    for id_ in ("a1", "a2"):
        await inbox.put("c42", Item(id_, f"Title of {id_}\x1b[2J", "Body", at=1_790_000_000_000), most=9, kept_ms=9999)
    await inbox.close()


def test_an_inbox_is_shown_read_and_taken_from(
    sillage: Run, redis_url: str, prefix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SILLAGE_REDIS", redis_url)
    monkeypatch.setenv("SILLAGE_PREFIX", prefix)
    assert "nothing lies there" in sillage("inbox", "c42").stderr
    asyncio.run(put(Settings()))
    sillage("inbox", "c42", "--read", "a1")
    shown = sillage("inbox", "c42", "--dismiss", "a2").stdout
    assert "Title of a1" in shown and "a2" not in shown and "\x1b" not in shown
    [line] = sillage("inbox", "c42", "--json").stdout.splitlines()
    assert json.loads(line)["read_at"] > 1_790_000_000_000
    assert "has no such message" in sillage("inbox", "c42", "--dismiss", "a2", code=1).stderr
    monkeypatch.setenv("SILLAGE_REDIS", "redis://127.0.0.1:1/0")
    assert "see SILLAGE_REDIS" in sillage("inbox", "c42", code=1).stderr


async def test_what_lies_there_is_taken_away_or_it_is_said_where_it_is_not(
    redis_url: str, prefix: str, tmp_path: Path
) -> None:
    folder = tmp_path / "postal"
    folder.mkdir()
    await a_letter(folder)
    settings = Settings(redis=redis_url, prefix=prefix, postal=str(folder))
    await put(settings)
    assert [each.empty async for each in taken_away(settings, "ann")] == [True, True]
    assert not list((folder / "letters").iterdir())
    away = settings.model_copy(update={"redis": "redis://127.0.0.1:1/0", "postal": str(tmp_path / "none")})
    found = [each async for each in taken_away(away, "ann")]
    assert [(each.place, each.empty) for each in found] == [("inbox", False), ("letters", False)]
    assert "SILLAGE_REDIS" in found[0].seen and "SILLAGE_POSTAL" in found[1].seen

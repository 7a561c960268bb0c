"""The long tail through apprise: one named endpoint, a time limit, and a no that is unknown."""

import asyncio
import json
import threading
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web
from board import HANG, Board
from waiting import until

from channels.accounts import AccountError
from channels.apprise import Apprise, _texts, apprise_channel
from channels.channel import Away, Outgoing, Permanent, Unknown
from journeys.messages.render import Rendered


@pytest.fixture
def board() -> Iterator[Board]:
    with Board() as found:
        yield found


@asynccontextmanager
async def channel(board: Board, folder: Path, seconds: float = 5.0, **changed: object) -> AsyncIterator[Apprise]:
    one = apprise_channel(board.write(folder / "apprise.json", seconds, **changed))
    try:
        yield one
    finally:
        await one.close()


def outgoing(title: str = "Stock", text: str = "Umbrellas <b> & é", to: str = "ops") -> Outgoing:
    return Outgoing("a1", to, Rendered(title, text, ""), "S <s@x.example>")


async def test_it_says_what_was_written_and_blocks_nobody(board: Board, tmp_path: Path) -> None:
    async with channel(board, tmp_path) as one:
        await one.send(outgoing("Stock\r\nX: y", "Umbrellas <b> & é\r\n\x00{{ 1 }} %s\ud800"))
    [note] = board.notes
    assert (note["title"], note["message"]) == ("Stock X: y", "Umbrellas <b> & é\n {{ 1 }} %s�")


@pytest.mark.parametrize("status", [400, 401, 404, 429, 500, 503])
async def test_a_no_may_have_left(board: Board, tmp_path: Path, status: int) -> None:
    board.answer = status
    async with channel(board, tmp_path) as one:
        with pytest.raises(Unknown, match="apprise_failed"):
            await one.send(outgoing())
        board.answer = 200
        await one.send(outgoing())
    assert len(board.notes) == 1


async def test_one_that_leads_elsewhere_is_not_followed(tmp_path: Path) -> None:
    class Elsewhere(Board):
        def _routes(self) -> Iterable[web.RouteDef]:
            return [web.post("/", self._lead), web.get("/portal", self._portal)]

        async def _lead(self, request: web.Request) -> web.Response:
            raise web.HTTPFound("/portal")

        async def _portal(self, request: web.Request) -> web.Response:
            return web.Response(text="Please log in")

    with Elsewhere() as board:
        one = apprise_channel(board.write(tmp_path / "apprise.json"))
        with pytest.raises(Unknown, match="apprise_failed"):
            await one.send(outgoing())


async def test_one_that_hangs_is_left_and_not_called_again_before_it_is_over(board: Board, tmp_path: Path) -> None:
    board.answer = HANG
    async with channel(board, tmp_path, 0.2, rto=60) as one:
        with pytest.raises(Unknown, match="apprise_no_answer"):
            await one.send(outgoing())
        with pytest.raises(Away, match="apprise_busy"):
            await one.send(outgoing())
        assert under_way()
        board.stop()
        await until(lambda: not under_way())
        board.answer = 200
        board.start()
        await until(lambda: taken(one))
    assert board.notes


def under_way() -> bool:
    return any(each.name == "apprise" for each in threading.enumerate())


async def taken(one: Apprise) -> bool:
    """Whether the board took it in its time, which is short here and may be too short for a slow machine."""
    try:
        await one.send(outgoing())
    except (Unknown, Away):
        return False
    return True


async def test_a_hanging_call_holds_no_other_endpoint_and_no_loop(board: Board, tmp_path: Path) -> None:
    with Board() as other:
        path, urls = tmp_path / "apprise.json", {"ops": board.url(rto=1), "shop": other.url()}
        path.write_text(json.dumps({name: {"url": url, "timeout_seconds": 5} for name, url in urls.items()}))
        board.answer, one = HANG, apprise_channel(path)
        hanging = asyncio.create_task(one.send(outgoing()))
        await asyncio.sleep(0)
        await one.send(outgoing(to="shop"))
        assert not hanging.done()
        with pytest.raises(Unknown):
            await hanging
    assert len(other.notes) == 1


async def test_what_is_nobody_or_nothing_is_refused(board: Board, tmp_path: Path) -> None:
    async with channel(board, tmp_path) as one:
        for given, code in ((outgoing(to="nobody"), "unknown_endpoint"), (outgoing(text=" \r\n\x00"), "empty")):
            with pytest.raises(Permanent, match=f"apprise_{code}"):
                await one.send(given)
    assert not board.notes


def test_what_the_service_would_cut_is_refused_but_where_its_url_says_to_split(tmp_path: Path) -> None:
    """Telegram has no title of its own, and takes 4,096 characters; a pager has one line of them."""

    def service(url: str) -> object:
        path = tmp_path / "apprise.json"
        path.write_text(json.dumps({"ops": {"url": url}}))
        return apprise_channel(path)._targets["ops"].service

    telegram, split = "tgram://123456789:abcdefg_hijklmnop/12315544/", "?overflow=split"
    assert _texts(outgoing("ab", "c" * 4092), service(telegram)) == ("ab", "c" * 4092)  # type: ignore[arg-type]
    with pytest.raises(Permanent, match="apprise_too_long"):
        _texts(outgoing("ab", "c" * 4093), service(telegram))  # type: ignore[arg-type]
    assert _texts(outgoing("ab", "c" * 9000), service(telegram + split))  # type: ignore[arg-type]
    with pytest.raises(Permanent, match="apprise_too_long"):
        _texts(outgoing("t" * 251, "c"), service("json://127.0.0.1"))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("{", "no JSON"),
        ('{"ops": {"url": "nope://hunter2"}}', "ops: url is none"),
        ('{"ops": {"url": ""}}', "ops: url is none"),
        ('{"ops": "json://hunter2"}', "Expected `object`"),
        ('{"ops": {"url": "json://a", "timeout_seconds": 0}}', "above 0"),
    ],
)
def test_endpoints_that_cannot_be_used_are_named_without_their_urls(tmp_path: Path, content: str, told: str) -> None:
    path = tmp_path / "apprise.json"
    path.write_text(content)
    with pytest.raises(AccountError, match=rf"SILLAGE_APPRISE .*{told}") as raised:
        apprise_channel(path)
    assert "hunter2" not in str(raised.value)

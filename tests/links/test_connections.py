"""The open connections of `sillage serve`, over real sockets: slow clients are cut off, and keep nobody else out."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from onelife import Life, journey_of
from published import Published
from waiting import turns, until

from streams.links.connections import BOUNDS, Bounds
from streams.links.server import Server
from streams.links.tokens import UNSUBSCRIBE, Keys, Subject
from streams.loop import loop_factory
from streams.settings import Settings

KEYS = Keys({"2026": "k" * 32})
PATIENT = Bounds(connections=2, ask_seconds=600.0, hand_seconds=600.0, take_seconds=600.0)
LIVE = b"GET /live HTTP/1.1\r\nHost: x\r\n\r\n"
SLOW = b"GET /live HTTP/1.1\r\nX-Slow: "
LARGE = 32 << 20
BODY = 3 << 20


class Place(Published):
    """A server that listens, and what was counted of it."""

    def __init__(self) -> None:
        super().__init__()
        self.counted: list[tuple[str, int]] = []
        self.go = asyncio.Event()
        self.server: Server

    async def open(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_connection("127.0.0.1", self.server.port)

    async def ask(self, asked: bytes = LIVE) -> bytes:
        """What one connection hears, which is closed then; empty where it is cut off."""
        reader, writer = await self.open()
        writer.write(asked)
        try:
            return await head(reader)
        finally:
            writer.close()

    async def late(self, _request: web.Request) -> web.Response:
        await self.go.wait()
        return web.Response()

    async def is_served(self) -> bool:
        return (await self.ask()).startswith(b"HTTP/1.1 200")


async def head(reader: asyncio.StreamReader) -> bytes:
    with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
        return await reader.readuntil(b"\r\n\r\n")
    return b""


async def is_cut(reader: asyncio.StreamReader) -> None:
    """Returns when the server has closed the connection."""
    with contextlib.suppress(ConnectionError):
        while await reader.read(65_536):
            pass


async def _large(_request: web.Request) -> web.Response:
    return web.Response(body=b"x" * LARGE)


async def _unread(_request: web.Request) -> web.Response:
    return web.Response(text="done")


async def _whole(request: web.Request) -> web.Response:
    return web.Response(text=str(sum([len(part) async for part in request.content.iter_any()])))


@asynccontextmanager
async def opened(bounds: Bounds) -> AsyncIterator[Place]:
    place, catalog = Place(), Life(journey_of(steps=[{"send": "hello", "channel": "email"}])).catalog
    routes = [
        web.get("/late", place.late), web.get("/large", _large), web.post("/unread", _unread),
        web.post("/whole", _whole),
    ]  # fmt: skip
    place.server = Server(
        Settings(serve_port=0, serve_host="127.0.0.1"), KEYS, place.publish, lambda: catalog, lambda: 1_700_000_000_000,
        others=routes, answered=lambda route, status, _seconds: place.counted.append((route, status)), bounds=bounds,
    )  # fmt: skip
    await place.server.start()
    try:
        yield place
    finally:
        place.go.set()
        await place.server.stop()


async def test_a_head_that_trickles_in_is_cut_off() -> None:
    async with opened(PATIENT._replace(ask_seconds=0.5)) as place:
        for before in (b"", LIVE):
            told = b""
            while not told.startswith(b"HTTP/1.1 200"):
                reader, writer = await place.open()
                writer.write(before)
                told = await head(reader) if before else b"HTTP/1.1 200"
            cut = asyncio.create_task(is_cut(reader))
            writer.write(SLOW)
            while not cut.done():
                writer.write(b"x")
                await asyncio.wait([cut], timeout=0.05)
            writer.close()


async def test_a_head_that_does_not_end_is_cut_off_and_a_long_body_is_none() -> None:
    async with opened(PATIENT._replace(head_bytes=2_000)) as place:
        reader, writer = await place.open()
        cut = asyncio.create_task(is_cut(reader))
        writer.write(b"GET /live HTTP/1.1\r\nHost: x\r\n")
        for number in range(60):
            writer.write(b"X-%d: %s\r\n" % (number, b"x" * 100))
            await asyncio.wait([cut], timeout=0.01)
            if cut.done():
                break
        await asyncio.wait_for(cut, 30)
        writer.close()
        reader, writer = await place.open()
        path = f"/u/{KEYS.seal(UNSUBSCRIBE, Subject('ann', 'offers', 'email'))}"
        body = b"a=" + b"x" * 9_998
        for _ in range(2):
            writer.write(b"POST %s HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n" % (path.encode(), len(body)))
            writer.write(b"Content-Type: application/x-www-form-urlencoded\r\n\r\n")
            for start in range(0, len(body), 500):
                writer.write(body[start : start + 500])
                await turns(5)
            told = await head(reader)
            assert told.startswith(b"HTTP/1.1 200") and b"close" not in told.lower()
            length = int(told.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
            await reader.readexactly(length)
        writer.close()


async def test_a_large_body_that_comes_at_once_with_its_head_is_taken_also_behind_another() -> None:
    async with opened(PATIENT) as place:
        reader, writer = await place.open()
        writer.write((b"POST /whole HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % BODY + b"x" * BODY) * 3)
        for _ in range(3):
            assert (await head(reader)).startswith(b"HTTP/1.1 200")
            assert await reader.readexactly(len(str(BODY))) == str(BODY).encode()
        writer.close()


async def test_what_is_not_answered_and_what_is_not_taken_is_cut_off() -> None:
    async with opened(PATIENT._replace(hand_seconds=0.5, take_seconds=0.5)) as place:
        reader, writer = await place.open()
        writer.write(b"GET /late HTTP/1.1\r\nHost: x\r\n\r\n")
        await asyncio.wait_for(is_cut(reader), 30)
        writer.close()
        with socket.create_connection(("127.0.0.1", place.server.port)) as deaf:
            deaf.sendall(b"GET /large HTTP/1.1\r\nHost: x\r\n\r\n")
            await until(lambda: ("/large", 200) in place.counted)
            await until(lambda: place.server.open_connections == 0)


async def test_an_answer_to_a_request_that_is_not_read_whole_is_the_last() -> None:
    async with opened(PATIENT) as place:
        reader, writer = await place.open()
        writer.write(b"POST /unread HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n")
        told = await head(reader)
        assert told.startswith(b"HTTP/1.1 200") and b"connection: close" in told.lower()
        writer.write(b"x" * 100)
        await asyncio.wait_for(is_cut(reader), 30)
        writer.close()


async def test_where_no_more_may_be_open_who_comes_hears_when_to_come_again_and_then_is_served() -> None:
    async with opened(PATIENT) as place:
        held = [await place.open() for _ in range(2)]
        for _, writer in held:
            writer.write(SLOW)
        await until(lambda: place.server.open_connections == 2)
        told = await place.ask()
        assert told.startswith(b"HTTP/1.1 503") and b"Retry-After: 5" in told
        assert place.counted == [("full", 503)]
        # A client of HTTP understands it too.
        async with aiohttp.ClientSession() as client, client.get(f"http://127.0.0.1:{place.server.port}/x") as answer:
            assert (answer.status, answer.headers["Retry-After"]) == (503, "5")
        held[0][1].close()
        await until(place.is_served)
        held[1][1].close()


async def test_who_was_answered_and_asks_nothing_more_makes_room() -> None:
    async with opened(PATIENT) as place:
        held = [await place.open() for _ in range(2)]
        for reader, writer in held:
            writer.write(LIVE)
            assert b"200" in await head(reader)
        await until(place.is_served)
        # The one that was answered first went.
        await asyncio.wait_for(is_cut(held[0][0]), 30)
        assert not held[1][0].at_eof()
        for _, writer in held:
            writer.close()


async def test_many_slow_ones_keep_no_more_open_than_may_be_and_are_gone_when_it_stops() -> None:
    async with opened(PATIENT._replace(connections=50)) as place:
        slow = [await place.open() for _ in range(200)]
        for _, writer in slow:
            writer.write(SLOW)
        await until(lambda: place.counted.count(("full", 503)) == 150)
        assert place.server.open_connections == 50
    for reader, writer in slow:
        await asyncio.wait_for(is_cut(reader), 30)
        writer.close()


@pytest.mark.parametrize(
    "behaviour",
    [
        test_a_head_that_trickles_in_is_cut_off,
        test_a_head_that_does_not_end_is_cut_off_and_a_long_body_is_none,
        test_a_large_body_that_comes_at_once_with_its_head_is_taken_also_behind_another,
        test_what_is_not_answered_and_what_is_not_taken_is_cut_off,
        test_where_no_more_may_be_open_who_comes_hears_when_to_come_again_and_then_is_served,
        test_who_was_answered_and_asks_nothing_more_makes_room,
        test_many_slow_ones_keep_no_more_open_than_may_be_and_are_gone_when_it_stops,
    ],
)
def test_the_loop_that_the_process_has_does_the_same(behaviour: Callable[[], Coroutine[Any, Any, None]]) -> None:
    with asyncio.Runner(loop_factory=loop_factory()) as runner:
        runner.run(behaviour())


def test_the_bounds_of_a_process_hold_less_than_its_memory() -> None:
    # What has come of a head, and what one more look brings (asyncio reads 256 KiB at a time).
    assert BOUNDS.connections * (BOUNDS.head_bytes + (256 << 10)) < 150 << 20

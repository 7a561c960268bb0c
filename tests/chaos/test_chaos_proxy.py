"""The proxy before a server that answers frames as a broker does: it passes, delays, holds, cuts and tells."""

import asyncio
import struct
from collections.abc import AsyncIterator

import pytest
from chaos.proxy import COMMIT, PRODUCE, SESSION, Proxy
from waiting import until

from local.ports import free_port

FETCH = 1


class Broker:
    """Keeps the requests that it gets, and answers each with its correlation id."""

    def __init__(self) -> None:
        self.requests: list[bytes] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                (size,) = struct.unpack(">i", await reader.readexactly(4))
                request = await reader.readexactly(size)
                self.requests.append(request[8:])
                writer.write(struct.pack(">i", 4) + request[4:8])
        except asyncio.IncompleteReadError:
            writer.close()


class Client:
    """One connection that asks and awaits answers."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer
        self._asked = 0

    def send(self, api: int, body: bytes) -> None:
        self._asked += 1
        frame = struct.pack(">hhi", api, 9, self._asked) + body
        self.writer.write(struct.pack(">i", len(frame)) + frame)

    async def ask(self, api: int, body: bytes) -> int:
        self.send(api, body)
        return await self.answer()

    async def answer(self) -> int:
        async with asyncio.timeout(5):
            return int(struct.unpack(">ii", await self.reader.readexactly(8))[1])

    async def ended(self) -> bool:
        try:
            async with asyncio.timeout(5):
                return await self.reader.read() == b""
        except ConnectionError:
            return True


@pytest.fixture
async def broker() -> AsyncIterator[tuple[Broker, int]]:
    found, port = Broker(), free_port()
    async with await asyncio.start_server(found.serve, "127.0.0.1", port):
        yield found, port


@pytest.fixture
async def proxy(broker: tuple[Broker, int]) -> AsyncIterator[Proxy]:
    found = Proxy(free_port(), broker[1])
    await found.start()
    yield found
    await found.stop()


async def connect(proxy: Proxy) -> Client:
    return Client(*await asyncio.open_connection("127.0.0.1", proxy.port))


async def test_frames_pass_both_ways_in_order(broker: tuple[Broker, int], proxy: Proxy) -> None:
    client = await connect(proxy)
    assert [await client.ask(FETCH, b"%d" % number) for number in range(3)] == [1, 2, 3]
    big = b"x" * 3_000_000
    assert await client.ask(PRODUCE, big) == 4
    assert broker[0].requests == [b"0", b"1", b"2", big]


async def test_a_delay_is_felt_and_ends(proxy: Proxy) -> None:
    client, loop = await connect(proxy), asyncio.get_running_loop()
    proxy.delay_seconds = 0.1
    begun_at = loop.time()
    await client.ask(FETCH, b"")
    assert loop.time() - begun_at >= 0.2
    proxy.delay_seconds = 0.0
    await client.ask(FETCH, b"")


async def test_a_held_write_reaches_the_broker_after_its_client_has_gone(
    broker: tuple[Broker, int], proxy: Proxy
) -> None:
    old, new = await connect(proxy), await connect(proxy)
    proxy.hold("p.state")
    old.send(PRODUCE, b"..p.state..old")
    await until(lambda: proxy.held == 1)
    assert await new.ask(FETCH, b"p.state fetch") == 1
    assert await new.ask(PRODUCE, b"p.actions") == 2
    proxy.admit()
    assert await new.ask(PRODUCE, b"p.state new") == 3
    old.writer.close()
    proxy.cut()
    assert broker[0].requests == [b"p.state fetch", b"p.actions", b"p.state new"]
    proxy.let_through()
    await until(lambda: broker[0].requests[-1] == b"..p.state..old")
    assert proxy.held == 0


async def test_what_was_cut_ends_for_both_and_new_connections_may_be_refused(proxy: Proxy) -> None:
    client = await connect(proxy)
    await client.ask(FETCH, b"")
    proxy.cut()
    assert await client.ended()
    proxy.refusing = True
    assert await (await connect(proxy)).ended()
    proxy.refusing = False
    assert await (await connect(proxy)).ask(FETCH, b"") == 1


async def test_a_broker_that_is_away_ends_its_clients(proxy: Proxy) -> None:
    proxy.upstream = free_port()
    assert await (await connect(proxy)).ended()


async def test_moments_are_told_once_and_in_their_place(broker: tuple[Broker, int], proxy: Proxy) -> None:
    client = await connect(proxy)
    told: list[tuple[str, int]] = []

    def tells(moment: str) -> None:
        told.append((moment, len(broker[0].requests)))

    proxy.once("committing", "", lambda: tells("committing"))
    await client.ask(PRODUCE, b"p.state")
    await client.ask(COMMIT, b"")
    await client.ask(COMMIT, b"")
    assert told == [("committing", 1)]
    proxy.once("sent", "p.state", lambda: tells("sent"))
    await client.ask(PRODUCE, b"p.decisions")
    await client.ask(PRODUCE, b"p.state")
    assert told[1:] == [("sent", 4)]
    proxy.once("acknowledged", "p.state", lambda: tells("acknowledged"))
    await client.ask(PRODUCE, b"p.state")
    assert told[2:] == [("acknowledged", 6)]
    proxy.once("session", "", lambda: tells("session"))
    await client.ask(SESSION, b"")
    assert told[3][0] == "session"
    proxy.once("session", "", lambda: tells("never"))
    proxy.forget()
    await client.ask(SESSION, b"")
    assert len(told) == 4

"""A TCP proxy before the broker that reads Kafka's frames: it delays, cuts, holds requests, and tells what passes."""

import asyncio
import struct
from collections.abc import Callable
from contextlib import suppress
from typing import Literal

from waiting import lasting

PRODUCE, COMMIT, SESSION = 0, 8, 22
LATE_SECONDS = 2.0
_REQUEST = struct.Struct(">hhi")
_SIZE = struct.Struct(">i")

Moment = Literal["sent", "acknowledged", "committing", "session"]
"""A write of the topic watched went to the broker; its answer went to the client; a commit of positions is about to go
to the broker; a new producer session begins."""


class Proxy:
    """Listens on `port` of 127.0.0.1 for clients of the broker at the port `upstream`, which may be told later."""

    def __init__(self, port: int, upstream: int = 0) -> None:
        self.port = port
        self.upstream = upstream
        self.delay_seconds = 0.0
        self.refusing = False
        self.held = 0
        self._holding: bytes = b""
        self._gate = asyncio.Event()
        self._watched: tuple[Moment, bytes, Callable[[], None]] | None = None
        self._links: set[_Link] = set()
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        """Begins to listen."""
        self._server = await asyncio.start_server(self._connected, "127.0.0.1", self.port)

    async def stop(self) -> None:
        """Cuts all and listens no more."""
        if self._server is not None:
            self._server.close()
        self._gate.set()
        tasks = [task for link in self._links for task in link.tasks]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def once(self, moment: Moment, topic: str, act: Callable[[], None]) -> None:
        """Calls `act` the next time that this happens, before anything else passes on that connection."""
        self._watched = (moment, topic.encode(), act)

    def forget(self) -> None:
        """Watches for nothing any more."""
        self._watched = None

    def hold(self, topic: str) -> None:
        """Writes to this topic, and what follows them on their connections, stay here from now on."""
        self._holding, self._gate = topic.encode(), asyncio.Event()

    def admit(self) -> None:
        """New writes pass again; those held stay."""
        self._holding = b""

    def let_through(self) -> None:
        """Those held go to the broker, also where their client has gone away long since."""
        self._holding = b""
        self._gate.set()

    def cut(self) -> None:
        """Drops all connections, but for those on which a request is held."""
        for link in list(self._links):
            link.cut()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.refusing:
            writer.transport.abort()
            return
        try:
            broker = await asyncio.open_connection("127.0.0.1", self.upstream)
        except OSError:
            writer.transport.abort()
            return
        link = _Link(self, (reader, writer), broker)
        self._links.add(link)
        await link.run()
        self._links.discard(link)

    async def at_the_gate(self, frame: bytes) -> bool:
        """Waits as long as this request is held; gives whether it was."""
        if not (self._holding and _api(frame) == PRODUCE and self._holding in frame):
            return False
        self.held += 1
        try:
            await self._gate.wait()
        finally:
            self.held -= 1
        return True

    def about(self, frame: bytes) -> Moment | None:
        """Which moments the request concerns: `sent` stands for the answer to it too."""
        if self._watched is None:
            return None
        moment, topic, _ = self._watched
        api = _api(frame)
        if api == PRODUCE and moment in ("sent", "acknowledged") and topic in frame:
            return "sent"
        if api == COMMIT and moment == "committing":
            return "committing"
        return "session" if api == SESSION and moment == "session" else None

    def reached(self, moment: Moment) -> None:
        """Tells whoever watches for this moment."""
        if self._watched is not None and self._watched[0] == moment:
            act = self._watched[2]
            self._watched = None
            act()


class _Link:
    """One connection of a client, and its own to the broker."""

    def __init__(
        self,
        proxy: Proxy,
        client: tuple[asyncio.StreamReader, asyncio.StreamWriter],
        broker: tuple[asyncio.StreamReader, asyncio.StreamWriter],
    ) -> None:
        self.tasks: list[asyncio.Task[None]] = []
        self._proxy = proxy
        self._from_client, self._to_client = client
        self._from_broker, self._to_broker = broker
        self._asked: set[int] = set()
        self._at_gate = False
        self._held = False

    async def run(self) -> None:
        """Passes frames both ways until either side has ended."""
        requests = asyncio.create_task(self._requests())
        answers = asyncio.create_task(self._answers())
        self.tasks = [requests, answers]
        try:
            await asyncio.wait(self.tasks, return_when=asyncio.FIRST_COMPLETED)
            if answers.done():
                # A client whose broker went away must see that, but what is held waits for its gate.
                self._to_client.transport.abort()
            if not requests.done() and self._at_gate:
                await asyncio.wait([requests])
            if not answers.done() and self._held:
                # The broker must have taken what was held before the connection ends.
                await asyncio.wait([answers], timeout=LATE_SECONDS)
        finally:
            for task in self.tasks:
                task.cancel()
            await asyncio.gather(*self.tasks, return_exceptions=True)
            self._to_client.transport.abort()
            self._to_broker.close()

    def cut(self) -> None:
        if not self._at_gate:
            self._to_client.transport.abort()
            self._to_broker.transport.abort()

    async def _requests(self) -> None:
        while (frame := await _frame(self._from_client)) is not None:
            self._at_gate = True
            self._held = await self._proxy.at_the_gate(frame) or self._held
            self._at_gate = False
            about = self._proxy.about(frame)
            if about in ("committing", "session"):
                self._proxy.reached(about)
            await self._late()
            if not await _pass(frame, self._to_broker):
                return
            if about == "sent":
                self._asked.add(_REQUEST.unpack_from(frame)[2])
                self._proxy.reached("sent")

    async def _answers(self) -> None:
        while (frame := await _frame(self._from_broker)) is not None:
            await self._late()
            await _pass(frame, self._to_client)
            correlation = _SIZE.unpack_from(frame)[0]
            if correlation in self._asked:
                self._asked.discard(correlation)
                self._proxy.reached("acknowledged")

    async def _late(self) -> None:
        if self._proxy.delay_seconds:
            await lasting(self._proxy.delay_seconds)


def _api(frame: bytes) -> int:
    return int(_REQUEST.unpack_from(frame)[0]) if len(frame) >= _REQUEST.size else -1


async def _frame(reader: asyncio.StreamReader) -> bytes | None:
    """The next frame without its size, None at the end."""
    with suppress(asyncio.IncompleteReadError, ConnectionError):
        (size,) = _SIZE.unpack(await reader.readexactly(_SIZE.size))
        return await reader.readexactly(size)
    return None


async def _pass(frame: bytes, writer: asyncio.StreamWriter) -> bool:
    """Writes one frame; gives whether the other side still takes it."""
    with suppress(ConnectionError):
        writer.write(_SIZE.pack(len(frame)) + frame)
        await writer.drain()
        return True
    return False

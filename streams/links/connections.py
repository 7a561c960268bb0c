"""The open connections of `sillage serve`: how many there are, and how long each may take to ask and to be answered."""

import asyncio
import logging
from collections.abc import Callable
from typing import Any, NamedTuple, cast

from aiohttp import web

GRACE_SECONDS = 1.0
"""How long after its answer a connection that asks nothing more is left, also where another one needs the room."""
RETRY_AFTER_SECONDS = 5
_FULL = (
    f"HTTP/1.1 503 Service Unavailable\r\nRetry-After: {RETRY_AFTER_SECONDS}\r\n"
    "Content-Length: 0\r\nConnection: close\r\n\r\n"
).encode()

log = logging.getLogger("sillage.serve")


class Bounds(NamedTuple):
    """Of one process: connections that are open, and of each the bytes of a head and the seconds of its parts.

    `ask_seconds` are those to the end of a head, and between requests; `hand_seconds` those in which a request is
    answered; `take_seconds` those in which an answer is taken, and the next request asked.
    """

    connections: int = 500
    head_bytes: int = 32 << 10
    ask_seconds: float = 15.0
    hand_seconds: float = 60.0
    take_seconds: float = 30.0


BOUNDS = Bounds()


class Connections:
    """Makes what answers each connection of `server`, and cuts off those that take too long.

    Where no more may be open, the one that has asked nothing for longest goes, of those that were answered. Where there
    is none, who comes hears 503 with Retry-After; `on_full` hears of each.
    """

    def __init__(self, server: web.Server, bounds: Bounds, on_full: Callable[[], None]) -> None:
        self.bounds = bounds
        self._server = server
        self._on_full = on_full
        self._open: set[Connection] = set()
        self._idle: dict[Connection, float] = {}
        self._refusing: set[_Refusal] = set()
        self._refused = 0
        self._loop = asyncio.get_running_loop()
        self._sweep_seconds = min(1.0, bounds.ask_seconds / 4)
        self._sweeping = self._loop.call_later(self._sweep_seconds, self._sweep)

    def __call__(self) -> asyncio.Protocol:
        """What answers one more connection."""
        return Connection(self, self._server, self._loop)

    def __len__(self) -> int:
        return len(self._open)

    def close(self) -> None:
        """Cuts off those that are refused, and looks after the others no more."""
        self._sweeping.cancel()
        for refusal in list(self._refusing):
            refusal.cut()

    def admit(self, one: "Connection") -> bool:
        """Whether it may stay."""
        if len(self._open) >= self.bounds.connections:
            longest, since = next(iter(self._idle.items()), (None, 0.0))
            if longest is None or self._loop.time() - since < GRACE_SECONDS:
                return False
            self.forget(longest)
            longest.cut()
        self._open.add(one)
        return True

    def refuse(self, transport: asyncio.Transport) -> None:
        """Says so to whom there is no room for; where even those are many, they hear nothing."""
        self._refused += 1
        self._on_full()
        if len(self._refusing) >= self.bounds.connections:
            transport.abort()
            return
        refusal = _Refusal(transport, self._refusing, self._loop)
        transport.set_protocol(refusal)

    def asks(self, one: "Connection") -> None:
        """Its request is in hand."""
        self._idle.pop(one, None)

    def is_answered(self, one: "Connection") -> None:
        """Its request is answered."""
        if one in self._open:
            self._idle[one] = self._loop.time()

    def forget(self, one: "Connection") -> None:
        """It is closed."""
        self._open.discard(one)
        self._idle.pop(one, None)

    def _sweep(self) -> None:
        now = self._loop.time()
        for one in [one for one in self._open if one.until < now]:
            one.cut()
        if self._refused:
            log.warning("%d connections were refused, since %d are open", self._refused, len(self._open))
            self._refused = 0
        self._sweeping = self._loop.call_later(self._sweep_seconds, self._sweep)


class Connection(web.RequestHandler):
    """One connection. Whoever handles its requests tells of them by `began` and `answered`."""

    def __init__(self, among: Connections, server: web.Server, loop: asyncio.AbstractEventLoop) -> None:
        # The access log would hold the tokens.
        silent: dict[str, Any] = {"access_log": None}
        super().__init__(server, loop=loop, keepalive_timeout=among.bounds.ask_seconds, **silent)
        self._among = among
        self._clock = loop.time
        self._socket: asyncio.Transport | None = None
        self._head_bytes: int | None = 0
        self.until = float("inf")

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """It stays, or is refused."""
        # Those of uvloop are asyncio's by what they do, and not by type.
        socket = cast(asyncio.Transport, transport)
        if not self._among.admit(self):
            self._among.refuse(socket)
            return
        self._socket = socket
        self.until = self._clock() + self._among.bounds.ask_seconds
        super().connection_made(transport)

    def connection_lost(self, exc: BaseException | None) -> None:
        """It counts no more."""
        self._among.forget(self)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """What belongs to no request yet is a head, and bounded."""
        if self._head_bytes is not None:
            if self._head_bytes > self._among.bounds.head_bytes:
                self.cut()
                return
            self._head_bytes += len(data)
        super().data_received(data)
        if self._messages:
            # A head is whole, and its request waits: its body may follow before anybody has it in hand.
            self._head_bytes = None

    def began(self) -> None:
        """A request is in hand."""
        self._head_bytes = None
        self.until = self._clock() + self._among.bounds.hand_seconds
        self._among.asks(self)

    def answered(self, *, whole: bool) -> None:
        """The answer is there, and `whole` where the request had come to its end."""
        self._head_bytes = 0 if whole and not self._messages else None
        self.until = self._clock() + self._among.bounds.take_seconds
        self._among.is_answered(self)

    def cut(self) -> None:
        """Closes it at once, whatever it still says or takes."""
        if self._socket is not None:
            self._socket.abort()


class _Refusal(asyncio.Protocol):
    """Hears what is asked, and says that there is no room; then the connection is cut off, heard or not."""

    def __init__(self, transport: asyncio.Transport, among: "set[_Refusal]", loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        self._among = among
        self._said = False
        among.add(self)
        loop.call_later(GRACE_SECONDS, self.cut)

    def data_received(self, _data: bytes) -> None:
        """Reads on what was on its way, since an answer is lost where that is not read."""
        if not self._said:
            self._said = True
            self._transport.write(_FULL)

    def connection_lost(self, _exc: BaseException | None) -> None:
        """It counts no more."""
        self._among.discard(self)

    def cut(self) -> None:
        """Closes it at once."""
        self._transport.abort()

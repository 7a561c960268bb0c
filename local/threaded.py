"""Servers in threads of their own: what the mailbox, the push service and the receiver of webhooks have in common."""

import asyncio
import threading
from collections.abc import Awaitable, Callable, Iterable
from concurrent.futures import Future
from typing import Self

from aiohttp import web

from local.ports import free_port

_START_SECONDS = 60.0

Close = Callable[[], Awaitable[object]]


class Threaded:
    """Serves on 127.0.0.1, in a thread and on a loop of its own: a context manager, or `start` and `stop`.

    It may be started again after `stop`, at the same port.
    """

    def __init__(self, port: int = 0) -> None:
        self.port = port or free_port()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Starts to listen, and returns when it does. Raises OSError when the port is taken."""
        listening: Future[None] = Future()
        self._thread = threading.Thread(target=self._run, args=(listening,), name=type(self).__name__, daemon=True)
        self._thread.start()
        listening.result(_START_SECONDS)

    def stop(self) -> None:
        """Closes all connections and stops listening; what came stays."""
        if self._thread is not None and self._loop is not None:
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()
            self._thread = None

    async def _listen(self) -> Close:
        """Begins to serve `port`; gives what ends it."""
        raise NotImplementedError

    def _run(self, listening: "Future[None]") -> None:
        self._loop = loop = asyncio.new_event_loop()
        asyncio.set_event_loop(loop)
        try:
            close = loop.run_until_complete(self._listen())
            listening.set_result(None)
            loop.run_forever()
            loop.run_until_complete(close())
        except OSError as problem:
            listening.set_exception(problem)
        finally:
            loop.close()


class ThreadedHttp(Threaded):
    """One that speaks HTTP, by the routes that `_routes` gives."""

    def _routes(self) -> Iterable[web.RouteDef]:
        raise NotImplementedError

    async def _listen(self) -> Close:
        app = web.Application()
        app.add_routes(self._routes())
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", self.port).start()
        return runner.cleanup

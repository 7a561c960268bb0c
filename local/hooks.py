"""A receiver of webhooks on this machine: verifies signatures, keeps what is new, drops an id that it had."""

import asyncio
import base64
import hmac
import json
import secrets
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aiohttp import web

from channels.webhook import SECRET_PREFIX, signed
from local.ports import free_port

HANG = 0
DROP = -1
_LATE_SECONDS = 300
_START_SECONDS = 10.0


@dataclass(frozen=True)
class Called:
    """One webhook as it was taken."""

    id: str
    type: str
    data: dict[str, Any]
    headers: dict[str, str]
    body: bytes


class Hooks:
    """Serves on 127.0.0.1 in a thread of its own: a context manager, or `start` and `stop`.

    `answer` is the status that it gives now; HANG for none until it stops, DROP to close the connection once the call
    was taken. A call is kept before it is answered; `repeats` counts those whose id it had already.
    """

    def __init__(self, on_call: Callable[[Called], None] | None = None) -> None:
        self.calls: list[Called] = []
        self.repeats = 0
        self.refused = 0
        self.answer = 200
        self.retry_after: int | None = None
        self.port = free_port()
        self.secret = SECRET_PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()
        self._on_call = on_call
        self._ids: set[str] = set()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.port}/hook"

    def write_endpoints(self, path: Path, name: str) -> Path:
        """Writes a file of endpoints with this one alone, for the owner's eyes only."""
        path.touch(mode=0o600)
        path.write_text(json.dumps({name: {"url": self.url, "secret": self.secret}}))
        return path

    def __enter__(self) -> "Hooks":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Starts to listen, and returns when it does. Raises OSError when the port is taken."""
        listening: Future[None] = Future()
        self._thread = threading.Thread(target=self._run, args=(listening,), name="hooks", daemon=True)
        self._thread.start()
        listening.result(_START_SECONDS)

    def stop(self) -> None:
        """Closes all connections and stops listening; the calls stay."""
        if self._thread is not None and self._loop is not None:
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()
            self._thread = None

    def _run(self, listening: "Future[None]") -> None:
        self._loop = loop = asyncio.new_event_loop()
        app = web.Application()
        app.add_routes([web.post("/hook", self._called)])
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        try:
            loop.run_until_complete(runner.setup())
            loop.run_until_complete(web.TCPSite(runner, "127.0.0.1", self.port).start())
            listening.set_result(None)
            loop.run_forever()
            loop.run_until_complete(runner.cleanup())
        except OSError as problem:
            listening.set_exception(problem)
        finally:
            loop.close()

    async def _called(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        if not self._sound(request, body):
            self.refused += 1
            return web.Response(status=401)
        if self.answer == HANG:
            await asyncio.Event().wait()
        headers = {"Retry-After": str(self.retry_after)} if self.retry_after is not None else {}
        if 300 <= self.answer < 400:
            headers["Location"] = self.url
        if self.answer >= 300:
            return web.Response(status=self.answer, headers=headers)
        self._keep(request, body)
        if self.answer == DROP and request.transport is not None:
            request.transport.abort()
        return web.Response(status=max(200, self.answer))

    def _sound(self, request: web.Request, body: bytes) -> bool:
        given = request.headers
        try:
            at = int(given["webhook-timestamp"])
            key = base64.b64decode(self.secret.removeprefix(SECRET_PREFIX))
            wanted = signed(key, given["webhook-id"], at, body)["webhook-signature"]
            return abs(time.time() - at) < _LATE_SECONDS and hmac.compare_digest(wanted, given["webhook-signature"])
        except (KeyError, ValueError):
            return False

    def _keep(self, request: web.Request, body: bytes) -> None:
        name = request.headers["webhook-id"]
        if name in self._ids:
            self.repeats += 1
            return
        self._ids.add(name)
        told = json.loads(body)
        call = Called(name, told["type"], told["data"], dict(request.headers), body)
        self.calls.append(call)
        if self._on_call is not None:
            self._on_call(call)

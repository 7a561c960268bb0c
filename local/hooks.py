"""A receiver of webhooks on this machine: verifies signatures, keeps what is new, drops an id that it had."""

import asyncio
import base64
import hmac
import json
import secrets
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aiohttp import web

from channels.webhook import SECRET_PREFIX, signed
from local.threaded import ThreadedHttp

HANG = 0
DROP = -1
_LATE_SECONDS = 300


@dataclass(frozen=True)
class Called:
    """One webhook as it was taken."""

    id: str
    type: str
    data: dict[str, Any]
    headers: dict[str, str]
    body: bytes


class Hooks(ThreadedHttp):
    """The receiver, of one endpoint.

    `answer` is the status that it gives now; HANG for none until it stops, DROP to close the connection once the call
    was taken. A call is kept before it is answered; `repeats` counts those whose id it had already.
    """

    def __init__(self) -> None:
        super().__init__()
        self.calls: list[Called] = []
        self.repeats = 0
        self.refused = 0
        self.answer = 200
        self.retry_after: int | None = None
        self.secret = SECRET_PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()
        self._ids: set[str] = set()

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.port}/hook"

    def write_endpoints(self, path: Path, name: str) -> Path:
        """Writes a file of endpoints with this one alone, for the owner's eyes only."""
        path.touch(mode=0o600)
        path.write_text(json.dumps({name: {"url": self.url, "secret": self.secret}}))
        return path

    def _routes(self) -> Iterable[web.RouteDef]:
        return [web.post("/hook", self._called)]

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
        self.calls.append(Called(name, told["type"], told["data"], dict(request.headers), body))

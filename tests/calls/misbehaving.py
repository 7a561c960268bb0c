"""A service over real HTTP that misbehaves as it is told: slow, failing, closing, endless, hanging."""

import asyncio
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web

Behaviour = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Service:
    """Answers each path as `script` says for it, the last behaviour for ever; `{"ok": true}` where it says nothing.

    `asked` are the requests by path; `keys` counts them by path and idempotency key; `most` is how many of a path were
    under way at a time.
    """

    def __init__(self) -> None:
        self.url = ""
        self.script: defaultdict[str, list[Behaviour]] = defaultdict(list)
        self.asked: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
        self.keys: Counter[tuple[str, str]] = Counter()
        self.most: Counter[str] = Counter()
        self._now: Counter[str] = Counter()

    async def answer(self, request: web.Request) -> web.StreamResponse:
        path = request.path
        body = await request.json() if request.can_read_body else None
        self.asked[path].append({"headers": dict(request.headers), "body": body, "query": dict(request.query)})
        self.keys[path, request.headers["Idempotency-Key"]] += 1
        self._now[path] += 1
        self.most[path] = max(self.most[path], self._now[path])
        steps = self.script[path]
        step = steps[0] if len(steps) == 1 else steps.pop(0) if steps else says({"ok": True})
        try:
            return await step(request)
        finally:
            self._now[path] -= 1


@asynccontextmanager
async def serving() -> AsyncIterator[Service]:
    """A service on a port of its own."""
    service = Service()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", service.answer)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    service.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield service
    finally:
        await runner.cleanup()


def says(body: Any, status: int = 200, **headers: str) -> Behaviour:
    """Answers with this JSON."""

    async def behave(_request: web.Request) -> web.StreamResponse:
        return web.json_response(body, status=status, headers=headers)

    return behave


def sends(body: bytes, status: int = 200, **headers: str) -> Behaviour:
    """Answers with these bytes."""

    async def behave(_request: web.Request) -> web.StreamResponse:
        return web.Response(body=body, status=status, headers=headers)

    return behave


async def hangs(_request: web.Request) -> web.StreamResponse:
    """Never answers."""
    await asyncio.Event().wait()
    raise AssertionError("unreachable")


async def closes(request: web.Request) -> web.StreamResponse:
    """Ends the connection without a word."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response()


async def breaks_off(request: web.Request) -> web.StreamResponse:
    """Promises more than it sends."""
    response = web.StreamResponse(headers={"Content-Length": "1000"})
    await response.prepare(request)
    await response.write(b'{"score": ')
    return await closes(request)


async def endless(request: web.Request) -> web.StreamResponse:
    """Sends and sends."""
    response = web.StreamResponse()
    await response.prepare(request)
    while True:
        await response.write(b" " * 65_536)


def after(turn: asyncio.Event, body: Any) -> Behaviour:
    """Answers once the event is set."""

    async def behave(_request: web.Request) -> web.StreamResponse:
        await turn.wait()
        return web.json_response(body)

    return behave

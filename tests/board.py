"""A board that apprise puts notes on, by its plain `json://`: what it can be told to answer, tests choose."""

import asyncio
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from aiohttp import web

from local.threaded import ThreadedHttp

HANG = 0


class Board(ThreadedHttp):
    """The board; `answer` is the status that it gives, HANG for none. What it takes is kept before it answers."""

    def __init__(self) -> None:
        super().__init__()
        self.notes: list[dict[str, Any]] = []
        self.answer = 200

    def url(self, **changed: object) -> str:
        """As apprise has it; `rto` and `cto` are its own time limits, for an answer and for a connection."""
        more = "&".join(f"{name}={value}" for name, value in {"rto": 10, "cto": 10, **changed}.items())
        return f"json://ann:hunter2secret@127.0.0.1:{self.port}/?{more}"

    def write(self, path: Path, timeout_seconds: float = 10.0, **changed: object) -> Path:
        """The file that SILLAGE_APPRISE names, with this one endpoint, `ops`."""
        path.write_text(json.dumps({"ops": {"url": self.url(**changed), "timeout_seconds": timeout_seconds}}))
        return path

    def _routes(self) -> Iterable[web.RouteDef]:
        return [web.post("/", self._take)]

    async def _take(self, request: web.Request) -> web.StreamResponse:
        note = json.loads(await request.read())
        if self.answer == HANG:
            await asyncio.Event().wait()
        if self.answer < 300:
            self.notes.append(note)
        return web.Response(status=self.answer)

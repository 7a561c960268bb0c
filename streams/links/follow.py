"""What people follow: links tracked and short, codes to scan and their pictures, the image that tells of an opening."""

import base64
import logging
from collections.abc import Callable, Iterable
from functools import partial
from hashlib import sha256
from typing import Any

import msgspec
from aiohttp import web

from streams.broker.publish import Out
from streams.links.answers import Answers
from streams.links.keeping import Publish, keep
from streams.links.machines import Machines, who
from streams.links.qr import FORMS, picture
from streams.links.shelf import Shelf, ShelfAway
from streams.links.tokens import CLICK, OPEN, SCAN, TRAP, Keys, Target
from streams.metrics.serving import Serving
from streams.settings import Settings
from streams.touchpoints.home import home

PATIENCE_SECONDS = 2.0
"""How long somebody who follows a link waits for Kafka; then they go on, and the click may be lost."""
_DOT = base64.b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")
_encode = msgspec.json.Encoder().encode

log = logging.getLogger("sillage.serve")


class Follow:
    """Answers `/c/TOKEN`, `/o/TOKEN`, `/s/CODE`, `/q/CODE`, and their pictures, as `/q/CODE.png` and `.svg`.

    A target is what was sealed, and never what is asked.
    """

    def __init__(
        self,
        settings: Settings,
        keys: Keys,
        shelf: Shelf,
        publish: Publish,
        clock: Callable[[], int],
        serving: Serving,
    ) -> None:
        self._settings = settings
        self._keys = keys
        self._shelf = shelf
        self._publish = publish
        self._clock = clock
        self._serving = serving
        self._machines = Machines()

    def routes(self) -> Iterable[web.RouteDef]:
        """What is answered where; GET answers HEAD as well."""
        return [
            web.get("/c/{token}", self._click),
            web.get("/o/{token}", self._open),
            web.get(f"/s/{{code}}.{{form:{'|'.join(FORMS)}}}", partial(self._picture, "s", CLICK)),
            web.get("/s/{code}", self._short),
            web.get(f"/q/{{code}}.{{form:{'|'.join(FORMS)}}}", partial(self._picture, "q", SCAN)),
            web.get("/q/{code}", self._scan),
        ]

    async def _click(self, request: web.Request) -> web.Response:
        token = request.match_info["token"]
        target = self._keys.read(CLICK, token, Target)
        if target is not None:
            return await self._lead(request, target)
        trapped = self._keys.read(TRAP, token, Target)
        if trapped is None:
            raise web.HTTPNotFound
        self._machines.trap(trapped.action, _who(request), self._clock())
        await self._tell(trapped, "clicked", "trap", {})
        return web.Response(status=204)

    async def _open(self, request: web.Request) -> web.Response:
        target = self._keys.read(OPEN, request.match_info["token"], Target)
        if target is None:
            raise web.HTTPNotFound
        await self._tell(target, "opened", self._why(request, target), {})
        return web.Response(body=_DOT, content_type="image/gif")

    async def _short(self, request: web.Request) -> web.Response:
        return await self._lead(request, await self._behind(request, CLICK))

    async def _scan(self, request: web.Request) -> web.Response:
        target = await self._behind(request, SCAN)
        more = {"letter": target.message, "code": request.match_info["code"]}
        await self._tell(target, "scanned", self._why(request, target), more)
        raise _led(target.url)

    async def _picture(self, path: str, purpose: str, request: web.Request) -> web.Response:
        """The code as a picture, of one that leads somewhere. Who looks at it has scanned nothing, and none is told."""
        await self._behind(request, purpose)
        code, form = request.match_info["code"], request.match_info["form"]
        url = f"{self._settings.links_url.rstrip('/')}/{path}/{code}"
        return web.Response(body=picture(url, form), content_type=FORMS[form])

    async def _behind(self, request: web.Request, purpose: str) -> Target:
        """Where a short code leads. Raises HTTPNotFound, HTTPServiceUnavailable."""
        code = request.match_info["code"]
        try:
            token = await self._shelf.code(code) if len(code) <= 32 and code.isalnum() else ""
        except ShelfAway as fault:
            log.warning("a short link cannot be looked up (%s)", fault)
            raise web.HTTPServiceUnavailable from fault
        target = self._keys.read(purpose, token, Target) if token else None
        if target is None:
            raise web.HTTPNotFound
        return target

    async def _lead(self, request: web.Request, target: Target) -> web.Response:
        together = self._machines.followed(target.action, _who(request), target.url, self._clock())
        await self._tell(target, "clicked", self._why(request, target) or together, {"link": target.url})
        raise _led(target.url)

    def _why(self, request: web.Request, target: Target) -> str:
        headers = {name.lower(): value for name, value in request.headers.items()}
        return self._machines.why(request.method, headers, target.at, self._clock())

    async def _tell(self, target: Target, what: str, machine: str, more: dict[str, Any]) -> None:
        """Says so once for each message and link: a repeat has the id of the first time."""
        self._serving.followed(what, machine)
        type_ = "message.fetched" if machine else "letter.scanned" if what == "scanned" else f"message.{what}"
        properties = {"action_id": target.action, "message": target.message, **more}
        if machine:
            properties |= {"machine": True, "what": what, "why": machine}
        name = "\n".join((target.action, type_, what, target.url))
        event = {
            "id": f"follow-{sha256(name.encode()).hexdigest()[:40]}", "type": type_, "customer": target.customer,
            "channel": target.channel, "occurred_at": self._clock(), "properties": properties,
        }  # fmt: skip
        names = self._settings.channel_names()
        topic = self._settings.topic(f"touchpoints.{target.channel if target.channel in names else names[0]}")
        records = [Out(target.customer.encode(), _encode(event))]
        try:
            await keep(
                self._publish,
                [Answers(topic, home(target.customer, self._settings.partitions), records)],
                PATIENCE_SECONDS,
            )
        except web.HTTPServiceUnavailable:
            # Whoever follows a link is not made to wait for us.
            self._serving.lost(what)


def _led(url: str) -> web.HTTPFound:
    return web.HTTPFound(url)


def _who(request: web.Request) -> str:
    forwarded = request.headers.get("X-Forwarded-For", "").partition(",")[0].strip()
    return who(forwarded or request.remote or "", request.headers.get("User-Agent", ""))

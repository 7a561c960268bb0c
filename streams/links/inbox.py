"""The app's inbox over HTTP: an app reads what lies there for one person, and says what was read or taken out."""

import logging
from collections.abc import Awaitable, Callable, Iterable
from functools import partial
from hashlib import sha256
from typing import Annotated, Protocol

import msgspec
from aiohttp import web
from redis.exceptions import RedisError

from channels.inapp import Item
from streams.broker.publish import Out
from streams.links.answers import Answers
from streams.links.apptokens import AppKeys, TokenRefused
from streams.links.keeping import Publish, keep
from streams.observing.logs import about
from streams.settings import Settings
from streams.touchpoints.home import home

CHANNEL = "inapp"
READ, DISMISSED = "message.opened", "message.dismissed"
MOST_ITEMS, FEWEST_ITEMS, ITEMS = 100, 1, 20
"""Messages of a page: at most, at least, and where nobody says."""
RETRY_AFTER_SECONDS = "5"
PROBLEM = "application/problem+json"
_LONGEST_ID = 200
_encode = msgspec.json.Encoder().encode
Handler = Callable[[web.Request, str], Awaitable[web.Response]]

log = logging.getLogger("sillage.serve")


class Page(msgspec.Struct):
    """A page of an inbox, the newest message first.

    `unread` counts the whole inbox; `next` is the `before` of the page behind this one, null on the last.
    """

    items: list[Item]
    unread: Annotated[int, msgspec.Meta(ge=0)]
    next: str | None


class Problem(msgspec.Struct):
    """Why something is not answered (RFC 9457): a code for programs, and the reason with its cure for people."""

    title: str
    status: int
    code: str
    detail: str


class Inboxes(Protocol):
    """What is needed of `channels.inapp.Inbox`, which says what each does."""

    async def items(self, customer: str, now: int) -> list[Item]: ...

    async def item(self, customer: str, id_: str) -> Item | None: ...

    async def read(self, customer: str, id_: str, now: int) -> bool: ...

    async def dismiss(self, customer: str, id_: str) -> bool: ...


class InboxDoor:
    """Answers `/inbox`, to whoever brings a token of the app's server, about the person whom the token names."""

    def __init__(
        self, settings: Settings, keys: AppKeys, inboxes: Inboxes, publish: Publish, clock: Callable[[], int]
    ) -> None:
        self._settings = settings
        self._keys = keys
        self._inboxes = inboxes
        self._publish = publish
        self._clock = clock
        self._origins = frozenset(settings.inbox_origin_names())

    def routes(self) -> Iterable[web.RouteDef]:
        """What is answered where; browsers ask by OPTIONS first, where their origins are known."""
        found = [
            web.get("/inbox", partial(self._answer, self._list)),
            web.post("/inbox/{id}/read", partial(self._answer, self._read)),
            web.post("/inbox/{id}/dismiss", partial(self._answer, self._dismiss)),
        ]
        asked = [web.options(path, self._allow) for path in ("/inbox", "/inbox/{id}/read", "/inbox/{id}/dismiss")]
        return [*found, *(asked if self._origins else [])]

    async def _answer(self, handler: Handler, request: web.Request) -> web.Response:
        """What a handler answers to who is known, else a problem; and what a browser wants to hear beside it."""
        try:
            customer = self._keys.customer(_token(request), self._clock())
            response = await handler(request, customer)
        except TokenRefused as refused:
            response = _problem(401, refused.code, str(refused))
            response.headers["WWW-Authenticate"] = "Bearer"
        except web.HTTPServiceUnavailable:
            response = _later("it could not be kept")
        except (RedisError, OSError) as fault:
            log.warning("an inbox cannot be looked at (%s)", type(fault).__name__)
            response = _later("the inbox cannot be looked at")
        return self._shared(request, response)

    async def _list(self, request: web.Request, customer: str) -> web.Response:
        limit, before = request.query.get("limit", str(ITEMS)), request.query.get("before", "")
        if not (limit.isascii() and limit.isdigit() and len(limit) < 4 and FEWEST_ITEMS <= int(limit) <= MOST_ITEMS):
            return _problem(400, "bad_limit", f"limit is no number from {FEWEST_ITEMS} to {MOST_ITEMS}; leave it away")
        place = _place(before)
        if before and place is None:
            return _problem(400, "bad_before", "before is not the `next` of a page; begin without it")
        items = await self._inboxes.items(customer, self._clock())
        body = _encode(_page(items, int(limit), place))
        tag = f'"{sha256(body).hexdigest()[:32]}"'
        if any(f'"{each.value}"' == tag for each in request.if_none_match or ()):
            return web.Response(status=304, headers={"ETag": tag})
        return web.Response(body=body, content_type="application/json", headers={"ETag": tag})

    async def _read(self, request: web.Request, customer: str) -> web.Response:
        """Journeys hear of it before the inbox does: said again after a fault, it is the same touchpoint."""
        item = await self._item(request, customer)
        if item is None:
            return _problem(404, "no_message", "the inbox has no such message; ask for the inbox again")
        if not item.read_at:
            await self._tell(customer, item.id, READ)
            await self._inboxes.read(customer, item.id, self._clock())
        return web.Response(status=204)

    async def _dismiss(self, request: web.Request, customer: str) -> web.Response:
        """What is not there is gone, whoever took it out."""
        item = await self._item(request, customer)
        if item is not None:
            await self._tell(customer, item.id, DISMISSED)
            await self._inboxes.dismiss(customer, item.id)
        return web.Response(status=204)

    async def _item(self, request: web.Request, customer: str) -> Item | None:
        return await self._inboxes.item(customer, request.match_info["id"])

    async def _tell(self, customer: str, action: str, type_: str) -> None:
        """Returns once it is durable; a repeat has the id of the first time. Raises HTTPServiceUnavailable."""
        event = {
            "id": f"inbox-{sha256(f'{action} {type_}'.encode()).hexdigest()[:40]}", "type": type_, "customer": customer,
            "channel": CHANNEL, "occurred_at": self._clock(), "properties": {"action_id": action},
        }  # fmt: skip
        names = self._settings.channel_names()
        topic = self._settings.topic(f"touchpoints.{CHANNEL if CHANNEL in names else names[0]}")
        records = [Out(customer.encode(), _encode(event))]
        await keep(self._publish, [Answers(topic, home(customer, self._settings.partitions), records)])
        log.info("of a message in an inbox was told", extra=about(customer, action=action, code=type_))

    async def _allow(self, request: web.Request) -> web.Response:
        """What a browser asks before it asks."""
        response = web.Response(status=204)
        if request.headers.get("Origin") in self._origins:
            response.headers["Access-Control-Allow-Methods"] = "GET, POST"
            response.headers["Access-Control-Allow-Headers"] = "Authorization, If-None-Match"
            response.headers["Access-Control-Max-Age"] = "600"
        return self._shared(request, response)

    def _shared(self, request: web.Request, response: web.Response) -> web.Response:
        origin = request.headers.get("Origin", "")
        if self._origins:
            response.headers["Vary"] = "Origin"
        if origin in self._origins:
            response.headers["Access-Control-Allow-Origin"] = origin
            response.headers["Access-Control-Expose-Headers"] = "ETag, Retry-After"
        return response


def _page(items: list[Item], limit: int, before: tuple[int, str] | None) -> Page:
    """Those behind a place; what comes or goes meanwhile moves none of them to another page."""
    behind = [item for item in items if before is None or (item.at, item.id) < before]
    shown = behind[:limit]
    rest = f"{shown[-1].at}.{shown[-1].id}" if len(behind) > limit else None
    return Page(shown, sum(not item.read_at for item in items), rest)


def _place(before: str) -> tuple[int, str] | None:
    at, dot, id_ = before.partition(".")
    sound = dot and at.isascii() and at.isdigit() and len(at) <= 15 and 0 < len(id_) <= _LONGEST_ID
    return (int(at), id_) if sound else None


def _token(request: web.Request) -> str:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def _problem(status: int, code: str, detail: str) -> web.Response:
    title = {400: "Not understood", 401: "No token that opens an inbox", 404: "Not there"}.get(status, "Not now")
    return web.Response(body=_encode(Problem(title, status, code, detail)), status=status, content_type=PROBLEM)


def _later(what: str) -> web.Response:
    response = _problem(503, "later", f"{what}; ask again after some seconds")
    response.headers["Retry-After"] = RETRY_AFTER_SECONDS
    return response

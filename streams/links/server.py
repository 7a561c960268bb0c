"""The web endpoint behind links: GET shows a page and changes nothing, POST keeps an answer."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping

from aiohttp import web

from engine.catalog import Catalog
from streams.links import page
from streams.links.answers import answers, chosen, pairs_of
from streams.links.connections import BOUNDS, Bounds, Connection, Connections
from streams.links.keeping import BODY_SECONDS, Publish, keep
from streams.links.links import PATHS
from streams.links.tokens import PREFERENCES, UNSUBSCRIBE, Keys, Subject
from streams.observing.logs import about
from streams.settings import Settings

MOST_BYTES = 16 * 1024
"""Of a body; a form with every topic is far smaller."""
BACKLOG = 128
"""Connections that the machine takes before we do."""
RETRY_AFTER_SECONDS = "60"
FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

log = logging.getLogger("sillage.serve")


class Server:
    """Serves `/u/TOKEN` and `/p/TOKEN`, where links have `keys`, and `/live` and `/ready` for probes.

    `publish` returns once the records are durable, and raises PublishError; `catalog` gives what is in use, `clock`
    wall time in ms; `waits_for` gives why the process is not ready, empty where it is. `others` are routes beside
    these; `answered` hears of each request: its route, the status and the seconds that it took.
    """

    def __init__(
        self,
        settings: Settings,
        keys: Keys | None,
        publish: Publish,
        catalog: Callable[[], Catalog],
        clock: Callable[[], int],
        waits_for: Callable[[], str] = lambda: "",
        others: Iterable[web.RouteDef] = (),
        answered: Callable[[str, int, float], None] = lambda _route, _status, _seconds: None,
        bounds: Bounds = BOUNDS,
    ) -> None:
        self._settings = settings
        self._keys = keys
        self._publish = publish
        self._catalog = catalog
        self._clock = clock
        self._waits_for = waits_for
        self._others = others
        self._answered = answered
        self._bounds = bounds
        self._runner: web.AppRunner | None = None
        self._listening: asyncio.Server | None = None
        self._connections: Connections | None = None
        self.port = 0

    async def start(self) -> None:
        """Listens. Raises OSError where the port cannot be had."""
        app = web.Application(client_max_size=MOST_BYTES, middlewares=[self._counted, _plain])
        if self._keys is not None:
            app.router.add_get(f"/{PATHS[UNSUBSCRIBE]}/{{token}}", self._ask)
            app.router.add_post(f"/{PATHS[UNSUBSCRIBE]}/{{token}}", self._unsubscribe)
            app.router.add_get(f"/{PATHS[PREFERENCES]}/{{token}}", self._show)
            app.router.add_post(f"/{PATHS[PREFERENCES]}/{{token}}", self._choose)
        app.router.add_routes(self._others)
        app.router.add_get("/live", self._live)
        app.router.add_get("/ready", self._ready)
        self._runner = web.AppRunner(app)
        await self._runner.setup()
        assert self._runner.server is not None
        self._connections = Connections(self._runner.server, self._bounds, lambda: self._answered("full", 503, 0.0))
        self._listening = await asyncio.get_running_loop().create_server(
            self._connections, self._settings.serve_host or None, self._settings.serve_port, backlog=BACKLOG
        )
        self.port = self._listening.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Gives the port back, once what is being answered is answered."""
        if self._listening is not None:
            self._listening.close()
            self._listening = None
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None
        if self._connections is not None:
            self._connections.close()
            self._connections = None

    @property
    def open_connections(self) -> int:
        """How many there are."""
        return len(self._connections) if self._connections is not None else 0

    async def _ask(self, request: web.Request) -> web.Response:
        subject = self._subject(request, UNSUBSCRIBE)
        return _html(page.ask(subject.topic, subject.channel))

    async def _unsubscribe(self, request: web.Request) -> web.Response:
        """Whatever the body says: a no that is lost is worse than one too many."""
        subject = self._subject(request, UNSUBSCRIBE)
        await _form(request)
        await self._keep(subject, {(subject.topic, subject.channel): False}, "unsubscribe-link")
        return _html(page.gone(subject.topic, subject.channel))

    async def _show(self, request: web.Request) -> web.Response:
        return _html(page.choices(pairs_of(self._catalog(), self._subject(request, PREFERENCES))))

    async def _choose(self, request: web.Request) -> web.Response:
        subject = self._subject(request, PREFERENCES)
        given = chosen(await _form(request), pairs_of(self._catalog(), subject))
        if given:
            await self._keep(subject, given, "preference-page")
        yes = sum(given.values())
        return _html(page.kept(yes, len(given) - yes))

    def _subject(self, request: web.Request, purpose: str) -> Subject:
        subject = self._keys.open(purpose, request.match_info["token"]) if self._keys is not None else None
        if subject is None:
            raise web.HTTPNotFound
        return subject

    async def _keep(self, subject: Subject, given: Mapping[tuple[str, str], bool], source: str) -> None:
        """Returns once the answer is durable; what is not known to be is answered with 503, to be said again."""
        found = answers(self._settings, subject.customer, given, source, self._clock())
        await keep(self._publish, [found])
        log.info("an answer was kept", extra=about(subject.customer, code=source))

    @web.middleware
    async def _counted(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        began_at, connection = time.monotonic(), request.protocol
        assert isinstance(connection, Connection)
        connection.began()
        try:
            response = await handler(request)
        finally:
            whole = request.content.is_eof()
            connection.answered(whole=whole)
        if not whole:
            # What is left of its body is read and dropped for a moment, and nothing comes behind it.
            response.force_close()
        resource = request.match_info.route.resource
        route = resource.canonical if resource is not None else "none"
        self._answered(route.partition("{")[0], response.status, time.monotonic() - began_at)
        return response

    async def _live(self, _request: web.Request) -> web.Response:
        return web.Response(text="live\n")

    async def _ready(self, _request: web.Request) -> web.Response:
        """Without the reason, which the port of metrics tells: whoever has a link may ask here."""
        waits = bool(self._waits_for())
        return web.Response(text="not ready\n" if waits else "ready\n", status=503 if waits else 200)


async def _form(request: web.Request) -> dict[str, str]:
    """The fields of a body of bounded size that are text. Raises what aiohttp answers with 4xx."""
    try:
        async with asyncio.timeout(BODY_SECONDS):
            if request.content_type not in FORMS:
                await request.read()
                return {}
            return {name: value for name, value in (await request.post()).items() if isinstance(value, str)}
    except TimeoutError as fault:
        raise web.HTTPRequestTimeout from fault
    except ValueError:
        # What cannot be read as a form has no fields.
        return {}


@web.middleware
async def _plain(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Every answer with the same headers, and every one that is none with the same page."""
    response: web.StreamResponse
    try:
        response = await handler(request)
    except web.HTTPServiceUnavailable:
        response = _html(page.later(), 503)
        response.headers["Retry-After"] = RETRY_AFTER_SECONDS
    except web.HTTPFound as led:
        response = web.Response(status=302, headers={"Location": led.headers["Location"]})
    except web.HTTPException as fault:
        known = fault.status in (408, 413)
        response = web.Response(text=fault.reason, status=fault.status) if known else _html(page.nothing(), 404)
    response.headers.update(page.HEADERS)
    return response


def _html(text: str, status: int = 200) -> web.Response:
    return web.Response(text=text, status=status, content_type="text/html", charset="utf-8")

"""The door for providers, `/in/NAME`: who calls is proved, what they tell is kept, and only then they are thanked."""

import logging
from collections.abc import Callable, Iterable, Mapping

from aiohttp import web

from streams.inbound.call import Call, Garbled, Refused
from streams.inbound.told import Fetch, Heard, Once, Provider
from streams.inbound.touchpoints import touchpoints
from streams.links.keeping import Bodies, Full, Publish, keep
from streams.links.shelf import Shelf, ShelfAway
from streams.links.tokens import Keys
from streams.metrics.serving import Serving
from streams.settings import Settings

MOST_BYTES = 3 << 20
"""Of a call: the largest that WhatsApp sends."""
MOST_IN_HAND = 8 * MOST_BYTES
"""Of all calls that are not answered yet: who has not proved yet who they are sends as well."""

log = logging.getLogger("sillage.serve")


class Door:
    """Answers the providers of one file. Nothing is told to who is refused, but to the log and to Prometheus."""

    def __init__(
        self,
        settings: Settings,
        providers: Mapping[str, Provider],
        keys: Keys,
        shelf: Shelf,
        publish: Publish,
        clock: Callable[[], int],
        fetch: Fetch,
        serving: Serving,
    ) -> None:
        self._settings = settings
        self._providers = providers
        self._keys = keys
        self._shelf = shelf
        self._publish = publish
        self._clock = clock
        self._fetch = fetch
        self._serving = serving
        self._bodies = Bodies(MOST_IN_HAND)

    def routes(self) -> Iterable[web.RouteDef]:
        """What is answered where."""
        return [web.get("/in/{provider}", self._take, allow_head=False), web.post("/in/{provider}", self._take)]

    async def _take(self, request: web.Request) -> web.Response:
        name = request.match_info["provider"]
        provider = self._providers.get(name)
        if provider is None:
            raise web.HTTPNotFound
        try:
            async with self._bodies.of(request, MOST_BYTES) as body:
                return await self._hear(name, provider, self._call(request, body))
        except Full:
            self._serving.refused(name, "full")
            log.warning("a call of %s comes while too many are in hand; it is to come again", name)
            raise

    async def _hear(self, name: str, provider: Provider, call: Call) -> web.Response:
        try:
            heard = await provider.hear(call, self._fetch)
            await self._refuse_again(heard.once)
        except Refused as refused:
            self._serving.refused(name, refused.code)
            log.info("a call of %s was refused", name, extra={"code": refused.code})
            return web.Response(status=401)
        except Garbled as fault:
            self._serving.refused(name, "garbled")
            log.warning("a call of %s is signed and cannot be read (%s)", name, fault)
            return web.Response(status=400)
        except (OSError, TimeoutError, ShelfAway) as fault:
            log.warning("a call of %s cannot be proved now (%s)", name, fault or "no answer")
            raise web.HTTPServiceUnavailable from fault
        await self._keep(name, heard)
        kind = heard.kind if heard.answer else "text/plain"
        return web.Response(text=heard.answer, status=200, content_type=kind)

    async def _refuse_again(self, once: Once | None) -> None:
        """Raises Refused where its word came with something else before; ShelfAway, for nobody knows then."""
        if once is not None and not await self._shelf.once(*once):
            raise Refused("replayed")

    async def _keep(self, name: str, heard: Heard) -> None:
        """Returns once Kafka has all. Raises HTTPServiceUnavailable, so that the provider calls again."""
        try:
            found, lost = await touchpoints(self._settings, self._keys, self._shelf, name, heard.told)
        except ShelfAway as fault:
            log.warning("who wrote cannot be looked up (%s)", fault)
            raise web.HTTPServiceUnavailable from fault
        await keep(self._publish, found)
        for told in heard.told:
            self._serving.told(name, told.type)
        if lost:
            self._serving.unknown(name, lost)

    def _call(self, request: web.Request, body: bytes) -> Call:
        return Call(
            request.method,
            self._settings.links_url.rstrip("/") + request.raw_path,
            {header.lower(): value for header, value in request.headers.items()},
            dict(request.query),
            body,
            self._clock(),
        )

"""`sillage serve` as a process: links of messages, calls of providers, the app's inbox, each where it is set up."""

import asyncio
import logging
import secrets
from collections.abc import Mapping

from aiohttp import web
from aiokafka.errors import KafkaError

from channels.inapp import Inbox
from streams.broker.publish import PublishError
from streams.inbound.door import Door
from streams.inbound.fetching import fetched
from streams.inbound.providers import read_providers
from streams.inbound.told import Provider
from streams.links.answers import Answers
from streams.links.apptokens import read_app_keys
from streams.links.follow import Follow
from streams.links.inbox import InboxDoor
from streams.links.keeping import Publish
from streams.links.server import Server
from streams.links.shelf import RedisShelf, Shelf
from streams.links.tokens import Keys, read_keys
from streams.metrics.gauges import ProcessEnded
from streams.process import AGAIN_SECONDS, PATIENCE_MS, Shared, until
from streams.redis_access import redis_options
from streams.settings import Settings
from streams.worker import FAILED_SESSIONS, wall_ms

log = logging.getLogger("sillage.serve")


async def run_serve(settings: Settings, stop: asyncio.Event) -> None:
    """Serves until `stop` is set. A write of unknown fate ends its session, and the next one begins at once."""
    if not parts(settings):
        raise ProcessEnded(
            "nothing is set up that it would answer; set SILLAGE_LINKS_URL and SILLAGE_LINKS_KEYS for links of "
            "messages, SILLAGE_LINKS_URL and SILLAGE_INBOUND for calls of providers, SILLAGE_INBOX_KEYS for the app's "
            "inbox (docs/messages.md)"
        )
    if settings.inbox_origins and not settings.inbox_keys:
        raise ProcessEnded("SILLAGE_INBOX_ORIGINS is set, and there is no /inbox; set SILLAGE_INBOX_KEYS too")
    failures = 0
    while True:
        began_at = wall_ms()
        try:
            return await _serve(settings, stop)
        except (PublishError, KafkaError) as fault:
            failures = failures + 1 if wall_ms() - began_at < PATIENCE_MS else 1
            if stop.is_set() or failures >= FAILED_SESSIONS:
                raise
            log.warning("serve: %s; it begins anew", fault)
        await asyncio.sleep(AGAIN_SECONDS)


def parts(settings: Settings) -> list[str]:
    """What is answered, by the settings that are there."""
    known = {
        "links of messages": settings.links_keys, "calls of providers": settings.inbound,
        "the app's inbox": settings.inbox_keys,
    }  # fmt: skip
    return [part for part, path in known.items() if path]


def _server(settings: Settings, shared: Shared, shelf: Shelf, inbox: Inbox, publish: Publish) -> Server:
    """Each part whose settings are there."""
    keys, serving = read_keys(settings.links_keys) if settings.links_keys else None, shared.metrics.serving
    routes: list[web.RouteDef] = []
    if keys is not None:
        routes += Follow(settings, keys, shelf, publish, wall_ms, serving).routes()
    if settings.inbound:
        providers: Mapping[str, Provider] = read_providers(settings.inbound)
        door = Door(settings, providers, keys or _no_links(), shelf, publish, wall_ms, fetched, serving)
        routes += door.routes()
    if settings.inbox_keys:
        routes += InboxDoor(settings, read_app_keys(settings.inbox_keys), inbox, publish, wall_ms).routes()
    return Server(
        settings, keys, publish, lambda: shared.definitions.catalog, wall_ms, lambda: shared.definitions.fault or "",
        routes, serving.answered,
    )  # fmt: skip


def _no_links() -> Keys:
    """Keys of the moment, where nothing was ever sealed: providers tell of numbers and customers alone."""
    return Keys({"none": secrets.token_hex(32)})


async def _serve(settings: Settings, stop: asyncio.Event) -> None:
    async with Shared(settings, "serve") as shared:
        broken: asyncio.Future[None] = asyncio.get_running_loop().create_future()

        async def publish(found: Answers) -> None:
            try:
                await shared.publisher.append(found.topic, found.partition, found.records)
            except PublishError as fault:
                if not broken.done():
                    broken.set_exception(fault)
                raise

        async def until_broken() -> None:
            await asyncio.shield(broken)

        shelf = RedisShelf(**redis_options(settings.redis_access), prefix=settings.prefix)
        inbox = Inbox(**redis_options(settings.redis_access), prefix=settings.prefix)
        server = _server(settings, shared, shelf, inbox, publish)
        shared.ready_once(lambda: server.port > 0, "the port is not open")
        try:
            await server.start()
        except OSError as fault:
            cure = "set SILLAGE_SERVE_PORT to a free port, and SILLAGE_SERVE_HOST to an address of this machine"
            raise ProcessEnded(f"port {settings.serve_port}: {fault.strerror}; {cure}") from fault
        log.info("serve: %s: answered on port %d", ", ".join(parts(settings)), server.port)
        try:
            await until(stop, [until_broken(), shared.definitions.until_fault()], server.stop)
        except (PublishError, KafkaError):
            await server.stop()
            await shared.broker_is_there(stop)
            raise
        finally:
            await server.stop()
            await shelf.close()
            await inbox.close()

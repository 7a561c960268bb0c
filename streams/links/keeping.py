"""Keeping what came in: records are durable before anybody hears that they are kept."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence

from aiohttp import web

from streams.broker.publish import PublishError
from streams.links.answers import Answers

KEEP_SECONDS = 10.0
"""How long an answer waits for Kafka; it may still be written after that, and said again it says the same."""
BODY_SECONDS = 10.0
"""How long a body may take to come."""

Publish = Callable[[Answers], Awaitable[None]]

log = logging.getLogger("sillage.serve")


async def keep(publish: Publish, found: Sequence[Answers], seconds: float = KEEP_SECONDS) -> None:
    """Returns once all is durable. Raises HTTPServiceUnavailable where it is not known to be, to be said again."""
    writing = [asyncio.ensure_future(publish(each)) for each in found]
    try:
        async with asyncio.timeout(seconds):
            await asyncio.shield(asyncio.gather(*writing))
    except (PublishError, TimeoutError) as fault:
        log.warning("what came in could not be kept (%s)", fault or "no answer")
        raise web.HTTPServiceUnavailable from fault


async def body_of(request: web.Request, most: int) -> bytes:
    """The whole body, at most so many bytes. Raises HTTPRequestEntityTooLarge, HTTPRequestTimeout."""
    parts, size = list[bytes](), 0
    try:
        async with asyncio.timeout(BODY_SECONDS):
            async for part in request.content.iter_any():
                size += len(part)
                if size > most:
                    raise web.HTTPRequestEntityTooLarge(most, size)
                parts.append(part)
    except TimeoutError as fault:
        raise web.HTTPRequestTimeout from fault
    return b"".join(parts)

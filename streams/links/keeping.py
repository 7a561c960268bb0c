"""Keeping what came in: records are durable before anybody hears that they are kept."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager

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


class Full(web.HTTPServiceUnavailable):
    """No room for one more body now; it is to come again."""


class Bodies:
    """The bodies of calls, of which all that are in hand at a time hold at most so many bytes together.

    What has come counts, and not what is announced: who sends slowly, or nothing, keeps no room from others.
    """

    def __init__(self, most: int) -> None:
        self._free = most

    @asynccontextmanager
    async def of(self, request: web.Request, most: int) -> AsyncIterator[bytes]:
        """The whole body, at most so many bytes, in hand to the end of the block.

        Raises Full, HTTPRequestEntityTooLarge, HTTPRequestTimeout.
        """
        body = await self._read(request, most)
        try:
            yield body
        finally:
            self._free += len(body)

    async def _read(self, request: web.Request, most: int) -> bytes:
        announced = request.content_length or 0
        if announced > min(most, self._free):
            raise _refusal(announced, most)
        body, kept = bytearray(), b""
        try:
            async with asyncio.timeout(BODY_SECONDS):
                async for part in request.content.iter_any():
                    body += part
                    self._free -= len(part)
                    if len(body) > most or self._free < 0:
                        raise _refusal(len(body), most)
            kept = bytes(body)
            return kept
        except TimeoutError as fault:
            raise web.HTTPRequestTimeout from fault
        finally:
            self._free += len(body) - len(kept)


def _refusal(size: int, most: int) -> web.HTTPException:
    return web.HTTPRequestEntityTooLarge(most, size) if size > most else Full()

"""What the channels over HTTP share: a kept session, and what an answer says of a later try."""

import json
from typing import Any

import aiohttp

from channels.accounts import header_fault
from channels.channel import Permanent

KEPT_SECONDS = 10.0
"""How long an idle connection is kept: shorter than servers do, since one that they close may lose a message."""

MOST_SECONDS = 24 * 3600.0
MOST_BYTES = 1 << 20
MOST_HEADER = 1000


class Http:
    """A session of at most `connections`, made at its first use and kept until `close`."""

    def __init__(self, connections: int) -> None:
        self._connections = connections
        self._session: aiohttp.ClientSession | None = None

    @property
    def session(self) -> aiohttp.ClientSession:
        """The session, which belongs to the loop that runs now."""
        if self._session is None:
            connector = aiohttp.TCPConnector(limit=self._connections, keepalive_timeout=KEPT_SECONDS)
            # Cookies would be kept without end, and told to whoever answers next.
            jar = aiohttp.DummyCookieJar()
            self._session = aiohttp.ClientSession(connector=connector, cookie_jar=jar, middlewares=(asked_once,))
        return self._session

    async def close(self) -> None:
        """Gives the connections back."""
        if self._session is not None:
            await self._session.close()
            self._session = None


async def asked_once(request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
    """Lets no request be made a second time unseen, as aiohttp does with a GET or PUT whose connection breaks: a
    provider that had it would have it twice.
    """
    try:
        return await handler(request)
    except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError):
        raise
    except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as fault:
        raise aiohttp.ClientConnectionError(type(fault).__name__) from fault


def retry_after(answer: aiohttp.ClientResponse) -> float | None:
    """The seconds of the header Retry-After, None where there is none or a date."""
    text = answer.headers.get("Retry-After", "")
    return min(float(text), MOST_SECONDS) if text.isascii() and text.isdecimal() else None


def header_value(text: str, code: str) -> str:
    """The text, as a header takes it. Raises Permanent(code) for what might be more than one header, or none."""
    if header_fault(text) or len(text) > MOST_HEADER:
        raise Permanent(code)
    return text


async def body_of(answer: aiohttp.ClientResponse) -> bytes:
    """What an answer says, and no more than MOST_BYTES of it."""
    found = bytearray()
    while len(found) < MOST_BYTES and (block := await answer.content.read(MOST_BYTES - len(found))):
        found += block
    return bytes(found)


async def json_of(answer: aiohttp.ClientResponse) -> dict[str, Any]:
    """The JSON object that an answer holds; empty for anything else."""
    try:
        found = json.loads(await body_of(answer))
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}

"""What the channels over HTTP share: a kept session, and what an answer says of a later try."""

import json
from typing import Any

import aiohttp

KEPT_SECONDS = 10.0
"""How long an idle connection is kept: shorter than servers do, since one that they close may lose a message."""


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
            self._session = aiohttp.ClientSession(connector=connector)
        return self._session

    async def close(self) -> None:
        """Gives the connections back."""
        if self._session is not None:
            await self._session.close()
            self._session = None


def retry_after(answer: aiohttp.ClientResponse) -> float | None:
    """The seconds of the header Retry-After, None where there is none or a date."""
    text = answer.headers.get("Retry-After")
    return float(text) if text is not None and text.isdigit() else None


async def json_of(answer: aiohttp.ClientResponse) -> dict[str, Any]:
    """The JSON object that an answer holds; empty for anything else."""
    try:
        found = json.loads(await answer.read())
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}

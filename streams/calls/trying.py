"""One try: a request to a service within its time, and what its answer means."""

import json
from collections.abc import Mapping
from typing import Any

import aiohttp

from channels.http import retry_after
from engine.decision import Call
from journeys.model.folder import Service
from streams.calls.answer import LARGEST_BODY, Answer, read_body

_AGAIN = frozenset({408, 409, 425, 429})
"""Answers below 500 that mean `later`, beside those from 500 on."""
_SAYS_NOTHING = frozenset({408, 429})
"""Those of them that tell nothing of the service's health; the others are about this one call."""
_CHUNK = 16 << 10
_LEAST_SECONDS = 0.001
"""What is not above zero is no time limit for aiohttp."""


async def attempt(
    session: aiohttp.ClientSession, service: Service, headers: Mapping[str, str], call: Call, seconds: float
) -> Answer:
    """Asks once, for at most so many seconds. Redirects are not followed. Raises nothing that a service can bring."""
    try:
        async with session.request(
            service.method,
            service.url,
            headers={**headers, "Idempotency-Key": call.id, "Accept-Encoding": "identity"},
            timeout=aiohttp.ClientTimeout(total=max(_LEAST_SECONDS, seconds)),
            allow_redirects=False,
            **_sent(service.method, call.data),
        ) as response:
            return await _read(response)
    except aiohttp.InvalidURL:
        return Answer("bad_request", why="the URL of the service is none", healthy=None)
    except TimeoutError:
        return Answer("time_out", why=f"no whole answer in {seconds:.1f} s", again=True, healthy=False)
    except aiohttp.ClientConnectorError as fault:
        return Answer("unreachable", why=_said(fault), again=True, healthy=False)
    except (aiohttp.ClientError, OSError) as fault:
        return Answer("no_answer", why=_said(fault), again=True, healthy=False)


def _sent(method: str, data: Mapping[str, Any]) -> dict[str, Any]:
    """A body of JSON, or for GET a query: texts as they are, all else as JSON."""
    if method == "GET":
        return {
            "params": {name: value if isinstance(value, str) else json.dumps(value) for name, value in data.items()}
        }
    return {"json": data}


async def _read(response: aiohttp.ClientResponse) -> Answer:
    status = response.status
    if not 200 <= status < 300:
        return _refused(status, retry_after(response) or 0.0)
    body = bytearray()
    async for chunk in response.content.iter_chunked(_CHUNK):
        body += chunk
        if len(body) > LARGEST_BODY:
            return Answer("too_large", status, why=f"the body has more than {LARGEST_BODY} bytes")
    return read_body(status, bytes(body))


def _refused(status: int, after: float) -> Answer:
    code, why = f"http_{status}", f"the service answered {status}"
    if status >= 500:
        return Answer(code, status, why=why, again=True, after=after, healthy=False)
    if status in _AGAIN:
        healthy = None if status in _SAYS_NOTHING else True
        return Answer(code, status, why=why, again=True, after=after, healthy=healthy)
    return Answer(code, status, why=why)


def _said(fault: BaseException) -> str:
    """The kind of a fault: its words may hold what was sent."""
    return type(fault).__name__

"""Webhooks to other systems, signed as Standard Webhooks: one POST an action, which a receiver may get twice.

Source: github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path

import aiohttp
import msgspec

from channels.accounts import url_fault
from channels.channel import Away, Declined, Outgoing, Permanent, Sent
from channels.http import Http, header_value, retry_after
from channels.several import apart

SECRET_PREFIX = "whsec_"
_GONE = 410
"""The endpoint wants nothing more."""
_OF_THE_ENDPOINT = frozenset({401, 403, 404, 407, 429})
"""Answers below 500 that say nothing of the message: the secret, the address, the moment, as redirects do."""


class EndpointsError(Exception):
    """The file of the endpoints cannot be used: which, what is wrong, and what is expected."""


class Endpoint(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where a webhook goes, and the secret that signs it: `whsec_` and base64 of 24 to 64 bytes."""

    url: str
    secret: str
    timeout_seconds: float = 10.0

    @property
    def key(self) -> bytes:
        """The bytes that sign."""
        return base64.b64decode(self.secret.removeprefix(SECRET_PREFIX), validate=True)


def read_endpoints(path: Path) -> dict[str, Endpoint]:
    """The endpoints of a JSON file, `{name: {url, secret}}`. Raises EndpointsError, without any secret."""
    try:
        found = msgspec.json.decode(path.read_bytes(), type=dict[str, Endpoint])
    except OSError as fault:
        raise EndpointsError(f"SILLAGE_WEBHOOKS {path}: {fault.strerror}; set it to the path of a file") from None
    except (msgspec.MsgspecError, UnicodeDecodeError) as fault:
        what = 'expected JSON such as {"crm": {"url": "https://crm.example/hook", "secret": "whsec_..."}}'
        raise EndpointsError(f"SILLAGE_WEBHOOKS {path}: {fault}; {what}") from None
    for name, endpoint in found.items():
        wrong = _fault(endpoint)
        if wrong:
            raise EndpointsError(f"SILLAGE_WEBHOOKS {path}: endpoint {name}: {wrong}")
    return found


class Webhook:
    """The webhook channel. The recipient is the name of an endpoint; `now` gives seconds since the epoch.

    Each endpoint is a provider of its own, with so many `connections`: behind one host may stand many receivers.
    """

    name = "webhook"
    at_most_once = False

    def __init__(self, endpoints: Mapping[str, Endpoint], *, now: Callable[[], float], connections: int = 16) -> None:
        self._endpoints = endpoints
        self._now = now
        self._providers = apart({name: name for name in endpoints})
        self._https = {provider: Http(connections) for provider in self._providers.values()}

    def provider_of(self, recipient: str) -> str:
        """The endpoint."""
        return self._providers.get(recipient, "")

    async def send(self, outgoing: Outgoing) -> Sent:
        """Calls the endpoint. No answer is one that may be tried again: receivers drop an id that they had."""
        endpoint = self._endpoints.get(outgoing.recipient)
        if endpoint is None:
            raise Permanent("webhook_unknown_endpoint")
        now, http = int(self._now()), self._https[self._providers[outgoing.recipient]]
        told = {**outgoing.rendered.data, "action_id": outgoing.action_id}
        body = event_body(outgoing.rendered.subject, now, told)
        return await call(http, endpoint, outgoing.action_id, now, body, self.name)

    async def close(self) -> None:
        for http in self._https.values():
            await http.close()


def signed(key: bytes, name: str, at: int, body: bytes) -> dict[str, str]:
    """The headers that let a receiver verify the body; `at` in seconds since the epoch."""
    digest = hmac.new(key, b"%s.%d.%s" % (name.encode(), at, body), hashlib.sha256).digest()
    return {
        "Content-Type": "application/json",
        "webhook-id": name,
        "webhook-timestamp": str(at),
        "webhook-signature": f"v1,{base64.b64encode(digest).decode()}",
    }


def event_body(type_: str, at: int, data: Mapping[str, str]) -> bytes:
    """What a receiver reads: the type of the event, when it was sent (seconds since the epoch), and what it tells."""
    timestamp = datetime.fromtimestamp(at, UTC).isoformat().replace("+00:00", "Z")
    return json.dumps({"type": type_, "timestamp": timestamp, "data": dict(data)}, ensure_ascii=False).encode()


async def call(http: Http, endpoint: Endpoint, name: str, at: int, body: bytes, channel: str) -> Sent:
    """Posts a signed body once; codes begin with the channel. Raises Away, Declined and Permanent.

    No answer is one that may be tried again: receivers drop an id that they had.
    """
    header_value(name, f"{channel}_bad_id")
    try:
        async with http.session.post(
            endpoint.url,
            data=body,
            headers=signed(endpoint.key, name, at, body),
            timeout=aiohttp.ClientTimeout(total=endpoint.timeout_seconds),
            allow_redirects=False,
        ) as answer:
            status, after = answer.status, retry_after(answer)
    except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as fault:
        raise Away(f"{channel}_unreachable") from fault
    except (aiohttp.ClientError, TimeoutError, OSError) as fault:
        raise Away(f"{channel}_no_answer") from fault
    if 200 <= status < 300:
        return Sent(str(status))
    raise _verdict(status, f"{channel}_{status}", after)


def _verdict(status: int, code: str, after: float | None) -> Exception:
    """What an answer other than 2xx means: all may be tried again, but one says that nothing shall be."""
    if status == _GONE:
        return Permanent(code)
    if status >= 500 or status < 400 or status in _OF_THE_ENDPOINT:
        return Away(code, after)
    return Declined(code, after)


def _fault(endpoint: Endpoint) -> str:
    if url_fault(endpoint.url):
        return "url is none, expected one such as https://crm.example/hook"
    try:
        length = len(endpoint.key)
    except (binascii.Error, ValueError):
        length = 0
    if not endpoint.secret.startswith(SECRET_PREFIX) or not 24 <= length <= 64:
        return "secret is none, expected whsec_ and base64 of 24 to 64 bytes"
    return "" if endpoint.timeout_seconds > 0 else "timeout_seconds is not above 0"

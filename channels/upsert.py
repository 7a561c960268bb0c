"""An upsert: one record of a CRM with the fields that are to hold, asked for over HTTP and safe to be asked again."""

import json
import re
from dataclasses import dataclass
from typing import Any, Protocol

import aiohttp

from channels.channel import Away, Outgoing, Permanent, Sent, Silent, Transient
from channels.http import Http, body_of, retry_after

MAX_ID = 255
_CODE = re.compile(r"[A-Z][A-Z0-9_]{1,60}")
_UNPRINTED = re.compile(r"[\x00-\x1f\x7f]")


@dataclass(frozen=True)
class Upsert:
    """The record of `kind` whose field `key` is `value`, and what its other fields become; made where it is not."""

    kind: str
    key: str
    value: str
    fields: dict[str, str]


@dataclass(frozen=True)
class Answer:
    """What a CRM answered: its status, its JSON (None where it is none), and the pause that it asks for."""

    status: int
    told: Any
    wait: float | None


class Crm(Protocol):
    """One account at a CRM."""

    async def upsert(self, http: Http, upsert: Upsert) -> Sent:
        """Makes the record so. Raises Transient, Away or Permanent."""
        ...


def upsert_of(outgoing: Outgoing) -> Upsert:
    """What a message asks for: a field that renders empty is left as it is. Raises Permanent."""
    data = outgoing.rendered.data
    key, value = next(((name[3:], text.strip()) for name, text in data.items() if name.startswith("id.")), ("", ""))
    if not key or not value:
        raise Permanent("crm_no_id")
    if len(value) > MAX_ID or _UNPRINTED.search(value) or value in (".", ".."):
        raise Permanent("crm_bad_id")
    given = {name[7:]: _sound(text) for name, text in data.items() if name.startswith("fields.")}
    fields = {name: text for name, text in given.items() if text.strip() and name != key}
    return Upsert(outgoing.rendered.template, key, _sound(value), fields)


async def asked(http: Http, method: str, url: Any, seconds: float, **how: Any) -> Answer:
    """The answer to one request. Raises Away where nobody is there, Silent where nobody answers, or without end."""
    timeout = aiohttp.ClientTimeout(total=2 * seconds, sock_connect=seconds, sock_read=seconds)
    try:
        async with http.session.request(method, url, timeout=timeout, allow_redirects=False, **how) as answer:
            return Answer(answer.status, _json(await body_of(answer)), retry_after(answer))
    except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as fault:
        raise Away("crm_unreachable") from fault
    except (aiohttp.ClientError, TimeoutError, OSError) as fault:
        raise Silent("crm_no_answer") from fault


def code_of(text: object, status: int) -> str:
    """The code of a fault, from what the CRM calls it, else from the status."""
    known = isinstance(text, str) and _CODE.fullmatch(text)
    return f"crm_{str(text).lower()}" if known else f"crm_{status}"


def verdict_of(status: int, name: str, wait: float | None) -> Exception:
    """What a status means where no code says more."""
    if status in (401, 429, 503) or 300 <= status < 400:
        return Away(name, wait)
    if status >= 500 or status in (408, 425):
        return Transient(name, wait)
    return Permanent(name) if status >= 400 else Transient(name, wait)


def _json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def _sound(text: str) -> str:
    return text.encode("utf-8", "replace").decode()

"""SMS by any gateway that takes one over HTTP: a file says what is sent, and how its answers are read."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import aiohttp
import msgspec

from channels.accounts import header_fault, url_fault
from channels.channel import Away, Outgoing, Permanent, Sent, Silent, Transient, Unknown
from channels.http import Http, header_value, json_of, retry_after
from channels.phones import e164
from journeys.messages.sms import length

MAX_SEGMENTS = 10
PLACES = ("to", "digits", "text", "id", "segments", "encoding", "valid_seconds", "reference")
"""What a value may name in braces; `digits` is the number without its plus."""
_PLACE = re.compile(r"\{(\w+)\}")
_TOKEN = re.compile(r"[^a-z0-9_.-]+")
_DAY_SECONDS = 86_400

Texts = dict[str, str]


class Gateway(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="http"):
    """Where an SMS goes, what is said, and what the answer holds.

    `body` is sent as JSON, or as a form with `form`; `query` joins the URL. `reference` and `error` are paths into the
    JSON of the answer; `refused` and `later` are codes found at `error`. With `honours_id` the gateway drops a second
    request with the same id, which goes by the header `id_header`.
    """

    url: str
    method: str = "POST"
    headers: Texts = {}
    query: Texts = {}
    body: dict[str, Any] = {}
    form: bool = False
    id_header: str = "Idempotency-Key"
    honours_id: bool = False
    reference: str = ""
    error: str = ""
    refused: frozenset[str] = frozenset()
    later: frozenset[str] = frozenset()
    timeout_seconds: float = 10.0

    @property
    def fault(self) -> str:
        """What is wrong with it, empty for nothing."""
        named = {name for text in _leaves([self.query, self.body]) for name in _PLACE.findall(text)}
        if unknown := sorted(named - set(PLACES)):
            return f"{{{unknown[0]}}} is nothing to fill in, expected one of {', '.join(PLACES)}"
        if not named & {"to", "digits"} or "text" not in named:
            return 'nothing takes the number and the text, expected such as "body": {"to": "{to}", "text": "{text}"}'
        if self.method not in ("POST", "PUT", "GET"):
            return "method is none, expected POST, PUT or GET"
        if self.form and not all(isinstance(value, str) for value in self.body.values()):
            return "body has a value that no form holds, expected texts alone"
        wrong = [name for name, text in self.headers.items() if header_fault(text) or not _is_token(name)]
        if wrong or not _is_token(self.id_header):
            return f"header {wrong[0] if wrong else 'of id_header'} is empty, or has characters that no header takes"
        return url_fault(self.url) or ("" if self.timeout_seconds > 0 else "timeout_seconds is not above 0")


class HttpSms:
    """The SMS channel over a gateway. At most once, but where the gateway honours the id."""

    name = "sms"

    def __init__(self, gateway: Gateway, *, connections: int = 16) -> None:
        self._gateway = gateway
        self._http = Http(connections)
        seconds = gateway.timeout_seconds
        self._timeout = aiohttp.ClientTimeout(total=None, sock_connect=seconds, sock_read=seconds)

    @property
    def at_most_once(self) -> bool:
        return not self._gateway.honours_id

    async def send(self, outgoing: Outgoing) -> Sent:
        """Hands one message to the gateway. No answer is one that may be tried again where the id is honoured."""
        gateway, places = self._gateway, _places(outgoing)
        body = _filled(gateway.body, places)
        headers = {**gateway.headers, gateway.id_header: header_value(outgoing.action_id, "sms_bad_id")}
        content: dict[str, Any] = {"data" if gateway.form else "json": body} if body else {}
        try:
            async with self._http.session.request(
                gateway.method, gateway.url, params=_filled(gateway.query, places) or None, headers=headers,
                timeout=self._timeout, allow_redirects=False, **content,
            ) as answer:  # fmt: skip
                told = await json_of(answer)
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as fault:
            raise Away("sms_unreachable") from fault
        except (aiohttp.ClientError, TimeoutError, OSError) as fault:
            raise (Silent if self._gateway.honours_id else Unknown)("sms_no_answer") from fault
        code, wait = _at(told, gateway.error), retry_after(answer)
        if 200 <= answer.status < 300 and code not in gateway.refused | gateway.later:
            return Sent(_at(told, gateway.reference)[:200])
        raise self._verdict(answer.status, code, wait)

    async def close(self) -> None:
        await self._http.close()

    def _verdict(self, status: int, code: str, wait: float | None) -> Exception:
        """What an answer means: first by the codes that the file names, else by the status."""
        name = f"sms_{_TOKEN.sub('_', code.lower())[:60] or status}"
        if code in self._gateway.refused:
            return Permanent(name)
        if code in self._gateway.later or status in (408, 425):
            return Transient(name, wait)
        if status in (401, 403, 404, 429, 503) or 300 <= status < 400:
            return Away(name, wait)
        if status >= 500 or (status == 409 and self._gateway.honours_id):
            return self._unknown(name, wait)
        return Permanent(name)

    def _unknown(self, code: str, wait: float | None) -> Exception:
        return Transient(code, wait) if self._gateway.honours_id else Unknown(code)


def _places(outgoing: Outgoing) -> dict[str, str]:
    """What is filled in. Raises Permanent for what no gateway takes."""
    number, text = e164(outgoing.recipient, "sms_bad_number"), outgoing.rendered.text
    if not text:
        raise Permanent("sms_empty")
    measured = length(text)
    if measured.segments > MAX_SEGMENTS:
        raise Permanent("sms_too_long")
    seconds = max(1, outgoing.valid_ms // 1000) if outgoing.valid_ms else 3 * _DAY_SECONDS
    return {
        "to": number, "digits": number[1:], "text": text, "id": outgoing.action_id,
        "segments": str(measured.segments), "encoding": measured.encoding, "valid_seconds": str(seconds),
        "reference": outgoing.reference,
    }  # fmt: skip


def _filled(value: Any, places: Mapping[str, str]) -> Any:
    """A value with its places filled in, each once: what is filled in is looked at no more."""
    if isinstance(value, str):
        return _PLACE.sub(lambda found: places[found[1]], value)
    if isinstance(value, dict):
        return {name: _filled(each, places) for name, each in value.items()}
    return [_filled(each, places) for each in value] if isinstance(value, list) else value


def _leaves(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for each in value.values() if isinstance(value, dict) else value:
            yield from _leaves(each)


def _at(told: Any, path: str) -> str:
    """The text or number at a dotted path, whose parts are names or places in lists; empty for none."""
    for part in path.split(".") if path else []:
        if isinstance(told, list) and part.isdecimal() and int(part) < len(told):
            told = told[int(part)]
        else:
            told = told.get(part) if isinstance(told, dict) else None
    return str(told) if isinstance(told, str | int) and path else ""


def _is_token(name: str) -> bool:
    return re.fullmatch(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+", name) is not None

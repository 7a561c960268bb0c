"""WhatsApp by Meta's Business Cloud API: one POST a message, and what each answer says of its fate.

Source: developers.facebook.com/docs/whatsapp/cloud-api/messages and .../support/error-codes.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import aiohttp
import msgspec

from channels.accounts import header_fault, read_account, refuse, url_fault
from channels.channel import Away, Declined, Outgoing, Permanent, Sent, Transient, Unknown
from channels.http import Http, json_of, retry_after
from channels.phones import e164
from journeys.messages.render import Rendered

VARIABLE = "SILLAGE_WHATSAPP"
MAX_TEXT = 4096
MAX_PARAMETER = 1024
PAIR_SECONDS = 6.0
"""How long to wait after too many messages to one person, where the answer does not say."""
_EXAMPLE = '{"phone_id": "1065...", "token": "EAAG..."}'
_MAX_OPAQUE = 512
_NO_FAULT_OF_THE_MESSAGE = frozenset(
    {0, 2, 3, 4, 10, 33, 190, 368, 80007, 130429, 131005, 131016, 131031, 131042, 131045, 131048, 131057, 133010}
)
"""The token, the account, its number or a rate: nothing leaves until that is mended, and then everything may."""
_PERMISSIONS = range(200, 300)
_PAIR = 131056
_LATER = frozenset({1, 131000})
_BLANKS = re.compile(r"\s+")


class WhatsappAccount(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The id of the number that messages come from, and a system user's token."""

    phone_id: str
    token: str
    version: str = "v21.0"
    url: str = "https://graph.facebook.com"
    timeout_seconds: float = 10.0

    @property
    def fault(self) -> str:
        """What is wrong with it, empty for nothing."""
        if not self.phone_id.isdecimal() or not self.phone_id.isascii():
            return "phone_id is none, expected the digits that Meta shows beside the number"
        if not re.fullmatch(r"v[0-9]+\.[0-9]+", self.version):
            return "version is none, expected one such as v21.0"
        if found := header_fault(self.token):
            return f"token {found}"
        return url_fault(self.url) or ("" if self.timeout_seconds > 0 else "timeout_seconds is not above 0")


class Whatsapp:
    """The WhatsApp channel. Meta knows no idempotency key, so what may have left is not sent again."""

    name = "whatsapp"
    at_most_once = True

    def __init__(self, account: WhatsappAccount, *, connections: int = 16) -> None:
        self._url = f"{account.url.rstrip('/')}/{account.version}/{account.phone_id}/messages"
        self._headers = {"Authorization": f"Bearer {account.token}"}
        self._http = Http(connections)
        seconds = account.timeout_seconds
        self._timeout = aiohttp.ClientTimeout(total=None, sock_connect=seconds, sock_read=seconds)

    async def send(self, outgoing: Outgoing) -> Sent:
        """Hands one template, or one text, to Meta."""
        message = _message(outgoing)
        try:
            async with self._http.session.post(
                self._url, json=message, headers=self._headers, timeout=self._timeout, allow_redirects=False
            ) as answer:
                told = await json_of(answer)
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as fault:
            raise Away("whatsapp_unreachable") from fault
        except (aiohttp.ClientError, TimeoutError, OSError) as fault:
            raise Unknown("whatsapp_no_answer") from fault
        if answer.status == 200 and "error" not in told:
            return _taken(told)
        raise _verdict(answer.status, _code(told), retry_after(answer))

    async def close(self) -> None:
        await self._http.close()


def whatsapp_channel(path: Path, connections: int = 16) -> Whatsapp:
    """The channel of the account that the file holds. Raises AccountError, without any secret."""
    account = read_account(path, VARIABLE, WhatsappAccount, _EXAMPLE)
    refuse(path, VARIABLE, account.fault)
    return Whatsapp(account, connections=connections)


def _message(outgoing: Outgoing) -> dict[str, Any]:
    """The message as Meta wants it; the action's id comes back with what becomes of it. Raises Permanent."""
    rendered = outgoing.rendered
    return {
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        "to": e164(outgoing.recipient, "whatsapp_bad_number"),
        "biz_opaque_callback_data": _opaque(outgoing),
        **({"type": "template", "template": _template(rendered)} if rendered.template else _text(rendered.text)),
    }


def _opaque(outgoing: Outgoing) -> str:
    """What Meta repeats with each status: our reference, or the action's id where there is none that fits."""
    fits = 0 < len(outgoing.reference) <= _MAX_OPAQUE
    return outgoing.reference if fits else outgoing.action_id[:_MAX_OPAQUE]


def _text(text: str) -> dict[str, Any]:
    text = text.strip().encode("utf-8", "replace").decode()
    if not text:
        raise Permanent("whatsapp_empty")
    if len(text) > MAX_TEXT:
        raise Permanent("whatsapp_too_long")
    return {"type": "text", "text": {"body": text, "preview_url": True}}


def _template(rendered: Rendered) -> dict[str, Any]:
    components: list[dict[str, Any]] = []
    if rendered.image:
        components.append({"type": "header", "parameters": [{"type": "image", "image": {"link": rendered.image}}]})
    elif "header" in rendered.data:
        components.append({"type": "header", "parameters": [_parameter(rendered.data["header"])]})
    if body := _body(rendered.data):
        components.append({"type": "body", "parameters": body})
    for place, text in rendered.data.items():
        part, _, index = place.partition(".")
        if part == "button":
            button = {"type": "button", "sub_type": "url", "index": index, "parameters": [_parameter(text)]}
            components.append(button)
    return {"name": rendered.template, "language": {"code": rendered.language}, "components": components}


def _body(data: Mapping[str, str]) -> list[dict[str, Any]]:
    """The parameters of the body, in order; those that are no numbers go by their names."""
    found = []
    for place, text in data.items():
        part, _, name = place.partition(".")
        if part == "body":
            found.append({**_parameter(text), **({} if name.isdecimal() else {"parameter_name": name})})
    return found


def _parameter(text: str) -> dict[str, str]:
    """A text that Meta takes: on one line, its blanks single, never empty. Raises Permanent."""
    line = _BLANKS.sub(" ", text).strip().encode("utf-8", "replace").decode()
    if not line:
        raise Permanent("whatsapp_empty_parameter")
    if len(line) > MAX_PARAMETER:
        raise Permanent("whatsapp_too_long")
    return {"type": "text", "text": line}


def _taken(told: dict[str, Any]) -> Sent:
    """What Meta calls the message. Raises Unknown where it does not say."""
    messages = told.get("messages")
    first = messages[0] if isinstance(messages, list) and messages else None
    name = first.get("id") if isinstance(first, dict) else None
    if not isinstance(name, str) or not name:
        raise Unknown("whatsapp_garbled")
    return Sent(name[:200])


def _verdict(status: int, code: int | None, wait: float | None) -> Exception:
    """What an answer means: by Meta's code, which it asks to be read first, else by the status."""
    name = f"whatsapp_{status if code is None else code}"
    if code in _NO_FAULT_OF_THE_MESSAGE or code in _PERMISSIONS:
        return Away(name, wait)
    if code == _PAIR:
        return Declined(name, wait or PAIR_SECONDS)
    if code in _LATER:
        return Transient(name, wait)
    if code is None and (status in (401, 403, 404, 429, 503) or 300 <= status < 400):
        return Away(name, wait)
    if code is None and (status >= 500 or status < 300):
        return Unknown(name)
    return Transient(name, wait) if status >= 500 else Permanent(name)


def _code(told: dict[str, Any]) -> int | None:
    error = told.get("error")
    code = error.get("code") if isinstance(error, dict) else None
    return code if isinstance(code, int) and not isinstance(code, bool) else None

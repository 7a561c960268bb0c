"""SMS by Twilio's API, or one that speaks like it: one POST a message, and what each answer says of its fate.

Source: twilio.com/docs/messaging/api/message-resource and twilio.com/docs/api/errors.
"""

import base64
from typing import Any

import aiohttp
import msgspec

from channels.accounts import header_fault, url_fault
from channels.channel import Away, Outgoing, Permanent, Sent, Transient, Unknown
from channels.http import Http, json_of, retry_after
from channels.phones import e164

MAX_CHARACTERS = 1600
_LONGEST_VALIDITY = 36_000
_NO_FAULT_OF_THE_MESSAGE = frozenset(
    {10001, 14107, 20003, 20005, 20404, 20429, 21212, 21603, 21606, 21611, 21659, 21660, 21701, 21703, 21705, 30002}
    | {63038}
)
"""The account, the sender or a rate: nothing leaves until that is mended, and then everything may."""
_LATER = frozenset({20500, 30001})
_DEAD = frozenset({21211, 21614, 30005, 30006})
"""No number, not one of a mobile, not in use, a landline."""
_REFUSED = 400


class TwilioAccount(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="twilio"):
    """An account, who signs in (its token, or an API key with its secret), and who the message is from.

    `sender` is a number, a name, or a messaging service (`MG...`); `callback` the URL at which what becomes of messages
    is told, `https://mail.shop.example/in/twilio`, empty for nowhere.
    """

    account: str
    token: str
    sender: str
    key: str = ""
    url: str = "https://api.twilio.com"
    timeout_seconds: float = 10.0
    callback: str = ""

    @property
    def fault(self) -> str:
        """What is wrong with it, empty for nothing."""
        for name in ("account", "token", "sender"):
            if found := header_fault(getattr(self, name)):
                return f"{name} {found}"
        if not self.account.isalnum() or not self.account.isascii():
            return "account is none, expected one such as AC0123456789abcdef"
        wrong = url_fault(self.url) or (self.callback and url_fault(self.callback))
        return wrong or ("" if self.timeout_seconds > 0 else "timeout_seconds is not above 0")


class Twilio:
    """The SMS channel over Twilio. It knows no idempotency key, so what may have left is not sent again."""

    name = "sms"
    at_most_once = True

    def __init__(self, account: TwilioAccount, *, connections: int = 16) -> None:
        self._account = account
        self._url = f"{account.url.rstrip('/')}/2010-04-01/Accounts/{account.account}/Messages.json"
        self._http = Http(connections)
        login = base64.b64encode(f"{account.key or account.account}:{account.token}".encode()).decode()
        self._headers = {"Authorization": f"Basic {login}"}
        seconds = account.timeout_seconds
        self._timeout = aiohttp.ClientTimeout(total=None, sock_connect=seconds, sock_read=seconds)

    async def send(self, outgoing: Outgoing) -> Sent:
        """Hands one message to the provider, which drops it once it is worth nothing."""
        form = _form(outgoing, self._account)
        try:
            async with self._http.session.post(
                self._url, data=form, headers=self._headers, timeout=self._timeout, allow_redirects=False
            ) as answer:
                told = await json_of(answer)
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as fault:
            raise Away("sms_unreachable") from fault
        except (aiohttp.ClientError, TimeoutError, OSError) as fault:
            raise Unknown("sms_no_answer") from fault
        if 200 <= answer.status < 300:
            return _taken(told)
        raise _verdict(answer.status, _code(told, "code"), retry_after(answer))

    async def close(self) -> None:
        await self._http.close()


def _form(outgoing: Outgoing, account: TwilioAccount) -> dict[str, str]:
    """The fields of the request. Raises Permanent for what the provider refuses in any case."""
    number, text = e164(outgoing.recipient, "sms_bad_number"), outgoing.rendered.text
    if not text:
        raise Permanent("sms_empty")
    if len(text) > MAX_CHARACTERS:
        raise Permanent("sms_too_long")
    form, sender = {"To": number, "Body": text}, account.sender
    form["MessagingServiceSid" if sender.startswith("MG") and len(sender) == 34 else "From"] = sender
    if outgoing.valid_ms:
        form["ValidityPeriod"] = str(max(1, min(_LONGEST_VALIDITY, outgoing.valid_ms // 1000)))
    if account.callback and outgoing.reference:
        form["StatusCallback"] = f"{account.callback}?ref={outgoing.reference}"
    return form


def _taken(told: dict[str, Any]) -> Sent:
    """The message's own name. Raises where the provider took it and says at once that it failed, or says nothing."""
    if told.get("status") in ("failed", "undelivered"):
        raise _verdict(_REFUSED, _code(told, "error_code"), None)
    name = told.get("sid")
    if not isinstance(name, str) or not name:
        raise Unknown("sms_garbled")
    return Sent(name[:200])


def _verdict(status: int, code: int, wait: float | None) -> Exception:
    """What an answer means: first by the provider's code, else by the status."""
    name = f"sms_{code or status}"
    if code in _LATER:
        return Transient(name, wait)
    if code in _NO_FAULT_OF_THE_MESSAGE or status in (401, 403, 404, 429, 503) or 300 <= status < 400:
        return Away(name, wait)
    if code or status < 500:
        return Permanent(name, dead_address=code in _DEAD) if status < 500 else Transient(name, wait)
    return Unknown(name)


def _code(told: dict[str, Any], key: str) -> int:
    code = told.get(key)
    return code if isinstance(code, int) and not isinstance(code, bool) else 0

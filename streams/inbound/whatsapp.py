"""WhatsApp Business Cloud API: statuses and messages by webhook (developers.facebook.com/docs/whatsapp/webhooks)."""

from collections.abc import Iterator
from typing import Any

import msgspec

from streams.inbound.call import Call, Refused, at, hex_hmac, ms_of, same, text, tree
from streams.inbound.told import BOUNCED, DELIVERED, FAILED, OPENED, REPLIED, Fetch, Heard, Told

_STATUSES = {"delivered": DELIVERED, "read": OPENED, "failed": FAILED}
_NOBODY = frozenset({"131026"})
"""The number is not on WhatsApp, or cannot take what was sent."""


class Whatsapp(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="whatsapp"):
    """Signed with the app's secret over the body; `verify` is the word that Meta repeats when the webhook is set up."""

    secret: str
    verify: str

    @property
    def fault(self) -> str:
        return "" if self.secret and self.verify else "secret or verify is empty, expected the app's and one of yours"

    async def hear(self, call: Call, fetch: Fetch) -> Heard:
        if call.method == "GET":
            return self._verified(call)
        found = call.headers.get("x-hub-signature-256", "")
        if not same(found, f"sha256={hex_hmac(self.secret, call.body)}"):
            raise Refused("signature" if found else "unsigned")
        return Heard(tuple(_all(tree(call.body), call.now)))

    def _verified(self, call: Call) -> Heard:
        challenge = call.query.get("hub.challenge", "")
        known = call.query.get("hub.mode") == "subscribe" and same(call.query.get("hub.verify_token", ""), self.verify)
        if not known or not challenge.isalnum() or not challenge.isascii():
            raise Refused("verify")
        return Heard(answer=challenge)


def _all(body: Any, now: int) -> Iterator[Told]:
    for entry in _list(body, "entry"):
        for change in _list(entry, "changes"):
            for status in _list(change, "value.statuses"):
                if told := _status(status, now):
                    yield told
            for message in _list(change, "value.messages"):
                if told := _message(message, now):
                    yield told


def _status(status: Any, now: int) -> Told | None:
    """Of one message; `sent` says no more than our own receipt did."""
    type_ = _STATUSES.get(text(status, "status"))
    name = text(status, "id")
    if type_ is None or not name:
        return None
    more: dict[str, Any] = {}
    if type_ == FAILED:
        code = text(status, "errors.0.code")
        more = {"code": f"whatsapp_{code or 'failed'}"}
        if code in _NOBODY:
            type_, more = BOUNCED, {**more, "hard": False}
    when = ms_of(text(status, "timestamp"), now)
    return Told(type_, name, when, text(status, "biz_opaque_callback_data"), "whatsapp", properties=more)


def _message(message: Any, now: int) -> Told | None:
    number, name = text(message, "from"), text(message, "id")
    if not number.isdecimal() or not name:
        return None
    said = next((found for path in _SAID if (found := text(message, path))), "")
    when = ms_of(text(message, "timestamp"), now)
    return Told(REPLIED, name, when, channel="whatsapp", address=f"+{number}", text=said)


_SAID = (
    "text.body", "button.text", "interactive.button_reply.title", "interactive.list_reply.title", "image.caption",
    "video.caption", "document.caption",
)  # fmt: skip


def _list(value: Any, path: str) -> list[Any]:
    found = at(value, path)
    return found if isinstance(found, list) else []

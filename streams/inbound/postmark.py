"""Postmark, or what speaks like it: JSON by record type, let in by basic auth (postmarkapp.com/developer/webhooks)."""

import base64
from datetime import datetime
from typing import Any

import msgspec

from streams.inbound.call import Call, Garbled, Refused, at, same, text, tree
from streams.inbound.told import BOUNCED, CLICKED, COMPLAINED, DELIVERED, OPENED, UNSUBSCRIBED, Fetch, Heard, Told

_TYPES = {
    "Delivery": DELIVERED, "Bounce": BOUNCED, "SpamComplaint": COMPLAINED, "Open": OPENED, "Click": CLICKED,
    "SubscriptionChange": UNSUBSCRIBED,
}  # fmt: skip
_HARD = frozenset({"HardBounce", "BadEmailAddress", "ManuallyDeactivated"})
_INSTANTS = ("DeliveredAt", "BouncedAt", "ReceivedAt", "ChangedAt")


class Postmark(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="postmark"):
    """`user` and `password` stand in the URL that Postmark is given; `reference` is where it repeats ours."""

    user: str
    password: str
    reference: str = "Tag"

    @property
    def fault(self) -> str:
        return "" if self.user and len(self.password) >= 16 else "password has fewer than 16 characters, or user none"

    async def hear(self, call: Call, fetch: Fetch) -> Heard:
        refuse_other(call, self.user, self.password)
        body = tree(call.body)
        if not isinstance(body, dict):
            raise Garbled("the body is no object")
        told = self._told(body, call.now)
        return Heard((told,) if told else ())

    def _told(self, body: dict[str, Any], now: int) -> Told | None:
        kind = text(body, "RecordType")
        type_ = _TYPES.get(kind)
        if type_ is None or (type_ == UNSUBSCRIBED and not _is_wanted_no_more(body)):
            return None
        more: dict[str, Any] = {}
        if type_ == BOUNCED:
            more = {"hard": text(body, "Type") in _HARD, "code": text(body, "Type", 40)}
        elif type_ == CLICKED:
            more = {"link": text(body, "OriginalLink", 2000)}
        instant = next((found for name in _INSTANTS if (found := text(body, name))), "")
        event = "/".join((text(body, "MessageID"), kind, instant, more.get("link", "")))
        address = text(body, "Recipient") or text(body, "Email")
        return Told(type_, event, iso_ms(instant, now), text(body, self.reference), "email", address, properties=more)


def _is_wanted_no_more(body: dict[str, Any]) -> bool:
    """Whether a person said so: Postmark stops sending after a hard bounce too, which it tells by itself."""
    return at(body, "SuppressSending") is True and text(body, "SuppressionReason") != "HardBounce"


def refuse_other(call: Call, user: str, password: str) -> None:
    """Raises Refused unless the call has these in its basic auth."""
    given = call.headers.get("authorization", "")
    if not same(given, "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()):
        raise Refused("signature" if given else "unsigned")


def iso_ms(instant: str, now: int) -> int:
    """An instant of ISO 8601 with its zone as ms; now for anything else, or what is still to come."""
    try:
        found = datetime.fromisoformat(instant)
    except ValueError:
        return now
    at_ms = int(found.timestamp() * 1000) if found.tzinfo else now
    return at_ms if 0 < at_ms <= now else now

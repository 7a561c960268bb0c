"""Anybody who signs by Standard Webhooks and speaks our own words (standardwebhooks.com)."""

import base64
import binascii
import hashlib
import hmac
from typing import Any

import msgspec

from streams.inbound.call import Call, Garbled, Refused, refuse_stale, same, text, tree
from streams.inbound.postmark import iso_ms
from streams.inbound.told import (
    BOUNCED,
    CLICKED,
    COMPLAINED,
    DELIVERED,
    FAILED,
    OPENED,
    REPLIED,
    UNSUBSCRIBED,
    Fetch,
    Heard,
    Told,
)

_TYPES = frozenset({DELIVERED, BOUNCED, COMPLAINED, OPENED, CLICKED, REPLIED, FAILED, UNSUBSCRIBED})
_MOST = 500


class Standard(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="standard"):
    """Its `secret` is `whsec_` and base64, or base64 alone; `channel` that of events which name none."""

    secret: str
    channel: str = "sms"

    @property
    def fault(self) -> str:
        return "" if len(_key(self.secret)) >= 24 else "secret is none, expected whsec_ and base64 of 24 bytes or more"

    async def hear(self, call: Call, fetch: Fetch) -> Heard:
        name, stamp = text(call.headers, "webhook-id"), text(call.headers, "webhook-timestamp")
        given = call.headers.get("webhook-signature", "").split()
        content = f"{name}.{stamp}.".encode() + call.body
        digest = base64.b64encode(hmac.new(_key(self.secret), content, hashlib.sha256).digest()).decode()
        if not name or not any(same(each, f"v1,{digest}") for each in given):
            raise Refused("signature" if given else "unsigned")
        refuse_stale(stamp, call.now)
        body = tree(call.body)
        events = body if isinstance(body, list) else [body]
        if len(events) > _MOST or not all(isinstance(each, dict) for each in events):
            raise Garbled(f"the body is no event, and no list of at most {_MOST}")
        return Heard(tuple(self._told(each, f"{name}/{place}", call.now) for place, each in enumerate(events)))

    def _told(self, event: dict[str, Any], name: str, now: int) -> Told:
        type_ = text(event, "type")
        if type_ not in _TYPES:
            raise Garbled(f"type is {type_[:60]!r}, expected one of {', '.join(sorted(_TYPES))}")
        more: dict[str, Any] = {key: text(event, key, 2000) for key in ("code", "link") if text(event, key)}
        if type_ == BOUNCED:
            more["hard"] = event.get("hard") is True
        return Told(
            type_, text(event, "id", 200) or name, iso_ms(text(event, "at"), now), text(event, "reference"),
            text(event, "channel", 40) or self.channel, text(event, "from"), text(event, "text"),
            text(event, "customer", 200), text(event, "action_id", 200), more,
        )  # fmt: skip


def _key(secret: str) -> bytes:
    try:
        return base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    except (ValueError, binascii.Error):
        return b""

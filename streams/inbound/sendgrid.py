"""SendGrid: its event webhook, signed by ECDSA.

Source: twilio.com/docs/sendgrid/for-developers/tracking-events, "Event Webhook Security Features", "Troubleshooting".
"""

import base64
import binascii
from functools import lru_cache
from typing import Any

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key

from streams.inbound.call import Call, Garbled, Refused, ms_of, refuse_stale, text, tree
from streams.inbound.told import (
    BOUNCED,
    CLICKED,
    COMPLAINED,
    DELIVERED,
    FAILED,
    FETCHED,
    OPENED,
    UNSUBSCRIBED,
    Fetch,
    Heard,
    Told,
)

_TYPES = {
    "delivered": DELIVERED, "bounce": BOUNCED, "dropped": FAILED, "spamreport": COMPLAINED, "open": OPENED,
    "click": CLICKED, "unsubscribe": UNSUBSCRIBED, "group_unsubscribe": UNSUBSCRIBED,
}  # fmt: skip
_RETRIES_SECONDS = 25 * 3600
"""How old a signature may be: it tries again for 24 hours, and does not say whether it signs anew.

As the event is signed too, an old call says again what it said, under the ids that it had.
"""


class SendGrid(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="sendgrid"):
    """`public_key` is the verification key that SendGrid shows: base64 of a public key on P-256."""

    public_key: str

    @property
    def fault(self) -> str:
        return "" if _key(self.public_key) else "public_key is none, expected the base64 that SendGrid shows"

    async def hear(self, call: Call, fetch: Fetch) -> Heard:
        stamp = call.headers.get("x-twilio-email-event-webhook-timestamp", "")
        given = call.headers.get("x-twilio-email-event-webhook-signature", "")
        key = _key(self.public_key)
        if not given or key is None:
            raise Refused("unsigned")
        try:
            key.verify(base64.b64decode(given, validate=True), stamp.encode() + call.body, ECDSA(SHA256()))
        except (InvalidSignature, binascii.Error, ValueError) as fault:
            raise Refused("signature") from fault
        refuse_stale(stamp, call.now, _RETRIES_SECONDS)
        events = tree(call.body)
        if not isinstance(events, list):
            raise Garbled("the body is no list of events")
        return Heard(tuple(told for each in events if (told := _told(each, call.now))))


def _told(event: Any, now: int) -> Told | None:
    type_ = _TYPES.get(text(event, "event"))
    name = text(event, "sg_event_id")
    if type_ is None or not name:
        return None
    more: dict[str, Any] = {}
    if type_ == BOUNCED:
        # A block is one of this mail, not of the address.
        more = {"hard": text(event, "type") != "blocked", "code": text(event, "status", 40) or "bounce"}
    elif type_ == FAILED:
        more = {"code": "dropped"}
    elif type_ == CLICKED:
        more = {"link": text(event, "url", 2000)}
    elif isinstance(event, dict) and event.get("sg_machine_open") is True:
        type_, more = FETCHED, {"machine": True, "what": "opened", "why": "provider"}
    when = ms_of(text(event, "timestamp"), now)
    return Told(type_, name, when, _reference(event), "email", text(event, "email"), properties=more)


def _reference(event: Any) -> str:
    """What its custom argument `sillage` holds, else the Message-ID that the mail had."""
    return text(event, "sillage") or text(event, "smtp-id")


@lru_cache(16)
def _key(text_: str) -> EllipticCurvePublicKey | None:
    try:
        found = load_der_public_key(base64.b64decode(text_, validate=True))
    except (ValueError, binascii.Error):
        return None
    return found if isinstance(found, EllipticCurvePublicKey) else None

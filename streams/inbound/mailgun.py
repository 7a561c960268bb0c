"""Mailgun: its webhooks, signed within the body (documentation.mailgun.com, "Securing Webhooks")."""

from typing import Any

import msgspec

from streams.inbound.call import (
    STALE_SECONDS,
    Call,
    Garbled,
    Refused,
    digest,
    hex_hmac,
    ms_of,
    refuse_stale,
    same,
    text,
    tree,
)
from streams.inbound.told import (
    BOUNCED,
    CLICKED,
    COMPLAINED,
    DELIVERED,
    FETCHED,
    OPENED,
    UNSUBSCRIBED,
    Fetch,
    Heard,
    Once,
    Told,
)

_TYPES = {
    "delivered": DELIVERED, "failed": BOUNCED, "complained": COMPLAINED, "opened": OPENED, "clicked": CLICKED,
    "unsubscribed": UNSUBSCRIBED,
}  # fmt: skip
_RETRIES_SECONDS = 9 * 3600
"""How old a signature may be: for 8 hours Mailgun tries again with that of the first time, after an outage too."""
_LIVES = frozenset({"suppress-complaint", "suppress-unsubscribe", "old", "espblock"})
"""Why a mail is given up whose address is one: its owner wants none, or whoever takes their mail does not now."""


class Mailgun(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="mailgun"):
    """`signing_key` is the webhooks' own.

    The signature covers an instant and a word of one use, not the event: the word stands for the first that it came
    with, for as long as it is taken, so that a call that somebody kept says nothing else.
    """

    signing_key: str

    @property
    def fault(self) -> str:
        return "" if self.signing_key else "signing_key is empty, expected that of webhooks"

    async def hear(self, call: Call, fetch: Fetch) -> Heard:
        try:
            body = tree(call.body)
        except Garbled as fault:
            raise Refused("unsigned") from fault
        stamp, token = text(body, "signature.timestamp"), text(body, "signature.token")
        given = text(body, "signature.signature")
        if not given or not same(given, hex_hmac(self.signing_key, f"{stamp}{token}".encode())):
            raise Refused("signature" if given else "unsigned")
        refuse_stale(stamp, call.now, _RETRIES_SECONDS)
        event = body.get("event-data")
        told = _told(event, call.now)
        # Also of an event that is passed over: its word is as good as any.
        once = Once(f"{stamp}{token}", digest(event), _RETRIES_SECONDS + STALE_SECONDS)
        return Heard((told,) if told else (), once=once)


def _told(event: Any, now: int) -> Told | None:
    type_ = _TYPES.get(text(event, "event"))
    name = text(event, "id")
    if type_ is None or not name:
        return None
    more: dict[str, Any] = {}
    if type_ == BOUNCED:
        if text(event, "severity") == "temporary":
            # It is tried again, and what becomes of it is told then.
            return None
        more = {"hard": text(event, "reason") not in _LIVES, "code": text(event, "delivery-status.code", 40)}
    elif type_ == CLICKED:
        more = {"link": text(event, "url", 2000)}
    bot = text(event, "client-info.bot", 40)
    if type_ in (OPENED, CLICKED) and bot:
        more = {**more, "machine": True, "what": type_.partition(".")[2], "why": bot}
        type_ = FETCHED
    reference = text(event, "user-variables.sillage") or text(event, "message.headers.message-id")
    when = ms_of(text(event, "timestamp"), now)
    return Told(type_, name, when, reference, "email", text(event, "recipient"), properties=more)

"""Twilio: what became of an SMS, and SMS that people write (twilio.com/docs/usage/security, .../messaging/guides)."""

import base64
import hashlib
import hmac
from collections.abc import Sequence
from urllib.parse import parse_qsl

import msgspec

from streams.inbound.call import Call, Garbled, Refused, same
from streams.inbound.told import BOUNCED, DELIVERED, FAILED, REPLIED, Fetch, Heard, Told

_TWIML = '<?xml version="1.0" encoding="UTF-8"?><Response/>'
_MOST_FIELDS = 200
_UNREACHABLE = frozenset({"30003", "30005", "30006", "21211", "21614"})
"""The phone is off, the number does not exist, or is a landline; of these the last three stay so."""
_FOR_GOOD = _UNREACHABLE - {"30003"}


class Twilio(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="twilio"):
    """Signed with the account's token (HMAC-SHA1 of the URL and the sorted fields). It has no instant in it.

    `channel` is that of a number that is not WhatsApp's.
    """

    token: str
    channel: str = "sms"

    @property
    def fault(self) -> str:
        return "" if self.token else "token is empty, expected the account's"

    async def hear(self, call: Call, fetch: Fetch) -> Heard:
        try:
            fields = parse_qsl(call.body.decode(), keep_blank_values=True, max_num_fields=_MOST_FIELDS)
        except ValueError as fault:
            raise Refused("unsigned") from fault
        if not same(call.headers.get("x-twilio-signature", ""), signature(self.token, call.url, fields)):
            raise Refused("signature" if "x-twilio-signature" in call.headers else "unsigned")
        told = self._told(dict(fields), call)
        return Heard((told,) if told else (), _TWIML, "text/xml")

    def _told(self, fields: dict[str, str], call: Call) -> Told | None:
        name = fields.get("MessageSid") or fields.get("SmsSid") or ""
        status = fields.get("MessageStatus") or fields.get("SmsStatus") or ""
        if not name:
            raise Garbled("there is no MessageSid")
        if "Body" in fields and status in ("received", ""):
            sender = fields.get("From", "")
            channel = "whatsapp" if sender.startswith("whatsapp:") else self.channel
            number = sender.removeprefix("whatsapp:")
            return Told(REPLIED, name, call.now, channel=channel, address=number, text=fields["Body"][:4000])
        code = fields.get("ErrorCode", "")
        reference = call.query.get("ref", "")
        more = {"code": f"sms_{code}"} if code else {}
        if status == "delivered":
            return Told(DELIVERED, name, call.now, reference, self.channel)
        if status == "undelivered":
            bounced = {"hard": code in _FOR_GOOD, **more}
            return Told(BOUNCED, name, call.now, reference, self.channel, properties=bounced)
        return Told(FAILED, name, call.now, reference, self.channel, properties=more) if status == "failed" else None


def signature(token: str, url: str, fields: Sequence[tuple[str, str]]) -> str:
    """What the header `X-Twilio-Signature` must hold; a field that comes twice counts once for each of its values."""
    content = url + "".join(name + value for name, value in sorted(set(fields)))
    digest = hmac.new(token.encode(), content.encode("utf-8", "replace"), hashlib.sha1).digest()
    return base64.b64encode(digest).decode()

"""Amazon SES through SNS: signed with a certificate of Amazon's, and confirmed when it is set up.

Source: docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html and .../ses/latest/dg/
event-publishing-retrieving-sns-contents.html.
"""

import base64
import binascii
import re
from typing import Any
from urllib.parse import urlsplit

import msgspec
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA1, SHA256

from streams.inbound.call import STALE_SECONDS, Call, Garbled, Refused, at, text, tree
from streams.inbound.postmark import iso_ms
from streams.inbound.told import BOUNCED, CLICKED, COMPLAINED, DELIVERED, FAILED, OPENED, Fetch, Heard, Told

_HOST = re.compile(r"sns\.[a-z0-9-]{3,40}\.amazonaws\.com(\.cn)?")
_NOTICE = ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type")
_CONFIRMS = ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type")
_TYPES = {
    "Delivery": DELIVERED, "Bounce": BOUNCED, "Complaint": COMPLAINED, "Open": OPENED, "Click": CLICKED,
    "Reject": FAILED, "Rendering Failure": FAILED,
}  # fmt: skip
_RETRIES_SECONDS = 3600
"""How long SNS tries again with the signature of the first time."""
_MOST_CERTIFICATES = 16


class Ses(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="ses"):
    """`topics` are the ARNs that are listened to; whoever else has a topic at Amazon could sign as well."""

    topics: tuple[str, ...]

    @property
    def fault(self) -> str:
        return "" if self.topics else "topics is empty, expected the ARN of at least one"

    async def hear(self, call: Call, fetch: Fetch) -> Heard:
        try:
            body = tree(call.body)
        except Garbled as fault:
            raise Refused("unsigned") from fault
        if text(body, "TopicArn") not in self.topics:
            raise Refused("topic")
        await _prove(body, fetch)
        _refuse_old(body, call.now)
        if text(body, "Type") == "SubscriptionConfirmation":
            await fetch(_amazons(text(body, "SubscribeURL")))
            return Heard()
        if text(body, "Type") != "Notification":
            return Heard()
        told = _told(tree(text(body, "Message", 1 << 20).encode()), text(body, "MessageId"), call.now)
        return Heard((told,) if told else ())


_certificates: dict[str, RSAPublicKey] = {}


async def _prove(body: Any, fetch: Fetch) -> None:
    """Raises Refused unless Amazon signed it; what it covers depends on the type."""
    version, given = text(body, "SignatureVersion"), text(body, "Signature")
    if not given or version not in ("1", "2"):
        raise Refused("unsigned")
    key = await _key(_amazons(text(body, "SigningCertURL")), fetch)
    try:
        raw = base64.b64decode(given, validate=True)
        key.verify(raw, canonical(body), PKCS1v15(), SHA256() if version == "2" else SHA1())
    except (InvalidSignature, binascii.Error, ValueError) as fault:
        raise Refused("signature") from fault


def canonical(body: Any) -> bytes:
    """What is signed: names and values, a line each."""
    names = _NOTICE if text(body, "Type") == "Notification" else _CONFIRMS
    found = [(name, text(body, name, 1 << 20)) for name in names if at(body, name) is not None]
    return "".join(f"{name}\n{value}\n" for name, value in found).encode()


def _amazons(url: str) -> str:
    """The URL, if it is Amazon's own of SNS. Raises Refused."""
    try:
        parts = urlsplit(url)
        known = parts.scheme == "https" and parts.port in (None, 443) and parts.username is None
        known = known and bool(_HOST.fullmatch(parts.hostname or ""))
    except ValueError:
        known = False
    if not known:
        raise Refused("certificate")
    return url


async def _key(url: str, fetch: Fetch) -> RSAPublicKey:
    """The key of the certificate there, which is fetched once."""
    if url not in _certificates:
        if not urlsplit(url).path.endswith(".pem"):
            raise Refused("certificate")
        try:
            key = x509.load_pem_x509_certificate(await fetch(url)).public_key()
        except ValueError as fault:
            raise Refused("certificate") from fault
        if not isinstance(key, RSAPublicKey):
            raise Refused("certificate")
        if len(_certificates) >= _MOST_CERTIFICATES:
            _certificates.clear()
        _certificates[url] = key
    return _certificates[url]


def _refuse_old(body: Any, now: int) -> None:
    stamp = text(body, "Timestamp")
    when = iso_ms(stamp, 0)
    if not now - (_RETRIES_SECONDS + STALE_SECONDS) * 1000 <= _instant(stamp) <= now + STALE_SECONDS * 1000:
        raise Refused("stale" if when or stamp else "unsigned")


def _instant(stamp: str) -> int:
    return iso_ms(stamp, 1 << 62) if stamp else 0


def _told(event: Any, name: str, now: int) -> Told | None:
    kind = text(event, "eventType") or text(event, "notificationType")
    type_ = _TYPES.get(kind)
    if type_ is None:
        return None
    more: dict[str, Any] = {}
    if type_ == BOUNCED:
        more = {
            "hard": text(event, "bounce.bounceType") == "Permanent",
            "code": text(event, "bounce.bounceSubType", 40),
        }
    elif type_ == FAILED:
        more = {"code": kind.lower().replace(" ", "_")}
    elif type_ == CLICKED:
        more = {"link": text(event, "click.link", 2000)}
    when = text(event, f"{kind.lower()}.timestamp") or text(event, "mail.timestamp")
    return Told(
        type_, name, iso_ms(when, now), _reference(event), "email", text(event, "mail.destination.0"), properties=more
    )


def _reference(event: Any) -> str:
    """The Message-ID that the mail had when SES got it."""
    headers = at(event, "mail.headers")
    for header in headers if isinstance(headers, list) else []:
        if text(header, "name").lower() == "message-id":
            return text(header, "value")
    return ""

"""Providers as their own pages describe them: calls signed as each signs, for the tests of what hears them."""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any
from urllib.parse import urlencode

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import NameOID

from streams.inbound.call import Call
from streams.inbound.gateway import Gateway
from streams.inbound.mailgun import Mailgun
from streams.inbound.postmark import Postmark
from streams.inbound.sendgrid import SendGrid
from streams.inbound.ses import Ses, canonical
from streams.inbound.standard import Standard
from streams.inbound.told import Provider
from streams.inbound.twilio import Twilio, signature
from streams.inbound.whatsapp import Whatsapp

NOW = 1_772_474_400_000
URL = "https://mail.shop.example"
SECRET = "s3cret-of-sixteen-or-more"
SIGNING_URL = "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-0123.pem"
TOPIC = "arn:aws:sns:eu-west-1:123456789012:mail"


@cache
def ec_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


@cache
def rsa_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)


@cache
def certificate() -> bytes:
    """One of "Amazon's", in PEM form."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sns.amazonaws.com")])
    began = datetime(2026, 1, 1, tzinfo=UTC)
    built = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(rsa_key().public_key())
    built = built.serial_number(1).not_valid_before(began).not_valid_after(began + timedelta(days=400))
    return built.sign(rsa_key(), SHA256()).public_bytes(Encoding.PEM)


STANDARD = "whsec_" + base64.b64encode(SECRET.encode()).decode()


def providers() -> dict[str, Provider]:
    der = ec_key().public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return {
        "twilio": Twilio(SECRET),
        "whatsapp": Whatsapp(SECRET, "a-word-of-ours"),
        "gateway": Gateway(header="X-Key", secret=SECRET, statuses={"DELIVRD": "delivered", "UNDELIV": "dead"}),
        "hmac-gateway": Gateway(header="X-Signature", secret=SECRET, hmac=True, statuses={"OK": "delivered"}),
        "sendgrid": SendGrid(base64.b64encode(der).decode()),
        "mailgun": Mailgun(SECRET),
        "ses": Ses((TOPIC,)),
        "postmark": Postmark("shop", SECRET),
        "standard": Standard(STANDARD),
    }


def twilio(now: int, ref: str = "", **fields: str) -> Call:
    url = f"{URL}/in/twilio" + (f"?ref={ref}" if ref else "")
    headers = {"x-twilio-signature": signature(SECRET, url, list(fields.items()))}
    headers["content-type"] = "application/x-www-form-urlencoded"
    return Call("POST", url, headers, {"ref": ref} if ref else {}, urlencode(fields).encode(), now)


def whatsapp(now: int, value: dict[str, Any]) -> Call:
    body = json.dumps({"object": "whatsapp_business_account", "entry": [{"changes": [{"value": value}]}]}).encode()
    headers = {"x-hub-signature-256": "sha256=" + hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()}
    return Call("POST", f"{URL}/in/whatsapp", headers, {}, body, now)


def gateway(now: int, fields: dict[str, Any]) -> Call:
    headers = {"x-key": SECRET, "content-type": "application/json"}
    return Call("POST", f"{URL}/in/gateway", headers, {}, json.dumps(fields).encode(), now)


def hmac_gateway(now: int, fields: dict[str, Any]) -> Call:
    body = urlencode(fields).encode()
    headers = {"x-signature": hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()}
    return Call("POST", f"{URL}/in/hmac-gateway", headers, {}, body, now)


def sendgrid(now: int, events: Any) -> Call:
    body, stamp = json.dumps(events).encode(), str(now // 1000)
    given = ec_key().sign(stamp.encode() + body, ec.ECDSA(SHA256()))
    headers = {
        "x-twilio-email-event-webhook-timestamp": stamp,
        "x-twilio-email-event-webhook-signature": base64.b64encode(given).decode(),
    }
    return Call("POST", f"{URL}/in/sendgrid", headers, {}, body, now)


def mailgun(now: int, event: dict[str, Any], token: str = "t" * 50) -> Call:
    stamp = str(now // 1000)
    given = hmac.new(SECRET.encode(), f"{stamp}{token}".encode(), hashlib.sha256).hexdigest()
    signed = {"timestamp": stamp, "token": token, "signature": given}
    body = json.dumps({"signature": signed, "event-data": event}).encode()
    return Call("POST", f"{URL}/in/mailgun", {}, {}, body, now)


def ses(now: int, message: Any, version: str = "2", **changed: str) -> Call:
    stamp = datetime.fromtimestamp(now / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    fields = {
        "Type": "Notification", "MessageId": "m-1", "TopicArn": TOPIC, "Message": json.dumps(message),
        "Timestamp": stamp, "SignatureVersion": version, "SigningCertURL": SIGNING_URL, **changed,
    }  # fmt: skip
    given = rsa_key().sign(canonical(fields), PKCS1v15(), SHA256() if version == "2" else SHA1())
    body = json.dumps({**fields, "Signature": base64.b64encode(given).decode()}).encode()
    return Call("POST", f"{URL}/in/ses", {}, {}, body, now)


def postmark(now: int, record: dict[str, Any]) -> Call:
    login = base64.b64encode(f"shop:{SECRET}".encode()).decode()
    return Call("POST", f"{URL}/in/postmark", {"authorization": f"Basic {login}"}, {}, json.dumps(record).encode(), now)


def standard(now: int, event: Any) -> Call:
    body, stamp = json.dumps(event).encode(), str(now // 1000)
    digest = hmac.new(SECRET.encode(), f"msg-1.{stamp}.".encode() + body, hashlib.sha256).digest()
    headers = {
        "webhook-id": "msg-1", "webhook-timestamp": stamp,
        "webhook-signature": f"v1,{base64.b64encode(b'other').decode()} v1,{base64.b64encode(digest).decode()}",
    }  # fmt: skip
    return Call("POST", f"{URL}/in/standard", headers, {}, body, now)


async def amazon(url: str) -> bytes:
    """What is fetched at Amazon's."""
    return certificate()


MAIL = {"messageId": "ses-1", "destination": ["ann@shop.example"]}
SIGNED: dict[str, Callable[[int], Call]] = {
    "twilio": lambda now: twilio(now, "r", MessageSid="SM1", MessageStatus="delivered", To="+33612345678"),
    "whatsapp": lambda now: whatsapp(now, {"statuses": [{"id": "w1", "status": "delivered", "timestamp": "1"}]}),
    "gateway": lambda now: gateway(now, {"id": "g1", "status": "DELIVRD", "ref": "r"}),
    "hmac-gateway": lambda now: hmac_gateway(now, {"id": "g1", "status": "OK", "ref": "r"}),
    "sendgrid": lambda now: sendgrid(now, [{"event": "delivered", "sg_event_id": "e1", "smtp-id": "<r@x>"}]),
    "mailgun": lambda now: mailgun(now, {"event": "delivered", "id": "e1"}),
    "ses": lambda now: ses(now, {"eventType": "Delivery", "mail": MAIL, "delivery": {}}),
    "postmark": lambda now: postmark(now, {"RecordType": "Delivery", "MessageID": "p1", "Tag": "r"}),
    "standard": lambda now: standard(now, {"type": "message.delivered", "reference": "r"}),
}
"""A delivery, told by each."""
TIMED = {"sendgrid", "mailgun", "ses", "standard"}
"""Those whose signature covers an instant."""

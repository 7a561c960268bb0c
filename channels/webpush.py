"""Web Push to browsers: encrypted to the one browser (RFC 8291), signed by our key (RFC 8292), one POST a message.

Needs the extra `webpush`.
"""

import base64
import binascii
import hashlib
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import http_ece
import msgspec
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey as PublicKey
from py_vapid import Vapid02, VapidException
from yarl import URL

from channels.accounts import read_account, refuse
from channels.channel import Away, Declined, Outgoing, Permanent, Sent, Transient, Unknown
from channels.http import Http, body_of, retry_after
from channels.several import apart

VARIABLE = "SILLAGE_WEBPUSH"
SERVICES = (
    "fcm.googleapis.com",
    "updates.push.services.mozilla.com",
    "web.push.apple.com",
    "*.notify.windows.com",
)
"""Those of the browsers. A subscription comes from outside: no other address is called for it."""
MAX_BYTES = 3993
"""Of what is told: encrypted it has 103 more, and no service need take over 4,096."""
QUOTA_SECONDS = 60.0
LIVES_SECONDS = 12 * 3600
EARLY_SECONDS = 3600
"""How long a signed claim holds, a day at most, and how long before its end it is signed anew."""
_MAX_TTL_SECONDS = 28 * 24 * 3600
_MOST_CLAIMS = 1024
_LONGEST_ENDPOINT = 2048
_HOST = re.compile(r"[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?")
_SERVICE = re.compile(r"(?:\*\.|https?://)?[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?(?::[0-9]{1,5})?")
_UNREADABLE = (msgspec.MsgspecError, UnicodeError, RecursionError)
_EXAMPLE = '{"key": "-----BEGIN PRIVATE KEY-----...", "contact": "mailto:push@shop.example"}'


class WebpushAccount(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Our key (P-256, as PEM or base64url), whom a push service may write to, and which services are called."""

    key: str
    contact: str
    services: tuple[str, ...] = SERVICES
    timeout_seconds: float = 10.0

    @property
    def fault(self) -> str:
        """What is wrong with it, empty for nothing."""
        try:
            signer(self.key).sign({"sub": self.contact, "aud": "https://push.example"})
        except VapidException:
            return "contact is none, expected one such as mailto:push@shop.example"
        except (ValueError, TypeError):
            return "key is none, expected PEM or base64url of a private key of P-256"
        if wrong := [service for service in self.services if not _SERVICE.fullmatch(service)]:
            return f"services: {wrong[0]!r} is none, expected a host such as push.example, or *.push.example"
        return "" if self.timeout_seconds > 0 else "timeout_seconds is not above 0"


class Keys(msgspec.Struct, frozen=True):
    """What the browser made for itself: its public key, and a secret."""

    p256dh: str
    auth: str


class Subscription(msgspec.Struct, frozen=True):
    """What `pushManager.subscribe()` gives, as JSON."""

    endpoint: str
    keys: Keys


class Webpush:
    """The channel. The recipient is the JSON of a subscription; `now` gives seconds since the epoch.

    Each service that the account may call is a provider of its own, with so many `connections`.
    """

    name = "webpush"
    at_most_once = True

    def __init__(self, account: WebpushAccount, *, now: Callable[[], float], connections: int = 16) -> None:
        self._account = account
        self._signer = signer(account.key)
        self._now = now
        self._providers = apart({service: service for service in account.services})
        self._https = {provider: Http(connections) for provider in self._providers.values()}
        seconds = account.timeout_seconds
        self._timeout = aiohttp.ClientTimeout(total=None, sock_connect=seconds, sock_read=seconds)
        self._claims: dict[str, tuple[str, float]] = {}

    @property
    def public_key(self) -> str:
        """The public half of our key, as pages subscribe with it: `applicationServerKey`."""
        point = self._signer.public_key.public_bytes(
            serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
        )
        return base64.urlsafe_b64encode(point).rstrip(b"=").decode()

    def provider_of(self, recipient: str) -> str:
        """The service, as the account names it: all hosts of `*.push.example` are one."""
        try:
            found = msgspec.json.decode(recipient.encode(), type=Subscription)
            return self._providers[_called(found.endpoint, self._account.services)[1]]
        except (*_UNREADABLE, Permanent):
            return ""

    async def send(self, outgoing: Outgoing) -> Sent:
        """Hands one message to the service of the browser, which keeps it no longer than it is worth anything."""
        subscription, public, secret = _subscription(outgoing.recipient)
        origin, service = _called(subscription.endpoint, self._account.services)
        body = http_ece.encrypt(
            _told(outgoing), private_key=generate_private_key(SECP256R1()), dh=public, auth_secret=secret
        )
        headers = {**_headers(outgoing), "Authorization": self._claim(origin)}
        url = URL(subscription.endpoint, encoded=True)
        try:
            async with self._https[self._providers[service]].session.post(
                url, data=body, headers=headers, timeout=self._timeout, allow_redirects=False
            ) as answer:
                await body_of(answer)
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as fault:
            raise Away("webpush_unreachable") from fault
        except (aiohttp.ClientError, TimeoutError, OSError) as fault:
            raise Unknown("webpush_no_answer") from fault
        if answer.status in (200, 201, 202):
            return Sent(answer.headers.get("Location", "")[:200])
        raise self._verdict(answer.status, retry_after(answer), origin)

    async def close(self) -> None:
        for http in self._https.values():
            await http.close()

    def _claim(self, origin: str) -> str:
        """The signed claim that the service knows us by."""
        now = self._now()
        claim, until = self._claims.get(origin, ("", 0.0))
        if now >= until:
            told = {"sub": self._account.contact, "aud": origin, "exp": int(now) + LIVES_SECONDS}
            claim, until = self._signer.sign(told)["Authorization"], now + LIVES_SECONDS - EARLY_SECONDS
            if len(self._claims) >= _MOST_CLAIMS:
                self._claims.clear()
            self._claims[origin] = (claim, until)
        return claim

    def _verdict(self, status: int, wait: float | None, origin: str) -> Exception:
        """What an answer means (RFC 8030, 8292); 401 may be of the one subscription, so it is not waited for."""
        name = f"webpush_{status}"
        if status == 401:
            self._claims.pop(origin, None)
            return Declined(name, wait)
        if status == 429:
            return Transient(name, wait or QUOTA_SECONDS)
        if status in (408, 425):
            return Transient(name, wait)
        if status == 503 or 300 <= status < 400:
            return Away(name, wait)
        return Permanent(name, dead_address=status in (404, 410)) if 400 <= status < 500 else Unknown(name)


def webpush_channel(path: Path, now: Callable[[], float], connections: int = 16) -> Webpush:
    """The channel of the account that the file holds. Raises AccountError, without any secret."""
    account = read_account(path, VARIABLE, WebpushAccount, _EXAMPLE)
    refuse(path, VARIABLE, account.fault)
    return Webpush(account, now=now, connections=connections)


def signer(key: str) -> Any:
    """What signs claims by this key. Raises ValueError or TypeError for none."""
    if not key.startswith("-----BEGIN"):
        if len(_bytes(key.strip())) != 32:
            raise ValueError("no 32 bytes")
        return Vapid02.from_raw(key.strip().encode("ascii"))
    found = serialization.load_pem_private_key(key.encode(), None)
    if not isinstance(found, EllipticCurvePrivateKey) or not isinstance(found.curve, SECP256R1):
        raise ValueError("no key of P-256")
    return Vapid02(found)


def _subscription(recipient: str) -> tuple[Subscription, bytes, bytes]:
    """The subscription, the browser's public key and its secret. Raises Permanent for what is none."""
    try:
        found = msgspec.json.decode(recipient.encode(), type=Subscription)
        public, secret = _bytes(found.keys.p256dh), _bytes(found.keys.auth)
        PublicKey.from_encoded_point(SECP256R1(), public)
    except (*_UNREADABLE, ValueError) as fault:
        raise Permanent("webpush_bad_subscription", dead_address=True) from fault
    if len(public) != 65 or len(secret) != 16:
        raise Permanent("webpush_bad_subscription", dead_address=True)
    return found, public, secret


def _bytes(text: str) -> bytes:
    try:
        return base64.b64decode(text.rstrip("=") + "=" * (-len(text.rstrip("=")) % 4), b"-_", validate=True)
    except binascii.Error as fault:
        raise ValueError("no base64url") from fault


def _called(endpoint: str, services: tuple[str, ...]) -> tuple[str, str]:
    """Scheme, host and port of where it is called, and which of the services that is.

    Raises Permanent for one that is not called, whoever subscribed.
    """
    try:
        parts = urlsplit(endpoint)
        sound = len(endpoint) <= _LONGEST_ENDPOINT and all("!" <= character <= "~" for character in endpoint)
        host, port = parts.hostname or "", f":{parts.port}" if parts.port else ""
    except ValueError:
        sound, host, port = False, "", ""
    if not sound or not _HOST.fullmatch(host) or "@" in parts.netloc or "\\" in endpoint:
        raise Permanent("webpush_bad_subscription", dead_address=True)
    origin = f"{parts.scheme}://{host}{port}"
    known = (host, f"*.{host.partition('.')[2]}") if parts.scheme == "https" and not port else (origin,)
    service = next((each for each in known if each in services), "")
    if not service:
        raise Permanent("webpush_unknown_service")
    return origin, service


def _told(outgoing: Outgoing) -> bytes:
    """What the service worker gets, as JSON. Raises Permanent('webpush_too_large')."""
    rendered = outgoing.rendered
    texts = {"title": rendered.subject, "body": rendered.text, "link": rendered.link, "image": rendered.image}
    told = {name: text for name, text in texts.items() if text}
    data = {**rendered.data, "action_id": outgoing.action_id}
    found = json.dumps({**told, "data": data}, ensure_ascii=False).encode("utf-8", "replace")
    if len(found) > MAX_BYTES:
        raise Permanent("webpush_too_large")
    return found


def _headers(outgoing: Outgoing) -> dict[str, str]:
    seconds = _MAX_TTL_SECONDS
    if outgoing.valid_ms:
        seconds = max(0, min(seconds, outgoing.valid_ms // 1000))
    digest = hashlib.sha256(outgoing.action_id.encode("utf-8", "replace")).digest()
    return {
        "Content-Encoding": "aes128gcm",
        "Content-Type": "application/octet-stream",
        "TTL": str(seconds),
        "Urgency": "high" if outgoing.class_ == "critical" else "normal",
        # A second copy of one action, should there ever be one, takes the place of the first where that still waits.
        "Topic": base64.urlsafe_b64encode(digest)[:32].decode(),
    }

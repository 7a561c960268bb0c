"""A stand-in for the push service of a browser, and for the browser itself: it decrypts what comes, on this machine."""

import asyncio
import base64
import json
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import http_ece
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from py_vapid import Vapid02

from local.threaded import ThreadedHttp

HANG = "HANG"
DROP = "DROP"
MAX_BYTES = 4096


@dataclass(frozen=True)
class Browser:
    """One browser that subscribed: its key, its secret, and the one whose messages it takes."""

    key: EllipticCurvePrivateKey
    secret: bytes
    sender: str


@dataclass(frozen=True)
class Shown:
    """One message as it came to a browser, decrypted, and the headers that the service saw."""

    browser: str
    told: dict[str, Any]
    headers: dict[str, str]


class WebpushService(ThreadedHttp):
    """The service. `subscribe` is what a browser does on a page; `write_account` writes the file of the one sender.

    `answers` maps the name of a browser to what a message to it gets: a status, HANG for no answer until it stops, DROP
    to close the connection once the message was taken. `retry_after` (seconds) goes with errors where set. A message is
    kept before it is answered.
    """

    def __init__(self) -> None:
        super().__init__()
        self.shown: list[Shown] = []
        self.answers: dict[str, int | str] = {}
        self.retry_after: int | None = None
        self.sender = generate_private_key(SECP256R1())
        self._browsers: dict[str, Browser] = {}

    @property
    def url(self) -> str:
        """Its address, http://host:port."""
        return f"http://127.0.0.1:{self.port}"

    def write_account(self, path: Path, timeout_seconds: float = 10.0) -> Path:
        """Writes the file that SILLAGE_WEBPUSH names, for the owner's eyes only."""
        path.touch(mode=0o600)
        key = self.sender.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
        account = {
            "key": key, "contact": "mailto:push@shop.example", "services": [self.url],
            "timeout_seconds": timeout_seconds,
        }  # fmt: skip
        path.write_text(json.dumps(account))
        return path

    def subscribe(self, name: str, sender: EllipticCurvePrivateKey | None = None) -> str:
        """The JSON of a new subscription of this browser, to messages of the one sender, or of another."""
        public = _base64(
            (sender or self.sender).public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        )
        browser = Browser(generate_private_key(SECP256R1()), secrets.token_bytes(16), public)
        self._browsers[name] = browser
        own = browser.key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        keys = {"p256dh": _base64(own), "auth": _base64(browser.secret)}
        return json.dumps({"endpoint": f"{self.url}/push/{name}", "expirationTime": None, "keys": keys})

    def _routes(self) -> Iterable[web.RouteDef]:
        return [web.post("/push/{name}", self._take)]

    async def _take(self, request: web.Request) -> web.StreamResponse:
        name, body = request.match_info["name"], await request.read()
        browser = self._browsers.get(name)
        if browser is None:
            return self._error(410)
        if refused := self._refused(browser, request, body):
            return self._error(refused)
        answer = self.answers.get(name, 201)
        if answer == HANG:
            await asyncio.Event().wait()
        if isinstance(answer, int) and answer != 201:
            return self._error(answer)
        told = json.loads(http_ece.decrypt(body, private_key=browser.key, auth_secret=browser.secret))
        self.shown.append(Shown(name, told, dict(request.headers)))
        if answer == DROP and request.transport is not None:
            request.transport.abort()
        return web.Response(status=201, headers={"Location": f"{self.url}/message/{secrets.token_hex(8)}"})

    def _refused(self, browser: Browser, request: web.Request, body: bytes) -> int:
        """The status with which a service refuses a request, 0 for none."""
        headers = request.headers
        if not headers.get("TTL", "").isdecimal() or headers.get("Content-Encoding") != "aes128gcm":
            return 400
        if len(body) > MAX_BYTES:
            return 413
        scheme, _, rest = headers.get("Authorization", "").partition(" ")
        given = dict(part.strip().partition("=")[::2] for part in rest.split(","))
        if scheme != "vapid" or not _is_signed(given.get("t", ""), given.get("k", ""), self.url):
            return 401
        return 403 if given["k"] != browser.sender else 0

    def _error(self, status: int) -> web.Response:
        headers = {"Retry-After": str(self.retry_after)} if self.retry_after is not None else {}
        return web.Response(status=status, headers=headers)


def _is_signed(token: str, key: str, audience: str) -> bool:
    """Whether the claim is signed by that key, and for this service."""
    head, _, signature = token.rpartition(".")
    try:
        claims = json.loads(base64.urlsafe_b64decode(head.partition(".")[2] + "=="))
        signed = Vapid02.from_raw_public(key.encode()).verify_token(head.encode(), signature)
    except (ValueError, TypeError, AttributeError):
        return False
    return bool(signed) and claims["aud"] == audience and claims["sub"].startswith("mailto:")


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()

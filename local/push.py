"""A stand-in for Firebase Cloud Messaging that answers as the real service does, errors included, on this machine."""

import asyncio
import base64
import json
import secrets
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aiohttp import web
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from google.auth import jwt

from local.threaded import ThreadedHttp

PROJECT = "sillage-town"
HANG = "HANG"
DROP = "DROP"
ERRORS: dict[str, tuple[int, str]] = {
    "UNREGISTERED": (404, "NOT_FOUND"),
    "INVALID_ARGUMENT": (400, "INVALID_ARGUMENT"),
    "SENDER_ID_MISMATCH": (403, "PERMISSION_DENIED"),
    "PERMISSION_DENIED": (403, "PERMISSION_DENIED"),
    "UNAUTHENTICATED": (401, "UNAUTHENTICATED"),
    "QUOTA_EXCEEDED": (429, "RESOURCE_EXHAUSTED"),
    "UNAVAILABLE": (503, "UNAVAILABLE"),
    "INTERNAL": (500, "INTERNAL"),
}
"""By the code of the service: the HTTP status and the general one."""
MAX_BYTES = 4096
_ERROR_TYPE = "type.googleapis.com/google.firebase.fcm.v1.FcmError"


@dataclass(frozen=True)
class Landed:
    """One push as it came to a device."""

    token: str
    title: str
    body: str
    data: dict[str, str]
    message: dict[str, Any]


class PushService(ThreadedHttp):
    """The service, with one project and one account.

    `answers` maps a device token to what it gets: a code of ERRORS, HANG for no answer until it stops, DROP to close
    the connection once the message was taken. `retry_after` (seconds) goes with errors where set, and `token_lives`
    says for how long an access token holds. A push is kept before it is answered; `on_push` hears of it in the thread
    of the service.
    """

    def __init__(self, on_push: Callable[[Landed], None] | None = None) -> None:
        super().__init__()
        self.pushes: list[Landed] = []
        self.answers: dict[str, str] = {}
        self.retry_after: int | None = None
        self.token_lives = 3600
        self.logins = 0
        self._on_push = on_push
        self._key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self._access: dict[str, float] = {}
        self._closed = False

    @property
    def url(self) -> str:
        """Its address, http://host:port."""
        return f"http://127.0.0.1:{self.port}"

    def write_account(self, path: Path) -> Path:
        """Writes the JSON of its one service account, as the console gives it, for the owner's eyes only."""
        key = self._key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        account = {
            "type": "service_account",
            "project_id": PROJECT,
            "private_key_id": "1",
            "private_key": key.decode(),
            "client_email": f"push@{PROJECT}.example",
            "token_uri": f"{self.url}/token",
        }
        path.touch(mode=0o600)
        path.write_text(json.dumps(account))
        return path

    def revoke(self) -> None:
        """No access token holds any more."""
        self._access.clear()

    def close_account(self) -> None:
        """The account is none any more: it gets no token, and those that it has do not hold."""
        self.revoke()
        self._closed = True

    def _routes(self) -> Iterable[web.RouteDef]:
        return [web.post("/token", self._login), web.post("/v1/projects/{project}/messages:send", self._send)]

    async def _login(self, request: web.Request) -> web.StreamResponse:
        if self._closed:
            told = {"error": "invalid_grant", "error_description": "Invalid grant: account not found"}
            return web.json_response(told, status=400)
        form = await request.post()
        public = self._key.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        try:
            jwt.decode(str(form["assertion"]), certs=public, audience=f"{self.url}/token")
        except Exception as fault:
            return web.json_response({"error": "invalid_grant", "error_description": str(fault)}, status=400)
        self.logins += 1
        access = secrets.token_urlsafe(24)
        self._access[access] = time.time() + self.token_lives
        return web.json_response({"access_token": access, "expires_in": self.token_lives, "token_type": "Bearer"})

    async def _send(self, request: web.Request) -> web.StreamResponse:
        bearer = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if self._access.get(bearer, 0) < time.time():
            return self._error("UNAUTHENTICATED", "the access token is missing or has ended")
        if request.match_info["project"] != PROJECT:
            return self._error("PERMISSION_DENIED", "another project")
        try:
            message = json.loads(await request.read())["message"]
            landed = _landed(message)
        except (ValueError, KeyError, TypeError) as fault:
            return self._error("INVALID_ARGUMENT", str(fault))
        answer = self.answers.get(landed.token, "")
        if answer == HANG:
            await asyncio.Event().wait()
        if answer in ERRORS:
            return self._error(answer, f"told to answer {answer}")
        self.pushes.append(landed)
        if self._on_push is not None:
            self._on_push(landed)
        if answer == DROP and request.transport is not None:
            request.transport.abort()
        name = base64.urlsafe_b64encode(secrets.token_bytes(9)).decode()
        return web.json_response({"name": f"projects/{PROJECT}/messages/{name}"})

    def _error(self, code: str, why: str) -> web.Response:
        status, general = ERRORS[code]
        error: dict[str, Any] = {"code": status, "message": why, "status": general}
        if code not in ("UNAUTHENTICATED", "PERMISSION_DENIED"):
            error["details"] = [{"@type": _ERROR_TYPE, "errorCode": code}]
        headers = {"Retry-After": str(self.retry_after)} if self.retry_after is not None else {}
        return web.json_response({"error": error}, status=status, headers=headers)


def _landed(message: dict[str, Any]) -> Landed:
    """What the service takes. Raises ValueError with the field that it does not."""
    notification, data = message.get("notification", {}), message.get("data", {})
    if not isinstance(message.get("token"), str) or not message["token"]:
        raise ValueError("message.token: a registration token is expected")
    if not all(isinstance(value, str) for value in data.values()):
        raise ValueError("message.data: every value must be a text")
    reserved = [name for name in data if name in ("from", "message_type") or name.startswith(("google", "gcm"))]
    if reserved:
        raise ValueError(f"message.data: {reserved[0]} is reserved")
    if not str(message.get("android", {}).get("ttl", "0s")).endswith("s"):
        raise ValueError("message.android.ttl: a duration such as 3.5s is expected")
    if len(json.dumps({"notification": notification, "data": data}, ensure_ascii=False).encode()) > MAX_BYTES:
        raise ValueError("the message is too big")
    return Landed(message["token"], notification.get("title", ""), notification.get("body", ""), data, message)

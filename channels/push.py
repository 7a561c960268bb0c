"""Push to apps by Firebase Cloud Messaging, HTTP v1: one POST a message, and what each answer says of its fate.

Source: firebase.google.com/docs/reference/fcm/rest/v1/projects.messages and .../v1/ErrorCode.
"""

import asyncio
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import aiohttp
from google.auth import crypt, jwt

from channels.accounts import header_fault
from channels.channel import Away, Outgoing, Permanent, Sent, Transient, Unknown
from channels.http import Http, json_of, retry_after

SCOPE = "https://www.googleapis.com/auth/firebase.messaging"
GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
MAX_BYTES = 4096
"""Of notification and data together; the service refuses more."""
LIVES_SECONDS = 3600
EARLY_SECONDS = 300
"""How long a signed claim holds, and how long before its end an access token is renewed."""
QUOTA_SECONDS = 60.0
"""How long to wait after the quota was used up where the answer does not say."""
_CODE = re.compile(r"[A-Z_]{1,60}")
_MAX_TTL_SECONDS = 28 * 24 * 3600


class PushCredentialsError(Exception):
    """The file of the service account cannot be used: which, what is wrong, and where to get one."""


class ServiceAccount:
    """The account that signs in, from the JSON file that Firebase gives for it."""

    def __init__(self, path: Path) -> None:
        """Reads the file. Raises PushCredentialsError, without any of its content."""
        cure = "download one in the Firebase console, under service accounts, and set SILLAGE_PUSH to its path"
        try:
            found = json.loads(path.read_text())
            self.project, self.email, self.token_uri = (
                str(found[name]) for name in ("project_id", "client_email", "token_uri")
            )
            self._signer = crypt.RSASigner.from_service_account_info(found)
        except (OSError, ValueError, KeyError, TypeError) as fault:
            what = fault.strerror if isinstance(fault, OSError) else f"no service account ({type(fault).__name__})"
            raise PushCredentialsError(f"SILLAGE_PUSH {path}: {what}; {cure}") from None

    def claim(self, now: float) -> str:
        """A signed claim to an access token, at `now` (seconds since the epoch)."""
        payload = {
            "iss": self.email, "scope": SCOPE, "aud": self.token_uri, "iat": int(now), "exp": int(now) + LIVES_SECONDS,
        }  # fmt: skip
        signed: bytes = jwt.encode(self._signer, payload)
        return signed.decode()


class Push:
    """The push channel. The recipient is the token of an app on a device; `now` gives seconds since the epoch."""

    name = "push"
    at_most_once = True

    def __init__(
        self,
        account: ServiceAccount,
        *,
        url: str,
        now: Callable[[], float],
        connections: int = 8,
        timeout_seconds: float = 10.0,
    ) -> None:
        self._account = account
        self._url = f"{url.rstrip('/')}/v1/projects/{account.project}/messages:send"
        self._now = now
        self._http = Http(connections)
        self._timeout = aiohttp.ClientTimeout(total=None, sock_connect=timeout_seconds, sock_read=timeout_seconds)
        self._token = ""
        self._token_until = 0.0
        self._signing_in = asyncio.Lock()

    async def send(self, outgoing: Outgoing) -> Sent:
        """Hands one message to the service, which brings it to the device no later than it is worth anything."""
        message = _message(outgoing, self._now())
        token = await self._access()
        try:
            async with self._http.session.post(
                self._url,
                json={"message": message},
                headers={"Authorization": f"Bearer {token}"},
                timeout=self._timeout,
                allow_redirects=False,
            ) as answer:
                told = await json_of(answer)
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as fault:
            raise Away("push_unreachable") from fault
        except (aiohttp.ClientError, TimeoutError, OSError) as fault:
            raise Unknown("push_no_answer") from fault
        if answer.status == 200:
            return Sent(str(told.get("name", ""))[:200])
        raise self._verdict(answer, told)

    async def close(self) -> None:
        await self._http.close()

    async def _access(self) -> str:
        """The access token, renewed before it ends. Raises Away: without one no message is at fault."""
        async with self._signing_in:
            now = self._now()
            if now >= self._token_until:
                await self._sign_in(now)
            return self._token

    async def _sign_in(self, now: float) -> None:
        form = {"grant_type": GRANT, "assertion": self._account.claim(now)}
        try:
            async with self._http.session.post(
                self._account.token_uri, data=form, timeout=self._timeout, allow_redirects=False
            ) as answer:
                told = await json_of(answer)
        except (aiohttp.ClientError, TimeoutError, OSError) as fault:
            raise Away("push_login_unreachable") from fault
        token: Any = told.get("access_token")
        lives = told.get("expires_in", LIVES_SECONDS)
        sound = isinstance(token, str) and not header_fault(token) and isinstance(lives, int | float)
        if answer.status != 200 or not sound:
            raise Away("push_login")
        self._token = token
        self._token_until = now + lives - EARLY_SECONDS

    def _verdict(self, answer: aiohttp.ClientResponse, told: dict[str, Any]) -> Exception:
        code = _error_code(told)
        code = code if _CODE.fullmatch(code) else str(answer.status)
        name = f"push_{code.lower()}"
        wait = retry_after(answer)
        if answer.status == 401:
            self._token_until = 0.0
            return Away("push_login")
        if answer.status == 429:
            return Transient(name, wait or QUOTA_SECONDS)
        if answer.status == 403 and code != "SENDER_ID_MISMATCH":
            return Away(name)
        if answer.status == 503 or 300 <= answer.status < 400:
            return Away(name, wait)
        if answer.status >= 500:
            return Transient(name, wait)
        return Permanent(name, dead_address=code == "UNREGISTERED")


def _message(outgoing: Outgoing, now: float) -> dict[str, Any]:
    """The message as the service wants it. Raises Permanent('push_too_large')."""
    rendered = outgoing.rendered
    notification = {"title": rendered.subject, "body": rendered.text, "image": rendered.image}
    content: dict[str, Any] = {
        "notification": {name: text for name, text in notification.items() if text},
        "data": {**rendered.data, "action_id": outgoing.action_id},
    }
    if rendered.link:
        content["data"]["link"] = rendered.link
    if len(json.dumps(content, ensure_ascii=False).encode()) > MAX_BYTES:
        raise Permanent("push_too_large")
    seconds = _MAX_TTL_SECONDS
    if outgoing.valid_ms:
        seconds = max(0, min(seconds, outgoing.valid_ms // 1000))
    return {
        "token": outgoing.recipient,
        **content,
        "android": {"ttl": f"{seconds}s"},
        # A second copy of one action, should there ever be one, takes the place of the first on the device.
        "apns": {"headers": {"apns-expiration": str(int(now) + seconds), "apns-collapse-id": outgoing.action_id[:64]}},
    }


def _error_code(told: dict[str, Any]) -> str:
    """The code of the service where it gives one, else the general status."""
    error = told.get("error")
    if not isinstance(error, dict):
        return ""
    details = error.get("details")
    for detail in details if isinstance(details, list) else []:
        if isinstance(detail, dict) and isinstance(detail.get("errorCode"), str):
            return str(detail["errorCode"])
    return str(error.get("status", ""))

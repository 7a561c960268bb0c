"""Stand-ins for providers of SMS on this machine: one that answers as Twilio does, and a gateway that drops repeats."""

import asyncio
import base64
import hmac
import json
import re
import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiohttp import web

from local.threaded import ThreadedHttp

HANG = "HANG"
DROP = "DROP"
GARBLED = "GARBLED"
ACCOUNT = "AC" + "0" * 32
SENDER = "+33700000000"
ERRORS: dict[int, tuple[int, str]] = {
    20003: (401, "Authenticate"),
    20404: (404, "The requested resource was not found"),
    20429: (429, "Too many requests"),
    20500: (500, "Internal server error"),
    20503: (503, "Service unavailable"),
    21211: (400, "The 'To' number is not a valid phone number"),
    21408: (400, "Permission to send an SMS has not been enabled for the region"),
    21602: (400, "Message body is required"),
    21606: (400, "The 'From' phone number is not a valid, SMS-capable number of this account"),
    21610: (400, "Attempt to send to unsubscribed recipient"),
    21611: (400, "This 'From' number has exceeded the maximum number of queued messages"),
    21612: (400, "The 'To' phone number is not currently reachable via SMS"),
    21614: (400, "'To' number is not a valid mobile number"),
    21617: (400, "The concatenated message body exceeds the 1600 character limit"),
    63038: (429, "Account exceeded the daily messages limit"),
}
"""By the code of the provider: the HTTP status, and what it says."""
FAILURES = (30001, 30002, 30003, 30004, 30005, 30006, 30007, 30008)
"""Codes with which a message that was taken is told to have failed."""


@dataclass(frozen=True)
class Texted:
    """One SMS as it was taken."""

    to: str
    text: str
    fields: dict[str, str] = field(default_factory=dict)


class TwilioService(ThreadedHttp):
    """The provider, with one account.

    `answers` maps a number to what it gets: a code of ERRORS or FAILURES, a bare HTTP status below 600, HANG for no
    answer until it stops, DROP to close the connection once the message was taken, GARBLED for an answer without a
    name. `retry_after` (seconds) goes with errors where set. A message is kept before it is answered.
    """

    def __init__(self, on_text: Callable[[Texted], None] | None = None) -> None:
        super().__init__()
        self.texts: list[Texted] = []
        self.answers: dict[str, int | str] = {}
        self.retry_after: int | None = None
        self.token = secrets.token_hex(16)
        self._on_text = on_text

    @property
    def url(self) -> str:
        """Its address, http://host:port."""
        return f"http://127.0.0.1:{self.port}"

    def write_account(self, path: Path, timeout_seconds: float = 10.0) -> Path:
        """Writes the file that SILLAGE_SMS names, for the owner's eyes only."""
        path.touch(mode=0o600)
        account = {"kind": "twilio", "account": ACCOUNT, "token": self.token, "sender": SENDER, "url": self.url}
        path.write_text(json.dumps({**account, "timeout_seconds": timeout_seconds}))
        return path

    def _routes(self) -> Iterable[web.RouteDef]:
        return [web.post("/2010-04-01/Accounts/{account}/Messages.json", self._create)]

    async def _create(self, request: web.Request) -> web.StreamResponse:
        if not self._may(request):
            return self._error(20003)
        if request.match_info["account"] != ACCOUNT:
            return self._error(20404)
        fields = {name: str(value) for name, value in (await request.post()).items()}
        if code := _refused(fields):
            return self._error(code)
        answer = self.answers.get(fields["To"], 0)
        if answer == HANG:
            await asyncio.Event().wait()
        if isinstance(answer, int) and answer:
            return self._told(answer)
        self._keep(Texted(fields["To"], fields["Body"], fields))
        if answer == DROP and request.transport is not None:
            request.transport.abort()
        return web.Response(status=201, text="<html>") if answer == GARBLED else _created("queued", None)

    def _may(self, request: web.Request) -> bool:
        wanted = "Basic " + base64.b64encode(f"{ACCOUNT}:{self.token}".encode()).decode()
        return hmac.compare_digest(request.headers.get("Authorization", ""), wanted)

    def _keep(self, texted: Texted) -> None:
        self.texts.append(texted)
        if self._on_text is not None:
            self._on_text(texted)

    def _told(self, code: int) -> web.Response:
        if code in FAILURES:
            return _created("failed", code)
        if code in ERRORS:
            return self._error(code)
        return web.Response(status=code, text="<html>from something in between</html>", headers=self._headers())

    def _error(self, code: int) -> web.Response:
        status, message = ERRORS[code]
        more = f"https://www.twilio.com/docs/errors/{code}"
        error = {"code": code, "message": message, "more_info": more, "status": status}
        return web.json_response(error, status=status, headers=self._headers())

    def _headers(self) -> dict[str, str]:
        return {"Retry-After": str(self.retry_after)} if self.retry_after is not None else {}


class SmsGateway(ThreadedHttp):
    """A gateway that takes `{"to", "text"}` with a key, and drops an id that it had.

    `answer` is the status that it gives now; HANG for none until it stops, DROP to close the connection once the
    message was taken. `code` stands at `error.code` of its answers where set. `repeats` counts the ids that it had.
    """

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[Texted] = []
        self.repeats = 0
        self.answer: int | str = 200
        self.code = ""
        self.retry_after: int | None = None
        self.key = secrets.token_hex(16)
        self._ids: set[str] = set()

    def account(self, **changed: Any) -> dict[str, Any]:
        """What the file that SILLAGE_SMS names holds."""
        return {
            "kind": "http", "url": f"http://127.0.0.1:{self.port}/send", "headers": {"X-Key": self.key},
            "body": {"to": "{to}", "message": {"text": "{text}", "parts": "{segments}"}}, "honours_id": True,
            "reference": "messages.0.id", "error": "error.code", "refused": ["BLOCKED"], "later": ["BUSY"], **changed,
        }  # fmt: skip

    def _routes(self) -> Iterable[web.RouteDef]:
        return [web.route(method, "/send", self._send) for method in ("POST", "PUT", "GET")]

    async def _send(self, request: web.Request) -> web.StreamResponse:
        if request.headers.get("X-Key") != self.key:
            return web.Response(status=401)
        told = await request.json() if request.content_type == "application/json" else dict(await request.post())
        told = told or dict(request.query)
        if self.answer == HANG:
            await asyncio.Event().wait()
        headers = {"Retry-After": str(self.retry_after)} if self.retry_after is not None else {}
        if self.code or (isinstance(self.answer, int) and self.answer >= 300):
            return web.json_response({"error": {"code": self.code}}, status=int(self.answer), headers=headers)
        name = request.headers["Idempotency-Key"]
        if name in self._ids:
            self.repeats += 1
        else:
            self._ids.add(name)
            self.texts.append(_texted(told, name))
        if self.answer == DROP and request.transport is not None:
            request.transport.abort()
        return web.json_response({"messages": [{"id": f"m-{name}"}]})


def _refused(fields: dict[str, str]) -> int:
    """The code with which Twilio refuses the fields of a message, 0 for none."""
    if not re.fullmatch(r"\+[1-9][0-9]{6,14}", fields.get("To", "")):
        return 21211
    if fields.get("From") != SENDER:
        return 21606
    if not fields.get("Body"):
        return 21602
    return 21617 if len(fields["Body"]) > 1600 else 0


def _created(status: str, code: int | None) -> web.Response:
    told = {"sid": "SM" + secrets.token_hex(16), "status": status, "error_code": code, "num_segments": "0"}
    return web.json_response(told, status=201)


def _texted(told: dict[str, Any], name: str) -> Texted:
    message = told.get("message", {})
    inner = message if isinstance(message, dict) else {"text": message}
    return Texted(str(told["to"]), str(inner["text"]), {"id": name, "parts": str(inner.get("parts", ""))})

"""A stand-in for WhatsApp's Business Cloud API that answers as Meta does, errors included, on this machine."""

import asyncio
import json
import re
import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aiohttp import web

from local.threaded import ThreadedHttp

HANG = "HANG"
DROP = "DROP"
GARBLED = "GARBLED"
PHONE_ID = "106540352242922"
ERRORS: dict[int, tuple[int, str]] = {
    0: (401, "AuthException"),
    1: (400, "API Unknown"),
    2: (503, "API Service"),
    4: (400, "API Too Many Calls"),
    10: (403, "Permission Denied"),
    100: (400, "Invalid parameter"),
    190: (401, "Access token has expired"),
    200: (403, "API Permission"),
    368: (403, "Temporarily blocked for policies violations"),
    80007: (400, "Rate limit issues"),
    130429: (400, "Rate limit hit"),
    130472: (400, "User's number is part of an experiment"),
    131000: (500, "Something went wrong"),
    131008: (400, "Required parameter is missing"),
    131009: (400, "Parameter value is not valid"),
    131026: (400, "Message undeliverable"),
    131042: (400, "Business eligibility payment issue"),
    131047: (400, "Re-engagement message"),
    131048: (400, "Spam rate limit hit"),
    131049: (400, "This message was not delivered to maintain healthy ecosystem engagement"),
    131056: (400, "(Business Account, Consumer Account) pair rate limit hit"),
    132000: (400, "Template param count mismatch"),
    132001: (404, "Template does not exist"),
    132015: (400, "Template is paused"),
    133010: (400, "Phone number not registered"),
}
"""By the code of Meta: the HTTP status, and the title."""


@dataclass(frozen=True)
class Arrived:
    """One message as it came to a phone."""

    to: str
    message: dict[str, Any]

    @property
    def texts(self) -> list[str]:
        """What its template was filled with, in order, or the one text."""
        if self.message["type"] == "text":
            return [self.message["text"]["body"]]
        parts = self.message["template"]["components"]
        return [each["text"] for part in parts for each in part["parameters"] if each["type"] == "text"]


class WhatsappService(ThreadedHttp):
    """The service, with one number, and `templates`: how many parameters the body of each has.

    `answers` maps a number to what it gets: a code of ERRORS, a bare HTTP status of 300 to 599 as text, HANG for no
    answer until it stops, DROP to close the connection once the message was taken, GARBLED for an answer without an
    id. `open_to` holds the numbers that wrote within 24 h. A message is kept before it is answered.
    """

    def __init__(self, on_message: Callable[[Arrived], None] | None = None) -> None:
        super().__init__()
        self.messages: list[Arrived] = []
        self.answers: dict[str, int | str] = {}
        self.templates: dict[str, int] = {"order_ready": 2}
        self.open_to: set[str] = set()
        self.retry_after: int | None = None
        self.token = secrets.token_hex(16)
        self._on_message = on_message

    @property
    def url(self) -> str:
        """Its address, http://host:port."""
        return f"http://127.0.0.1:{self.port}"

    def write_account(self, path: Path, timeout_seconds: float = 10.0) -> Path:
        """Writes the file that SILLAGE_WHATSAPP names, for the owner's eyes only."""
        path.touch(mode=0o600)
        account = {"phone_id": PHONE_ID, "token": self.token, "url": self.url, "timeout_seconds": timeout_seconds}
        path.write_text(json.dumps(account))
        return path

    def _routes(self) -> Iterable[web.RouteDef]:
        return [web.post("/{version}/{phone}/messages", self._send)]

    async def _send(self, request: web.Request) -> web.StreamResponse:
        if request.headers.get("Authorization") != f"Bearer {self.token}":
            return self._error(190)
        if request.match_info["phone"] != PHONE_ID:
            return self._error(100)
        try:
            message = json.loads(await request.read())
            code = self._refused(message)
        except (ValueError, KeyError, TypeError):
            return self._error(100)
        if code:
            return self._error(code)
        answer = self.answers.get(message["to"], "")
        if answer == HANG:
            await asyncio.Event().wait()
        if isinstance(answer, int):
            return self._error(answer)
        if answer.isdecimal():
            return web.Response(status=int(answer), text="<html>from something in between</html>")
        self._keep(Arrived(message["to"], message))
        if answer == DROP and request.transport is not None:
            request.transport.abort()
        return web.json_response({} if answer == GARBLED else _accepted(message["to"]))

    def _keep(self, arrived: Arrived) -> None:
        self.messages.append(arrived)
        if self._on_message is not None:
            self._on_message(arrived)

    def _refused(self, message: dict[str, Any]) -> int:
        """The code with which Meta refuses a message, 0 for none. Raises KeyError and the like for no message."""
        if message["messaging_product"] != "whatsapp" or not re.fullmatch(r"\+[1-9][0-9]{6,14}", message["to"]):
            return 100
        if message["type"] == "text":
            return 0 if message["to"] in self.open_to else 131047
        template = message["template"]
        if template["name"] not in self.templates or not template["language"]["code"]:
            return 132001
        bodies = [part["parameters"] for part in template["components"] if part["type"] == "body"]
        given = [each["text"] for body in bodies for each in body]
        if len(given) != self.templates[template["name"]]:
            return 132000
        return 131008 if not all(given) or any(re.search(r"[\n\t]| {5}", text) for text in given) else 0

    def _error(self, code: int) -> web.Response:
        status, title = ERRORS[code]
        error = {
            "message": f"(#{code}) {title}", "type": "OAuthException", "code": code,
            "error_data": {"messaging_product": "whatsapp", "details": title}, "fbtrace_id": secrets.token_hex(8),
        }  # fmt: skip
        headers = {"Retry-After": str(self.retry_after)} if self.retry_after is not None else {}
        return web.json_response({"error": error}, status=status, headers=headers)


def _accepted(to: str) -> dict[str, Any]:
    return {
        "messaging_product": "whatsapp",
        "contacts": [{"input": to, "wa_id": to.removeprefix("+")}],
        "messages": [{"id": "wamid." + secrets.token_hex(12), "message_status": "accepted"}],
    }

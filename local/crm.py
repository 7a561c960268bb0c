"""Stand-ins for CRMs on this machine: one that answers as HubSpot does, one as Salesforce does, errors included."""

import asyncio
import json
import re
import secrets
from abc import ABC, abstractmethod
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from aiohttp import web

from local.threaded import ThreadedHttp

HANG = "HANG"
DROP = "DROP"
HUBSPOT: dict[str, tuple[int, str, str]] = {
    "VALIDATION_ERROR": (400, "VALIDATION_ERROR", "Property values were not valid"),
    "INVALID_AUTHENTICATION": (401, "INVALID_AUTHENTICATION", "Authentication credentials not found."),
    "EXPIRED_AUTHENTICATION": (401, "EXPIRED_AUTHENTICATION", "The OAuth token used to make this call expired."),
    "MISSING_SCOPES": (403, "MISSING_SCOPES", "This app hasn't been granted all required scopes to make this call."),
    "OBJECT_NOT_FOUND": (404, "OBJECT_NOT_FOUND", "resource not found"),
    "CONFLICT": (409, "CONFLICT", "Contact already exists. Existing ID: 51"),
    "LOCKED": (423, "LOCKED", "The record is locked"),
    "DAILY": (429, "RATE_LIMITS", "You have reached your daily limit."),
    "TEN_SECONDLY_ROLLING": (429, "RATE_LIMITS", "You have reached your ten_secondly_rolling limit."),
    "SECONDLY": (429, "RATE_LIMITS", "You have reached your secondly limit."),
    "MIGRATION": (477, "MIGRATION_IN_PROGRESS", "The account is being migrated"),
    "INTERNAL": (500, "INTERNAL_ERROR", "internal error"),
}
"""By name: the status, the category, and what is said; that of a 429 is its policy."""
SALESFORCE: dict[str, tuple[int, str]] = {
    "INVALID_SESSION_ID": (401, "Session expired or invalid"),
    "REQUEST_LIMIT_EXCEEDED": (403, "TotalRequests Limit exceeded."),
    "INSUFFICIENT_ACCESS_OR_READONLY": (403, "insufficient access rights on object id"),
    "NOT_FOUND": (404, "Provided external ID field does not exist or is not accessible"),
    "INVALID_FIELD": (400, "No such column 'Shoe__c' on sobject of type Contact"),
    "REQUIRED_FIELD_MISSING": (400, "Required fields are missing: [LastName]"),
    "FIELD_CUSTOM_VALIDATION_EXCEPTION": (400, "not as a rule wants it"),
    "DUPLICATES_DETECTED": (400, "Use one of these records?"),
    "UNABLE_TO_LOCK_ROW": (400, "unable to obtain exclusive access to this record"),
    "STORAGE_LIMIT_EXCEEDED": (403, "storage limit exceeded"),
    "SERVER_UNAVAILABLE": (503, "server too busy"),
    "UNKNOWN_EXCEPTION": (500, "An unexpected error occurred"),
}
"""By the code: the status, and what is said."""

Records = dict[tuple[str, str], dict[str, str]]


class _Service(ThreadedHttp, ABC):
    """What both have: `records` by object and external id; `answer` is what everybody gets from now on, empty for what
    is due: a name of its errors, a bare status as text, HANG for none until it stops, DROP to close the connection once
    all was written. `retry_after` (seconds) goes with errors where set. `asked` counts requests.
    """

    def __init__(self) -> None:
        super().__init__()
        self.records: Records = {}
        self.answer = ""
        self.retry_after: int | None = None
        self.asked = 0

    @property
    def url(self) -> str:
        """Its address, http://host:port."""
        return f"http://127.0.0.1:{self.port}"

    @abstractmethod
    def account(self, **changed: Any) -> dict[str, Any]:
        """What the file that SILLAGE_CRM names says of it."""

    def write_account(self, path: Path, name: str = "crm", **changed: Any) -> Path:
        """Writes that file with this account alone, for the owner's eyes only."""
        path.touch(mode=0o600)
        path.write_text(json.dumps({name: self.account(**changed)}))
        return path

    @abstractmethod
    def _error(self, name: str) -> web.Response: ...

    async def _told(self) -> web.StreamResponse | None:
        """What is answered in place of what is due."""
        self.asked += 1
        if self.answer == HANG:
            await asyncio.Event().wait()
        if self.answer.isdecimal():
            return web.Response(status=int(self.answer), text="<html>from something in between</html>")
        return self._error(self.answer) if self.answer and self.answer != DROP else None

    def _headers(self) -> dict[str, str]:
        return {"Retry-After": str(self.retry_after)} if self.retry_after is not None else {}

    def _drop(self, request: web.Request) -> None:
        if self.answer == DROP and request.transport is not None:
            request.transport.abort()


class HubspotService(_Service):
    """HubSpot, with one app; `properties` are those that contacts have."""

    def __init__(self) -> None:
        super().__init__()
        self.token = "pat-eu1-" + secrets.token_hex(16)
        self.properties = {"email", "firstname", "lifecyclestage", "city"}
        self.made_meanwhile = False

    def account(self, **changed: Any) -> dict[str, Any]:
        return {"kind": "hubspot", "token": self.token, "url": self.url, **changed}

    def _routes(self) -> Iterable[web.RouteDef]:
        base = "/crm/v3/objects/{object}"
        return [web.patch(base + "/{value}", self._update), web.post(base, self._create)]

    async def _update(self, request: web.Request) -> web.StreamResponse:
        given, fault = await self._read(request)
        if fault is not None:
            return fault
        at = request.match_info["object"], request.match_info["value"]
        if request.query.get("idProperty") not in self.properties:
            return self._error("VALIDATION_ERROR")
        if at not in self.records:
            if self.made_meanwhile:
                self.records[at] = {}
            return self._error("OBJECT_NOT_FOUND")
        return self._kept(request, at, given, 200)

    async def _create(self, request: web.Request) -> web.StreamResponse:
        given, fault = await self._read(request)
        if fault is not None:
            return fault
        at = request.match_info["object"], given.get("email", "")
        return self._error("CONFLICT") if at in self.records else self._kept(request, at, given, 201)

    async def _read(self, request: web.Request) -> tuple[dict[str, str], web.StreamResponse | None]:
        if request.headers.get("Authorization") != f"Bearer {self.token}":
            return {}, self._error("INVALID_AUTHENTICATION")
        if told := await self._told():
            return {}, told
        try:
            given = (await request.json())["properties"]
        except (ValueError, KeyError, TypeError):
            return {}, self._error("VALIDATION_ERROR")
        return given, None if given.keys() <= self.properties else self._error("VALIDATION_ERROR")

    def _kept(
        self, request: web.Request, at: tuple[str, str], given: dict[str, str], status: int
    ) -> web.StreamResponse:
        self.records.setdefault(at, {}).update(given)
        self._drop(request)
        number = str(51 + list(self.records).index(at))
        return web.json_response({"id": number, "properties": self.records[at], "archived": False}, status=status)

    def _error(self, name: str) -> web.Response:
        status, category, message = HUBSPOT[name]
        error = {"status": "error", "message": message, "correlationId": secrets.token_hex(8), "category": category}
        if status == 429:
            error |= {"policyName": name, "errorType": "RATE_LIMIT"}
        return web.json_response(error, status=status, headers=self._headers())


class SalesforceService(_Service):
    """Salesforce, with one connected app; `doubled` are external ids that several records have."""

    def __init__(self) -> None:
        super().__init__()
        self.client_secret = secrets.token_hex(24)
        self.doubled: set[str] = set()
        self.logins = 0
        self._sessions: set[str] = set()

    def account(self, **changed: Any) -> dict[str, Any]:
        found = {"kind": "salesforce", "url": self.url, "client_id": "3MVG9", "client_secret": self.client_secret}
        return {**found, **changed}

    def revoke(self) -> None:
        """No session holds any more."""
        self._sessions.clear()

    def close_app(self) -> None:
        """The connected app gets no session any more, and those that it has do not hold."""
        self.client_secret = "another"
        self.revoke()

    def _routes(self) -> Iterable[web.RouteDef]:
        one = "/services/data/{version}/sobjects/{object}/{field}/{value}"
        return [web.post("/services/oauth2/token", self._login), web.patch(one, self._upsert)]

    async def _login(self, request: web.Request) -> web.StreamResponse:
        form = await request.post()
        if form.get("grant_type") != "client_credentials" or form.get("client_secret") != self.client_secret:
            told = {"error": "invalid_client", "error_description": "invalid client credentials"}
            return web.json_response(told, status=400)
        self.logins += 1
        token = "00D" + secrets.token_urlsafe(24)
        self._sessions.add(token)
        return web.json_response({"access_token": token, "instance_url": self.url, "token_type": "Bearer"})

    async def _upsert(self, request: web.Request) -> web.StreamResponse:
        if request.headers.get("Authorization", "").removeprefix("Bearer ") not in self._sessions:
            return self._error("INVALID_SESSION_ID")
        if told := await self._told():
            return told
        where = request.match_info
        try:
            given = json.loads(await request.read())
        except ValueError:
            return self._error("INVALID_FIELD")
        if not re.fullmatch(r"[A-Za-z0-9]+__c|Email", where["field"]):
            return self._error("NOT_FOUND")
        if where["value"] in self.doubled:
            return web.json_response(
                [f"/services/data/v62.0/sobjects/{where['object']}/003{n}" for n in "ab"], status=300
            )
        if where["field"] in given or "Id" in given:
            return self._error("INVALID_FIELD")
        at = where["object"], where["value"]
        new = at not in self.records
        self.records.setdefault(at, {}).update(given)
        self._drop(request)
        number = f"003{list(self.records).index(at):015d}"
        return web.json_response(
            {"id": number, "success": True, "errors": [], "created": new}, status=201 if new else 200
        )

    def _error(self, name: str) -> web.Response:
        status, message = SALESFORCE[name]
        return web.json_response([{"message": message, "errorCode": name}], status=status, headers=self._headers())

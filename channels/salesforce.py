"""Salesforce's REST API: a record is upserted by an external id, with a token had by client credentials.

Source: developer.salesforce.com/docs/platform/api-rest/guide/dome-upsert.html and .../errorcodes.html.
"""

import asyncio
import re
from typing import Any, NamedTuple
from urllib.parse import quote

import msgspec
from yarl import URL

from channels.accounts import header_fault, url_fault
from channels.channel import Away, Declined, Permanent, Sent, Transient
from channels.http import Http
from channels.upsert import Answer, Upsert, asked, code_of, verdict_of

LIMIT_SECONDS = 60.0
"""How long to wait after too many requests, of which the answer names no end: they are counted over 24 h."""
_SESSION = "INVALID_SESSION_ID"
_NO_FAULT_OF_THE_RECORD = frozenset({
    _SESSION, "REQUEST_LIMIT_EXCEEDED", "SERVER_UNAVAILABLE", "API_DISABLED_FOR_ORG", "API_CURRENTLY_DISABLED",
    "STORAGE_LIMIT_EXCEEDED", "INVALID_AUTH_HEADER", "INVALID_LOGIN", "ORG_LOCKED", "PASSWORD_LOCKOUT",
})  # fmt: skip
"""The session, the organisation or a limit: nothing is taken until that is mended, and then everything may."""
_LOCKED = "UNABLE_TO_LOCK_ROW"
_AGAIN = frozenset({_LOCKED, "QUERY_TIMEOUT", "UNKNOWN_EXCEPTION", "REQUEST_RUNNING_TOO_LONG"})
_AMBIGUOUS = 300


class Salesforce(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="salesforce"):
    """An organisation: its own domain, and a connected app that may log in by client credentials."""

    url: str
    client_id: str
    client_secret: str
    version: str = "v62.0"
    timeout_seconds: float = 10.0

    @property
    def fault(self) -> str:
        """What is wrong with it, empty for nothing."""
        for name in ("client_id", "client_secret"):
            if found := header_fault(getattr(self, name)):
                return f"{name} {found}"
        if not re.fullmatch(r"v[0-9]{2,3}\.0", self.version):
            return "version is none, expected one such as v62.0"
        return url_fault(self.url) or ("" if self.timeout_seconds > 0 else "timeout_seconds is not above 0")

    def opened(self) -> "SalesforceCrm":
        """What speaks to it."""
        return SalesforceCrm(self)


class _Session(NamedTuple):
    token: str
    url: str


class SalesforceCrm:
    """The organisation at work: one login for all, another when it is told that the session is over."""

    def __init__(self, account: Salesforce) -> None:
        self._account = account
        self._session: _Session | None = None
        self._signing_in = asyncio.Lock()

    async def upsert(self, http: Http, upsert: Upsert) -> Sent:
        """Upserts the record, after a second login where the first is over."""
        session = await self._signed_in(http)
        answer = await self._ask(http, session, upsert)
        if answer.status == 401:
            session = await self._signed_in(http, instead_of=session)
            answer = await self._ask(http, session, upsert)
        if answer.status in (200, 201) and isinstance(answer.told, dict):
            return Sent(str(answer.told.get("id") or "")[:200])
        if answer.status == 204:
            return Sent()
        if answer.status == 401:
            self._session = None
        raise _verdict(answer)

    async def _ask(self, http: Http, session: _Session, upsert: Upsert) -> Answer:
        path = "/".join(quote(part, safe="") for part in (upsert.kind, upsert.key, upsert.value))
        url = URL(f"{session.url}/services/data/{self._account.version}/sobjects/{path}", encoded=True)
        headers = {"Authorization": f"Bearer {session.token}"}
        return await asked(http, "PATCH", url, self._account.timeout_seconds, json=upsert.fields, headers=headers)

    async def _signed_in(self, http: Http, instead_of: _Session | None = None) -> _Session:
        """The session; a new one in place of one that is over. Raises Away: without one no record is at fault."""
        async with self._signing_in:
            if self._session is None or self._session is instead_of:
                self._session = None
                self._session = await self._sign_in(http)
            return self._session

    async def _sign_in(self, http: Http) -> _Session:
        account = self._account
        url = f"{account.url.rstrip('/')}/services/oauth2/token"
        form = {
            "grant_type": "client_credentials",
            "client_id": account.client_id,
            "client_secret": account.client_secret,
        }
        try:
            answer = await asked(http, "POST", url, account.timeout_seconds, data=form)
        except Away:
            raise
        except Transient as fault:
            raise Away("crm_login_unreachable") from fault
        told: dict[str, Any] = answer.told if isinstance(answer.told, dict) else {}
        token, instance = told.get("access_token"), told.get("instance_url")
        if answer.status != 200 or not isinstance(token, str) or header_fault(token):
            raise Away("crm_login", answer.wait)
        whole = isinstance(instance, str) and not url_fault(instance)
        return _Session(token, str(instance if whole else account.url).rstrip("/"))


def _verdict(answer: Answer) -> Exception:
    """What an answer means: first by the code of its first fault, else by the status."""
    if answer.status == _AMBIGUOUS and isinstance(answer.told, list):
        return Permanent("crm_ambiguous")
    told = answer.told[0] if isinstance(answer.told, list) and answer.told else None
    code = told.get("errorCode") if isinstance(told, dict) else None
    name = code_of(code, answer.status)
    if code in _NO_FAULT_OF_THE_RECORD:
        return Away(name, answer.wait or (LIMIT_SECONDS if code == "REQUEST_LIMIT_EXCEEDED" else None))
    if code in _AGAIN:
        return Declined(name, answer.wait) if code == _LOCKED else Transient(name, answer.wait)
    if name == f"crm_{answer.status}" and answer.status in (403, 404):
        # A page that is none of Salesforce's.
        return Away(name, answer.wait)
    return verdict_of(answer.status, name, answer.wait)

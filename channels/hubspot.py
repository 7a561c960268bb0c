"""HubSpot's CRM: a record is updated by a property whose values are unique, and made where there is none.

Source: developers.hubspot.com/docs/api-reference/crm-contacts-v3 and .../error-handling, .../usage-guidelines.
"""

import re
from typing import Any
from urllib.parse import quote

import msgspec
from yarl import URL

from channels.accounts import header_fault, url_fault
from channels.channel import Away, Declined, Permanent, Sent, Transient
from channels.http import Http
from channels.upsert import Answer, Upsert, asked, code_of, verdict_of

LOCKED_SECONDS = 2.0
"""How long a record stays locked that was written too often."""
PAUSES = {"DAILY": 600.0, "TEN_SECONDLY_ROLLING": 10.0, "SECONDLY": 1.0}
"""How long to wait where the answer does not say, by the policy whose limit is reached."""
_MIGRATES = 477
_LOCKED = 423
_AGAIN = frozenset({502, 504, 521, 522, 523, 524, 525, 526})


class Hubspot(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="hubspot"):
    """An account, by the access token of a private app."""

    token: str
    url: str = "https://api.hubapi.com"
    timeout_seconds: float = 10.0

    @property
    def fault(self) -> str:
        """What is wrong with it, empty for nothing."""
        if found := header_fault(self.token):
            return f"token {found}"
        return url_fault(self.url) or ("" if self.timeout_seconds > 0 else "timeout_seconds is not above 0")

    def opened(self) -> "HubspotCrm":
        """What speaks to it."""
        return HubspotCrm(self)


class HubspotCrm:
    """The account at work."""

    def __init__(self, account: Hubspot) -> None:
        self._url = f"{account.url.rstrip('/')}/crm/v3/objects/"
        self._headers = {"Authorization": f"Bearer {account.token}"}
        self._seconds = account.timeout_seconds

    async def upsert(self, http: Http, upsert: Upsert) -> Sent:
        """Updates the record; one that is not there is made, unless another made it meanwhile."""
        base = self._url + quote(upsert.kind, safe="")
        one = f"{base}/{quote(upsert.value, safe='')}?idProperty={quote(upsert.key, safe='')}"
        answer = await self._ask(http, "PATCH", one, upsert.fields)
        if _is_absent(answer):
            answer = await self._ask(http, "POST", base, {**upsert.fields, upsert.key: upsert.value})
            if answer.status == 409:
                raise Declined("crm_conflict", answer.wait)
        if answer.status in (200, 201) and isinstance(answer.told, dict):
            return Sent(str(answer.told.get("id", ""))[:200])
        raise _verdict(answer)

    async def _ask(self, http: Http, method: str, url: str, properties: dict[str, str]) -> Answer:
        body = {"properties": properties}
        return await asked(http, method, URL(url, encoded=True), self._seconds, json=body, headers=self._headers)


def _is_absent(answer: Answer) -> bool:
    return answer.status == 404 and _told(answer, "category") == "OBJECT_NOT_FOUND"


def _verdict(answer: Answer) -> Exception:
    """What an answer means: by the policy of a limit, the category of a fault, else the status."""
    status, wait = answer.status, answer.wait
    if status == 429:
        policy = _told(answer, "policyName")
        return Away(code_of(policy, status), wait or PAUSES.get(policy))
    name = code_of(_told(answer, "category"), status)
    if status == _MIGRATES:
        return Away(name, wait)
    if status == _LOCKED:
        return Declined(name, wait or LOCKED_SECONDS)
    if status in _AGAIN:
        return Transient(name, wait)
    if status in (403, 404) and not re.search(r"not_found", name):
        # A scope that the app lacks, or a page that is none of HubSpot's: no fault of the record.
        return Away(name, wait)
    return verdict_of(status, name, wait) if name != "crm_200" else Permanent(name)


def _told(answer: Answer, key: str) -> str:
    found: Any = answer.told.get(key) if isinstance(answer.told, dict) else None
    return found if isinstance(found, str) else ""

"""Upserts at HubSpot and Salesforce: what is asked of them, and what each answer says of a record's fate."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from waiting import lasting

from channels.accounts import AccountError
from channels.channel import Away, Declined, Outgoing, Permanent, Silent, Transient
from channels.crm import CrmChannel, crm_channel
from channels.http import MOST_BYTES
from channels.several import Several
from journeys.messages.render import Rendered
from local.crm import DROP, HubspotService, SalesforceService

ANN = {"id.email": "ann+tea@example.org", "fields.firstname": "Ann", "fields.city": ""}


@pytest.fixture
def hubspot() -> Iterator[HubspotService]:
    with HubspotService() as service:
        yield service


@pytest.fixture
def salesforce() -> Iterator[SalesforceService]:
    with SalesforceService() as service:
        yield service


@asynccontextmanager
async def opened(service: HubspotService | SalesforceService, folder: Path) -> AsyncIterator[CrmChannel]:
    one = crm_channel(service.write_account(folder / "crm.json", timeout_seconds=5))
    try:
        yield one
    finally:
        await one.close()


def outgoing(data: dict[str, str] | None = None, kind: str = "contacts", to: str = "crm") -> Outgoing:
    return Outgoing("a1", to, Rendered("", "", "", data=ANN if data is None else data, template=kind), "")


async def test_a_record_is_made_and_then_updated_and_an_empty_field_is_left_alone(
    hubspot: HubspotService, tmp_path: Path
) -> None:
    async with opened(hubspot, tmp_path) as one:
        made = await one.send(outgoing())
        hubspot.records["contacts", "ann+tea@example.org"]["city"] = "Paris"
        again = await one.send(outgoing({**ANN, "fields.firstname": "Anna"}))
    assert made == again and made.reference == "51"
    wanted = {"email": "ann+tea@example.org", "firstname": "Anna", "city": "Paris"}
    assert hubspot.records == {("contacts", "ann+tea@example.org"): wanted}


async def test_who_is_made_by_another_in_between_is_updated_at_the_next_try(
    hubspot: HubspotService, tmp_path: Path
) -> None:
    hubspot.made_meanwhile = True
    async with opened(hubspot, tmp_path) as one:
        with pytest.raises(Declined, match="crm_conflict"):
            await one.send(outgoing())
        await one.send(outgoing())
    assert hubspot.records["contacts", "ann+tea@example.org"] == {"firstname": "Ann"}


@pytest.mark.parametrize(
    ("answer", "fault", "code", "wait"),
    [
        ("VALIDATION_ERROR", Permanent, "crm_validation_error", None),
        ("CONFLICT", Permanent, "crm_conflict", None),
        ("INVALID_AUTHENTICATION", Away, "crm_invalid_authentication", None),
        ("EXPIRED_AUTHENTICATION", Away, "crm_expired_authentication", None),
        ("MISSING_SCOPES", Away, "crm_missing_scopes", None),
        ("DAILY", Away, "crm_daily", 600.0),
        ("TEN_SECONDLY_ROLLING", Away, "crm_ten_secondly_rolling", 10.0),
        ("SECONDLY", Away, "crm_secondly", 1.0),
        ("LOCKED", Declined, "crm_locked", 2.0),
        ("MIGRATION", Away, "crm_migration_in_progress", None),
        ("INTERNAL", Transient, "crm_internal_error", None),
        ("502", Transient, "crm_502", None),
        ("503", Away, "crm_503", None),
        ("521", Transient, "crm_521", None),
        ("404", Away, "crm_404", None),
        (DROP, Silent, "crm_no_answer", None),
    ],
)
async def test_what_hubspot_answers_decides(
    hubspot: HubspotService, tmp_path: Path, answer: str, fault: type[Exception], code: str, wait: float | None
) -> None:
    async with opened(hubspot, tmp_path) as one:
        await one.send(outgoing())
        hubspot.answer = answer
        with pytest.raises(fault) as told:
            await one.send(outgoing())
        assert (type(told.value), told.value.code) == (fault, code)
        assert getattr(told.value, "retry_after", None) == wait
        hubspot.answer = ""
        await one.send(outgoing())


@pytest.mark.parametrize(
    ("answer", "fault", "code", "wait"),
    [
        ("INVALID_FIELD", Permanent, "crm_invalid_field", None),
        ("REQUIRED_FIELD_MISSING", Permanent, "crm_required_field_missing", None),
        ("DUPLICATES_DETECTED", Permanent, "crm_duplicates_detected", None),
        ("INSUFFICIENT_ACCESS_OR_READONLY", Permanent, "crm_insufficient_access_or_readonly", None),
        ("NOT_FOUND", Permanent, "crm_not_found", None),
        ("REQUEST_LIMIT_EXCEEDED", Away, "crm_request_limit_exceeded", 60.0),
        ("STORAGE_LIMIT_EXCEEDED", Away, "crm_storage_limit_exceeded", None),
        ("SERVER_UNAVAILABLE", Away, "crm_server_unavailable", None),
        ("INVALID_SESSION_ID", Away, "crm_invalid_session_id", None),
        ("UNABLE_TO_LOCK_ROW", Declined, "crm_unable_to_lock_row", None),
        ("UNKNOWN_EXCEPTION", Transient, "crm_unknown_exception", None),
        ("403", Away, "crm_403", None),
        (DROP, Silent, "crm_no_answer", None),
    ],
)
async def test_what_salesforce_answers_decides(
    salesforce: SalesforceService, tmp_path: Path, answer: str, fault: type[Exception], code: str, wait: float | None
) -> None:
    person = outgoing({"id.Ext__c": "c 42/ü", "fields.City": "Paris"}, "Contact")
    async with opened(salesforce, tmp_path) as one:
        await one.send(person)
        salesforce.answer = answer
        with pytest.raises(fault) as told:
            await one.send(person)
        assert (type(told.value), told.value.code) == (fault, code)
        assert getattr(told.value, "retry_after", None) == wait
        salesforce.answer = ""
        await one.send(person)
    assert salesforce.records == {("Contact", "c 42/ü"): {"City": "Paris"}}


async def test_a_session_that_is_over_is_renewed_unseen_by_one_login_for_all(
    salesforce: SalesforceService, tmp_path: Path
) -> None:
    several = [outgoing({"id.Ext__c": f"c{number}"}, "Contact") for number in range(12)]
    async with opened(salesforce, tmp_path) as one:
        await asyncio.gather(*map(one.send, several))
        assert salesforce.logins == 1
        salesforce.revoke()
        await asyncio.gather(*map(one.send, several))
    assert salesforce.logins == 2
    assert len(salesforce.records) == 12


async def test_an_external_id_that_several_records_have_changes_none(
    salesforce: SalesforceService, tmp_path: Path
) -> None:
    salesforce.doubled.add("c42")
    async with opened(salesforce, tmp_path) as one:
        with pytest.raises(Permanent, match="crm_ambiguous"):
            await one.send(outgoing({"id.Ext__c": "c42", "fields.City": "Paris"}, "Contact"))


async def test_who_answers_without_end_is_waited_for_no_longer_than_twice_the_time(tmp_path: Path) -> None:
    async def serve(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
        with contextlib.suppress(ConnectionError):
            while not writer.is_closing():
                writer.write(b" ")
                await writer.drain()
                await lasting(0.02)

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    path = tmp_path / "crm.json"
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    path.write_text(json.dumps({"crm": {"kind": "hubspot", "token": "t", "url": url, "timeout_seconds": 0.2}}))
    one = crm_channel(path)
    with pytest.raises(Transient, match="crm_no_answer"):
        await asyncio.wait_for(one.send(outgoing()), 60)
    await one.close()
    server.close()


def test_accounts_at_one_crm_are_providers_of_their_own(tmp_path: Path) -> None:
    path = tmp_path / "crm.json"
    path.write_text(json.dumps({name: {"kind": "hubspot", "token": "t"} for name in ("north", "south")}))
    one = crm_channel(path)
    assert isinstance(one, Several)
    assert [one.provider_of(name) for name in ("north", "south", "east")] == ["north", "south", ""]


async def test_of_an_answer_that_is_too_long_no_more_is_read_than_a_part(tmp_path: Path) -> None:
    async def serve(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n")
            while not writer.is_closing():
                writer.write(b" " * 65_536)
                written[0] += 65_536
                await writer.drain()

    written = [0]
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    path = tmp_path / "crm.json"
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    path.write_text(json.dumps({"crm": {"kind": "salesforce", "client_id": "c", "client_secret": "s", "url": url}}))
    one = crm_channel(path)
    with pytest.raises(Away, match="crm_login"):
        await one.send(outgoing({"id.Ext__c": "c42"}, "Contact"))
    await one.close()
    server.close()
    assert written[0] < 100 * MOST_BYTES


@pytest.mark.parametrize(
    ("data", "to", "code"),
    [
        ({"id.email": " "}, "crm", "crm_no_id"),
        ({"fields.city": "Paris"}, "crm", "crm_no_id"),
        ({"id.email": "a\r\nb"}, "crm", "crm_bad_id"),
        ({"id.email": ".."}, "crm", "crm_bad_id"),
        ({"id.email": "x" * 256}, "crm", "crm_bad_id"),
        (ANN, "other", "crm_unknown_account"),
    ],
)
async def test_what_names_no_record_fails_without_asking(
    hubspot: HubspotService, tmp_path: Path, data: dict[str, str], to: str, code: str
) -> None:
    async with opened(hubspot, tmp_path) as one:
        with pytest.raises(Permanent, match=code):
            await one.send(outgoing(data, to=to))
    assert hubspot.asked == 0


@pytest.mark.parametrize(
    ("account", "told"),
    [
        ({"kind": "hubspot", "token": "s3cr3t\n"}, "account a: token"),
        ({"kind": "hubspot", "token": "s3cr3t", "url": "hubspot"}, "account a: url"),
        ({"kind": "salesforce", "url": "https://a.example", "client_id": "x", "client_secret": ""}, "client_secret"),
        (
            {"kind": "salesforce", "url": "https://a.example", "client_id": "x", "client_secret": "s3cr3t",
             "version": "62"}, "version",
        ),
        ({"kind": "pipedrive", "token": "s3cr3t"}, "expected JSON such as"),
    ],
)  # fmt: skip
def test_an_account_that_cannot_be_used_is_told_of_without_its_secret(
    tmp_path: Path, account: dict[str, str], told: str
) -> None:
    path = tmp_path / "crm.json"
    path.write_text(json.dumps({"a": account}))
    with pytest.raises(AccountError, match=told) as raised:
        crm_channel(path)
    assert "s3cr3t" not in str(raised.value)

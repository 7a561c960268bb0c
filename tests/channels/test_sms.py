"""SMS over Twilio and over a gateway of one's own: what leaves, and what each documented answer means."""

import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest

from channels.accounts import AccountError
from channels.channel import Away, Outgoing, Permanent, Transient, Unknown
from channels.gateway import Gateway, HttpSms
from channels.sms import sms_channel
from channels.twilio import Twilio, TwilioAccount
from journeys.messages.render import Rendered
from local.sms import DROP, ERRORS, FAILURES, GARBLED, HANG, SENDER, SmsGateway, TwilioService

ANN = "+33612345678"
KINDS = {
    20003: Away, 20404: Away, 20429: Away, 20500: Transient, 20503: Away, 21211: Permanent, 21408: Permanent,
    21602: Permanent, 21606: Away, 21610: Permanent, 21611: Away, 21612: Permanent, 21614: Permanent, 21617: Permanent,
    63038: Away, 30001: Transient, 30002: Away, 30003: Permanent, 30004: Permanent, 30005: Permanent, 30006: Permanent,
    30007: Permanent, 30008: Permanent, 302: Away, 401: Away, 403: Away, 429: Away, 500: Unknown, 502: Unknown,
    503: Away, 504: Unknown,
}  # fmt: skip


@pytest.fixture
def service() -> Iterator[TwilioService]:
    with TwilioService() as found:
        yield found


@pytest.fixture
def gateway() -> Iterator[SmsGateway]:
    with SmsGateway() as found:
        yield found


@asynccontextmanager
async def twilio(service: TwilioService, folder: Path, **changed: object) -> AsyncIterator[Twilio]:
    path = service.write_account(folder / "sms.json", timeout_seconds=5.0)
    path.write_text(json.dumps({**json.loads(path.read_text()), **changed}))
    one = sms_channel(path)
    assert isinstance(one, Twilio)
    try:
        yield one
    finally:
        await one.close()


@asynccontextmanager
async def over(gateway: SmsGateway, folder: Path, **changed: object) -> AsyncIterator[HttpSms]:
    path = folder / "sms.json"
    path.write_text(json.dumps(gateway.account(**{"timeout_seconds": 5.0, **changed})))
    one = sms_channel(path)
    assert isinstance(one, HttpSms)
    try:
        yield one
    finally:
        await one.close()


def outgoing(text: str = "Your order is ready.", to: str = ANN, id_: str = "a1", valid_ms: int = 0) -> Outgoing:
    return Outgoing(id_, to, Rendered("", text, ""), "S <s@x.example>", valid_ms=valid_ms)


async def test_a_text_lands_as_it_was_written(service: TwilioService, tmp_path: Path) -> None:
    async with twilio(service, tmp_path) as one:
        sent = await one.send(outgoing("Ça y est & 100% +1\n€", "+33 6 12-34.56(78)", valid_ms=90_000))
        await one.send(outgoing(valid_ms=10**9))
    first, second = service.texts
    assert sent.reference.startswith("SM")
    assert (first.to, first.text) == (ANN, "Ça y est & 100% +1\n€")
    assert (first.fields["From"], first.fields["ValidityPeriod"], second.fields["ValidityPeriod"]) == (
        SENDER, "90", "36000",
    )  # fmt: skip


async def test_a_messaging_service_takes_the_place_of_a_number(service: TwilioService, tmp_path: Path) -> None:
    named = "MG" + "0" * 32
    async with twilio(service, tmp_path, sender=named) as one:
        with pytest.raises(Away, match="sms_21606"):
            await one.send(outgoing())
    assert service.texts == []


@pytest.mark.parametrize("code", KINDS)
async def test_each_answer_has_its_meaning(service: TwilioService, tmp_path: Path, code: int) -> None:
    service.answers[ANN] = code
    async with twilio(service, tmp_path) as one:
        with pytest.raises((Transient, Permanent, Unknown)) as raised:
            await one.send(outgoing())
        assert type(raised.value) is KINDS[code]
        assert str(raised.value) == f"sms_{code}"
        service.answers.clear()
        await one.send(outgoing())
    assert len(service.texts) == 1


def test_every_answer_is_tried() -> None:
    assert {*ERRORS, *FAILURES} <= KINDS.keys()


@pytest.mark.parametrize("code", [20429, 20500, 20503, 63038])
async def test_how_long_to_wait_is_the_word_of_the_provider(service: TwilioService, tmp_path: Path, code: int) -> None:
    service.answers[ANN], service.retry_after = code, 7
    async with twilio(service, tmp_path) as one:
        with pytest.raises(Transient) as told:
            await one.send(outgoing())
    assert told.value.retry_after == 7.0


async def test_an_answer_without_a_name_is_unknown(service: TwilioService, tmp_path: Path) -> None:
    service.answers |= {ANN: GARBLED}
    async with twilio(service, tmp_path) as one:
        with pytest.raises(Unknown, match="sms_garbled"):
            await one.send(outgoing())


@pytest.mark.parametrize(
    ("to", "text", "code"),
    [
        *((to, "Hi", "sms_bad_number") for to in ("", "0612345678", "+0612345678", "+33612", "+3361234567890123", "x")),
        ("+33612345678\r\nX: y", "Hi", "sms_bad_number"),
        ("+3361234567٨", "Hi", "sms_bad_number"),
        (ANN, "", "sms_empty"),
        (ANN, "a" * 1601, "sms_too_long"),
    ],
)
async def test_what_is_refused_in_any_case_is_not_asked(
    service: TwilioService, gateway: SmsGateway, tmp_path: Path, to: str, text: str, code: str
) -> None:
    async with twilio(service, tmp_path) as one, over(gateway, tmp_path) as other:
        for each in (one, other):
            with pytest.raises(Permanent, match=f"^{code}$"):
                await each.send(outgoing(text, to))
    assert (service.texts, gateway.texts) == ([], [])


async def test_who_signs_in_wrongly_waits(service: TwilioService, gateway: SmsGateway, tmp_path: Path) -> None:
    async with twilio(service, tmp_path, token="other") as one, over(gateway, tmp_path, headers={}) as other:
        for each, code in ((one, "sms_20003"), (other, "sms_401")):
            with pytest.raises(Away, match=code):
                await each.send(outgoing())


async def test_a_gateway_gets_what_the_file_says(gateway: SmsGateway, tmp_path: Path) -> None:
    text = "{id} é {to} \"' \\"
    async with over(gateway, tmp_path) as one:
        sent = await one.send(outgoing(text))
    async with over(gateway, tmp_path, form=True, body={"to": "{digits}", "message": "{text}"}) as one:
        await one.send(outgoing(text, id_="a2"))
    first, second = gateway.texts
    assert sent.reference == "m-a1"
    assert (first.to, first.text, first.fields) == (ANN, text, {"id": "a1", "parts": "1"})
    assert (second.to, second.text) == (ANN[1:], text)


@pytest.mark.parametrize(
    ("answer", "code", "kind"),
    [
        (400, "BLOCKED", Permanent), (200, "BLOCKED", Permanent), (400, "BUSY", Transient), (200, "BUSY", Transient),
        (400, "odd one", Permanent), (302, "", Away), (401, "", Away), (403, "", Away), (404, "", Away),
        (408, "", Transient), (409, "", Transient), (422, "", Permanent), (425, "", Transient), (429, "", Away),
        (500, "", Transient), (502, "", Transient), (503, "", Away),
    ],
)  # fmt: skip
async def test_each_answer_of_a_gateway_has_its_meaning(
    gateway: SmsGateway, tmp_path: Path, answer: int, code: str, kind: type[Exception]
) -> None:
    gateway.answer, gateway.code, gateway.retry_after = answer, code, 9
    async with over(gateway, tmp_path) as one:
        with pytest.raises(kind) as raised:
            await one.send(outgoing())
    assert type(raised.value) is kind
    assert raised.value.code == f"sms_{code.lower().replace(' ', '_') or answer}"  # type: ignore[attr-defined]
    assert getattr(raised.value, "retry_after", 9) == 9


@pytest.mark.parametrize("answer", [409, 500, 502, HANG, DROP])
async def test_what_may_have_left_is_unknown_where_repeats_are_not_dropped(
    gateway: SmsGateway, tmp_path: Path, answer: int | str
) -> None:
    gateway.answer = answer
    seconds = 1.0 if answer == HANG else 5.0
    async with over(gateway, tmp_path, honours_id=False, timeout_seconds=seconds) as one:
        assert one.at_most_once
        with pytest.raises(Permanent if answer == 409 else Unknown):
            await one.send(outgoing())
    async with over(gateway, tmp_path, timeout_seconds=seconds) as one:
        assert not one.at_most_once
        with pytest.raises(Transient):
            await one.send(outgoing())
    async with over(gateway, tmp_path) as one:
        gateway.answer = 200
        await one.send(outgoing())
    assert [each.fields["id"] for each in gateway.texts] == ["a1"]


@pytest.mark.parametrize("method", ["POST", "PUT", "GET"])
async def test_no_method_is_asked_again_unseen_where_repeats_are_not_dropped(
    gateway: SmsGateway, tmp_path: Path, method: str
) -> None:
    gateway.answer = DROP
    places = {"to": "{to}", "message": "{text}"}
    how = {"query": places, "body": {}} if method == "GET" else {"body": places}
    async with over(gateway, tmp_path, honours_id=False, method=method, **how) as one:
        with pytest.raises(Unknown):
            await one.send(outgoing())
    assert len(gateway.texts) == 1
    assert gateway.repeats == 0


TWILIO = {"kind": "twilio", "account": "AC1", "token": "hunter2", "sender": "+1"}
HTTP = {"kind": "http", "url": "https://x.example", "body": {"to": "{to}", "text": "{text}"}}


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (None, "No such file"),
        ("hunter2", "no JSON; expected JSON such as"),
        ({"kind": "hunter"}, "Invalid value 'hunter' - at `$.kind`"),
        ({**TWILIO, "tokens": "hunter2"}, "unknown field `tokens`"),
        ({**TWILIO, "account": "AC1/../x"}, "account is none"),
        ({**TWILIO, "token": "hunter2\n"}, "token is empty, or has characters that no header takes"),
        ({**TWILIO, "url": "x.example"}, "url is none"),
        ({**TWILIO, "timeout_seconds": 0}, "timeout_seconds is not above 0"),
        ({**HTTP, "body": {"to": "{to}"}}, "nothing takes the number and the text"),
        ({**HTTP, "body": {"to": "{phone}", "text": "{text}"}}, "{phone} is nothing to fill in"),
        ({**HTTP, "headers": {"X-Key": "hunter2\r\nX: y"}}, "header X-Key is empty, or has characters"),
        ({**HTTP, "id_header": "a b"}, "header of id_header is empty"),
        ({**HTTP, "method": "DELETE"}, "method is none"),
        ({**HTTP, "form": True, "query": HTTP["body"], "body": {"x": 1}}, "body has a value that no form holds"),
    ],
)
def test_a_file_that_cannot_be_used_is_named_without_its_secrets(tmp_path: Path, content: Any, told: str) -> None:
    path = tmp_path / "sms.json"
    if content is not None:
        path.write_text(content if isinstance(content, str) else json.dumps(content))
    with pytest.raises(AccountError) as fault:
        sms_channel(path)
    assert str(fault.value).startswith(f"SILLAGE_SMS {path}: ")
    assert told in str(fault.value)
    assert "hunter2" not in str(fault.value)


def test_sound_files_have_no_fault() -> None:
    assert msgspec.convert(TWILIO, TwilioAccount).fault == ""
    assert msgspec.convert(HTTP, Gateway).fault == ""
    assert msgspec.convert({**HTTP, "body": {}, "query": HTTP["body"], "method": "GET"}, Gateway).fault == ""

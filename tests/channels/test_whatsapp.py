"""WhatsApp over Meta's Cloud API: templates, texts, and what each documented answer means."""

import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from channels.accounts import AccountError
from channels.channel import Away, Declined, Outgoing, Permanent, Transient, Unknown
from channels.whatsapp import Whatsapp, whatsapp_channel
from journeys.messages.render import Rendered
from local.whatsapp import ERRORS, GARBLED, WhatsappService

ANN = "+33612345678"
READY = Rendered("", "", "", data={"body.1": "Ann", "body.2": "A\t 17\n"}, template="order_ready", language="fr")
KINDS: dict[int, type[Exception]] = {
    0: Away, 1: Transient, 2: Away, 4: Away, 10: Away, 100: Permanent, 190: Away, 200: Away, 368: Away, 80007: Away,
    130429: Away, 130472: Permanent, 131000: Transient, 131008: Permanent, 131009: Permanent, 131026: Permanent,
    131042: Away, 131047: Permanent, 131048: Away, 131049: Permanent, 131056: Declined, 132000: Permanent,
    132001: Permanent, 132015: Permanent, 133010: Away,
}  # fmt: skip


@pytest.fixture
def service() -> Iterator[WhatsappService]:
    with WhatsappService() as found:
        yield found


@asynccontextmanager
async def channel(service: WhatsappService, folder: Path, **changed: object) -> AsyncIterator[Whatsapp]:
    path = service.write_account(folder / "whatsapp.json", timeout_seconds=5.0)
    path.write_text(json.dumps({**json.loads(path.read_text()), **changed}))
    one = whatsapp_channel(path)
    try:
        yield one
    finally:
        await one.close()


def outgoing(rendered: Rendered = READY, to: str = ANN, id_: str = "a1") -> Outgoing:
    return Outgoing(id_, to, rendered, "S <s@x.example>")


async def test_a_template_lands_filled_in(service: WhatsappService, tmp_path: Path) -> None:
    async with channel(service, tmp_path) as one:
        sent = await one.send(outgoing(to="+33 6 12 34 56 78"))
    [arrived] = service.messages
    assert sent.reference.startswith("wamid.")
    assert (arrived.to, arrived.texts) == (ANN, ["Ann", "A 17"])
    assert arrived.message["template"]["language"] == {"code": "fr"}
    assert arrived.message["biz_opaque_callback_data"] == "a1"


async def test_parameters_have_their_places(service: WhatsappService, tmp_path: Path) -> None:
    service.templates |= {"sale": 1, "picture": 0}
    data = {"header": "Sale", "body.name": "Ann", "button.0": "s17", "button.1": "x"}
    async with channel(service, tmp_path) as one:
        await one.send(outgoing(Rendered("", "", "", data=data, template="sale", language="en_US")))
        await one.send(
            outgoing(Rendered("", "", "", image="https://x.example/a.png", template="picture", language="en"))
        )
    sale, picture = (each.message["template"]["components"] for each in service.messages)
    assert sale == [
        {"type": "header", "parameters": [{"type": "text", "text": "Sale"}]},
        {"type": "body", "parameters": [{"type": "text", "text": "Ann", "parameter_name": "name"}]},
        {"type": "button", "sub_type": "url", "index": "0", "parameters": [{"type": "text", "text": "s17"}]},
        {"type": "button", "sub_type": "url", "index": "1", "parameters": [{"type": "text", "text": "x"}]},
    ]
    image = {"type": "image", "image": {"link": "https://x.example/a.png"}}
    assert picture == [{"type": "header", "parameters": [image]}]


async def test_a_text_is_taken_while_the_person_is_in_conversation(service: WhatsappService, tmp_path: Path) -> None:
    async with channel(service, tmp_path) as one:
        with pytest.raises(Permanent, match="whatsapp_131047"):
            await one.send(outgoing(Rendered("", "We are on our way.\n", "")))
        service.open_to.add(ANN)
        await one.send(outgoing(Rendered("", "We are on our way.\n", "")))
    assert [each.texts for each in service.messages] == [["We are on our way."]]


@pytest.mark.parametrize("code", ERRORS)
async def test_each_answer_has_its_meaning(service: WhatsappService, tmp_path: Path, code: int) -> None:
    service.answers[ANN] = code
    async with channel(service, tmp_path) as one:
        with pytest.raises((Transient, Permanent, Unknown)) as raised:
            await one.send(outgoing())
        assert type(raised.value) is KINDS[code]
        assert str(raised.value) == f"whatsapp_{code}"
        # 131026 is said of numbers that are none, and of people with an old version or who took no new terms yet.
        assert not getattr(raised.value, "dead_address", False)
        service.answers.clear()
        await one.send(outgoing())
    assert len(service.messages) == 1


@pytest.mark.parametrize(("status", "kind"), [(400, Permanent), (404, Away), (429, Away), (502, Unknown), (503, Away)])
async def test_an_answer_of_something_in_between_has_its_meaning(
    service: WhatsappService, tmp_path: Path, status: int, kind: type[Exception]
) -> None:
    service.answers[ANN] = str(status)
    async with channel(service, tmp_path) as one:
        with pytest.raises(kind, match=f"whatsapp_{status}") as raised:
            await one.send(outgoing())
    assert type(raised.value) is kind


async def test_how_long_to_wait_is_the_word_of_meta_else_six_seconds_for_one_person(
    service: WhatsappService, tmp_path: Path
) -> None:
    waits = []
    async with channel(service, tmp_path) as one:
        for code, after in ((131056, None), (131056, 9), (130429, None), (130429, 9)):
            service.answers[ANN], service.retry_after = code, after
            with pytest.raises(Transient) as told:
                await one.send(outgoing())
            waits.append(told.value.retry_after)
    assert waits == [6.0, 9.0, None, 9.0]


async def test_an_answer_without_an_id_is_unknown(service: WhatsappService, tmp_path: Path) -> None:
    service.answers[ANN] = GARBLED
    async with channel(service, tmp_path) as one:
        with pytest.raises(Unknown, match="whatsapp_garbled"):
            await one.send(outgoing())


@pytest.mark.parametrize(
    ("rendered", "to", "code"),
    [
        (READY, "0612345678", "whatsapp_bad_number"),
        (Rendered("", " \n", ""), ANN, "whatsapp_empty"),
        (Rendered("", "a" * 4097, ""), ANN, "whatsapp_too_long"),
        (Rendered("", "", "", data={"body.1": " "}, template="t"), ANN, "whatsapp_empty_parameter"),
        (Rendered("", "", "", data={"body.1": "a" * 1025}, template="t"), ANN, "whatsapp_too_long"),
    ],
)
async def test_what_is_refused_in_any_case_is_not_asked(
    service: WhatsappService, tmp_path: Path, rendered: Rendered, to: str, code: str
) -> None:
    async with channel(service, tmp_path) as one:
        with pytest.raises(Permanent, match=f"^{code}$"):
            await one.send(outgoing(rendered, to))
    assert service.messages == []


GIVEN = {"phone_id": "1", "token": "hunter2"}


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (None, "No such file"),
        ({"phone_id": "1"}, "missing required field `token`"),
        ({**GIVEN, "phone_id": "+1"}, "phone_id is none"),
        ({**GIVEN, "token": "hunter2\r\nX: y"}, "token is empty, or has characters"),
        ({**GIVEN, "version": "21"}, "version is none"),
        ({**GIVEN, "url": "ftp://x"}, "url is none"),
    ],
)
def test_a_file_that_cannot_be_used_is_named_without_its_secrets(tmp_path: Path, content: Any, told: str) -> None:
    path = tmp_path / "whatsapp.json"
    if content is not None:
        path.write_text(json.dumps(content))
    with pytest.raises(AccountError) as fault:
        whatsapp_channel(path)
    assert str(fault.value).startswith(f"SILLAGE_WHATSAPP {path}: ")
    assert told in str(fault.value)
    assert "hunter2" not in str(fault.value)

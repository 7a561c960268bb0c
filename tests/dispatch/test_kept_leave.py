"""Letters, the app's inbox and records of a CRM from the action on: the real dispatcher, ledger and adapters."""

import csv
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from dispatching import Office, action

from channels.batches import make_batch, waiting_letters
from channels.crm import crm_channel
from channels.inapp import Item
from engine.decision import Action, Erasure
from journeys.messages.model import Message
from journeys.model import MessageHead
from local.crm import HubspotService
from streams.dispatch.channels import channels_of, inbox_of
from streams.links.links import Links
from streams.links.shelf import MemoryShelf
from streams.links.tokens import SCAN, Keys, Target
from streams.settings import Settings

LETTER = Message("letter", MessageHead(), {"postal.yaml": "letter: hi\nfields: {name: '{{ customer.name }}'}\n"})
POINTS = Message("points", MessageHead(), {"inapp.yaml": "title: Hi {{ customer.name }}\nbody: Points\nuntil: 7d\n"})
RECORD = "to: sales\nobject: contacts\nid: {email: '{{ customer.email }}'}\nfields: {city: '{{ customer.city }}'}\n"
BACK = Message("back", MessageHead.model_validate({"class": "service"}), {"crm.yaml": RECORD})
SCANNED = Message(
    "scanned", MessageHead(scan="https://shop.example"), {"postal.yaml": "letter: hi\ncode: '{{ scan_url }}'\n"}
)
MESSAGES = {each.content_hash: each for each in (LETTER, POINTS, BACK, SCANNED)}
ADDRESS = "Ann Lee\n1 High Street\nLondon"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    found = tmp_path / "postal"
    found.mkdir()
    return found


@pytest.fixture
async def posting(office: Office, folder: Path) -> AsyncIterator[Office]:
    """An office with the channels that its settings give: letters, and the inbox, which nobody has to set."""
    settings = office.settings.model_copy(update={"postal": str(folder)})
    channels = channels_of(settings, lambda: 1_700_000_000.0)
    yield await office.another(messages=MESSAGES, others=list(channels.values())).open()
    for channel in channels.values():
        await channel.close()


def to(number: int, message: Message, channel: str, recipient: str, **changed: Any) -> Action:
    fields = {"customer": f"c{number}", "variables": {"customer": {"name": "Ann", "email": "ann@x.example"}}, **changed}
    return action(
        f"{channel}{number}", channel=channel, message=message.name, message_hash=message.content_hash,
        recipient=recipient, class_=message.head.class_, **fields,
    )  # fmt: skip


async def lies_there(settings: Settings, customer: str) -> list[Item]:
    inbox = inbox_of(settings)
    try:
        return await inbox.items(customer, 1_700_000_000_000)
    finally:
        await inbox.close()


async def test_a_letter_and_a_message_in_the_app_leave_once_and_an_erasure_takes_them_away(
    posting: Office, folder: Path
) -> None:
    for _ in range(2):
        await posting.take(
            *(to(number, LETTER, "postal", ADDRESS) for number in (1, 2)),
            *(to(number, POINTS, "inapp", f"c{number}") for number in (1, 2)),
        )
    [item] = await lies_there(posting.settings, "c1")
    assert (item.id, item.title, item.until - item.at) == ("inapp1", "Hi Ann", 7 * 24 * 3_600_000)
    assert [each.action_id for each in waiting_letters(folder)] == ["postal1", "postal2"]
    sent = [value["type"] for value in posting.shelf.values("touchpoints.postal")]
    assert set(sent) == {"message.sent"}
    await posting.take(Erasure("x", "c1", 1000), to(1, LETTER, "postal", ADDRESS, customer="c1"))
    assert [each.action_id for each in waiting_letters(folder)] == ["postal2"]
    assert await lies_there(posting.settings, "c1") == []
    assert len(await lies_there(posting.settings, "c2")) == 1


async def test_the_code_of_a_printed_letter_stands_for_its_person_and_action(posting: Office, folder: Path) -> None:
    keys, shelf = Keys({"2026": "k" * 32}), MemoryShelf()
    office = posting.another(messages=MESSAGES, others=posting.others, links=Links("https://m.example", keys, shelf))
    sent = [to(number, SCANNED, "postal", ADDRESS) for number in (1, 2)]
    await (await office.open()).take(*sent)
    await office.take(*sent)
    [batch] = make_batch(folder, 1_700_000_000_000)
    rows = list(csv.DictReader(batch.files[0].read_text().splitlines()))
    found = [keys.read(SCAN, shelf.codes[row["code"].removeprefix("https://m.example/q/")], Target) for row in rows]
    assert [(each.customer, each.action) for each in found if each] == [("c1", "postal1"), ("c2", "postal2")]


async def test_an_erasure_is_taken_though_what_keeps_something_is_away(
    posting: Office, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder.rmdir()
    await posting.take(Erasure("x", "c1", 1000), to(2, POINTS, "inapp", "c2"))
    assert len(await lies_there(posting.settings, "c2")) == 1
    assert [each for each in caplog.messages if "postal: what it keeps of somebody who was erased stays" in each]


async def test_a_record_is_upserted_by_the_account_that_the_message_names(office: Office, tmp_path: Path) -> None:
    with HubspotService() as hubspot:
        channel = crm_channel(hubspot.write_account(tmp_path / "crm.json", "sales", timeout_seconds=1.0))
        posting = await office.another(hatch=channel, messages=MESSAGES).open()
        await posting.take(to(1, BACK, "crm", "sales"), to(2, BACK, "crm", "other"))
        await channel.close()
    assert hubspot.records == {("contacts", "ann@x.example"): {"email": "ann@x.example"}}
    receipts = {
        each["properties"]["action_id"]: (each["type"], each["properties"].get("code"))
        for each in posting.shelf.values("touchpoints.web")
    }
    assert receipts == {"crm1": ("message.sent", None), "crm2": ("message.failed", "crm_unknown_account")}

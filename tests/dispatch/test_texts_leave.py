"""SMS and WhatsApp from the action to the provider and back: the real dispatcher, ledger and adapters."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest
from dispatching import QUICK, Office, action
from waiting import until

from channels.sms import sms_channel
from channels.whatsapp import whatsapp_channel
from engine.decision import Action
from journeys.messages.model import Message
from journeys.model import MessageHead
from local.sms import DROP, HANG, SmsGateway, TwilioService
from local.whatsapp import WhatsappService

READY = Message("ready", MessageHead(), {"sms.txt": "Your order {{ event.order }} is ready, {{ customer.name }}.\n"})
TEMPLATE = "template: order_ready\nlanguage: fr\nbody: ['{{ customer.name }}', '{{ event.order }}']\n"
FILLED = Message("filled", MessageHead(), {"whatsapp.yaml": TEMPLATE})
FREE = Message("free", MessageHead(), {"whatsapp.yaml": "text: On our way, {{ customer.name }}.\n"})
MESSAGES = {each.content_hash: each for each in (READY, FILLED, FREE)}
HOUR_MS = 3_600_000


@pytest.fixture
def twilio() -> Iterator[TwilioService]:
    with TwilioService() as found:
        yield found


@pytest.fixture
def meta() -> Iterator[WhatsappService]:
    with WhatsappService() as found:
        yield found


async def over(office: Office, channel: Any) -> Office:
    return await office.another(hatch=channel, messages=MESSAGES, patience=replace(QUICK, attempts=3)).open()


@pytest.fixture
async def texting(office: Office, twilio: TwilioService, tmp_path: Path) -> AsyncIterator[Office]:
    """An office whose channel is SMS over the stand-in for Twilio."""
    channel = sms_channel(twilio.write_account(tmp_path / "sms.json", 1.0))
    yield await over(office, channel)
    await channel.close()


@pytest.fixture
async def chatting(office: Office, meta: WhatsappService, tmp_path: Path) -> AsyncIterator[Office]:
    """An office whose channel is WhatsApp over the stand-in for Meta."""
    channel = whatsapp_channel(meta.write_account(tmp_path / "whatsapp.json", 1.0))
    yield await over(office, channel)
    await channel.close()


def to(number: int, message: Message = READY, channel: str = "sms", **customer: Any) -> Action:
    return action(
        f"a{number}", channel=channel, message=message.name, message_hash=message.content_hash,
        recipient=phone(number), variables={"customer": {"name": "Zoé", **customer}, "event": {"order": "A17"}},
    )  # fmt: skip


def phone(number: int) -> str:
    return f"+3361234567{number}"


def told(office: Office) -> dict[str, str]:
    """What the receipts say: type and code by action."""
    found = office.shelf.values("touchpoints.sms") + office.shelf.values("touchpoints.web")
    return {
        each["properties"]["action_id"]: f"{each['type']} {each['properties'].get('code', '')}".strip()
        for each in found
    }


async def test_a_text_leaves_once_and_its_receipt_counts_segments(texting: Office, twilio: TwilioService) -> None:
    await texting.take(to(1), to(1))
    await texting.take(to(1))
    assert [(each.to, each.text) for each in twilio.texts] == [(phone(1), "Your order A17 is ready, Zoé.")]
    receipts = texting.shelf.values("touchpoints.sms")
    assert {each["type"] for each in receipts} == {"message.sent"}
    assert [each["properties"]["segments"] for each in receipts] == [1, 1]


async def test_a_receipt_published_again_is_the_first_one_though_the_message_is_over_by_then(
    texting: Office, twilio: TwilioService
) -> None:
    await texting.take(to(1))
    # Worth nothing any more by now, it is not rendered again; the first receipt may not have got out.
    await texting.take(msgspec.structs.replace(to(1), void_at=2000))
    first, again = texting.shelf.values("touchpoints.sms")
    assert again == first and first["properties"]["segments"] == 1
    assert len(twilio.texts) == 1


async def test_numbers_that_are_dead_stopped_or_wrong_fail_with_their_code_and_no_other_does(
    texting: Office, twilio: TwilioService
) -> None:
    twilio.answers |= {phone(1): 21610, phone(2): 30005, phone(3): 21614}
    await texting.take(*(to(number) for number in range(5)))
    assert told(texting) == {
        "a0": "message.sent", "a1": "message.failed sms_21610", "a2": "message.failed sms_30005",
        "a3": "message.failed sms_21614", "a4": "message.sent",
    }  # fmt: skip
    assert sorted(each.to for each in twilio.texts) == [phone(0), phone(4)]


async def test_too_many_wait_as_long_as_the_provider_says_and_are_not_given_up(
    texting: Office, twilio: TwilioService
) -> None:
    twilio.answers[phone(1)], twilio.retry_after = 20429, 1
    loop = asyncio.get_running_loop()
    began = loop.time()
    taking = asyncio.create_task(texting.take(to(1), to(2)))
    await until(lambda: [each.to for each in twilio.texts] == [phone(2)])
    twilio.answers.clear()
    await taking
    assert loop.time() - began >= 1.0
    assert told(texting) == {"a1": "message.sent", "a2": "message.sent"}
    assert [each.to for each in twilio.texts] == [phone(2), phone(1)]


@pytest.mark.parametrize("answer", [HANG, DROP, 502])
async def test_what_may_have_left_is_unresolved_and_not_sent_again(
    texting: Office, twilio: TwilioService, answer: int | str
) -> None:
    twilio.answers[phone(1)] = answer
    await texting.take(to(1), to(2))
    twilio.answers.clear()
    await texting.take(to(1), to(2))
    assert told(texting) == {"a1": "message.failed unresolved", "a2": "message.sent"}
    assert [each.to for each in twilio.texts].count(phone(1)) == (answer == DROP)


async def test_a_gateway_that_drops_repeats_is_asked_again_until_it_answers(office: Office, tmp_path: Path) -> None:
    with SmsGateway() as gateway:
        path = tmp_path / "sms.json"
        path.write_text(json.dumps(gateway.account(timeout_seconds=1.0)))
        channel = sms_channel(path)
        texting = await over(office, channel)
        gateway.answer = DROP
        taking = asyncio.create_task(texting.take(to(1)))
        await until(lambda: gateway.texts)
        gateway.answer = 200
        await taking
        await channel.close()
    assert told(texting) == {"a1": "message.sent"}
    assert (len(gateway.texts), gateway.repeats) == (1, 1)


async def test_a_template_leaves_at_any_time_and_a_text_within_a_day_of_the_persons_last(
    chatting: Office, meta: WhatsappService
) -> None:
    now = chatting._ticking()
    meta.open_to |= {phone(2)}
    await chatting.take(
        to(1, FILLED, "whatsapp"),
        to(2, FREE, "whatsapp", whatsapp_replied_at=now - 23 * HOUR_MS),
        to(3, FREE, "whatsapp", whatsapp_replied_at=now - 24 * HOUR_MS),
        to(4, FREE, "whatsapp"),
    )
    assert told(chatting) == {
        "a1": "message.sent", "a2": "message.sent",
        "a3": "action.refused outside_window", "a4": "action.refused outside_window",
    }  # fmt: skip
    assert sorted(each.texts for each in meta.messages) == [["On our way, Zoé."], ["Zoé", "A17"]]


async def test_who_is_not_on_whatsapp_fails_and_a_rate_is_waited_for(chatting: Office, meta: WhatsappService) -> None:
    meta.answers |= {phone(1): 131026, phone(2): 130429}
    taking = asyncio.create_task(chatting.take(to(1, FILLED, "whatsapp"), to(2, FILLED, "whatsapp")))
    await until(lambda: told(chatting))
    meta.answers.clear()
    await taking
    assert told(chatting) == {"a1": "message.failed whatsapp_131026", "a2": "message.sent"}

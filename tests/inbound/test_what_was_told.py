"""What was told becomes touchpoints: whose they are, what they say of consent, and that a repeat is the same."""

import json
from dataclasses import replace
from typing import Any

import msgspec
import pytest
from onelife import Life, journey_of

from engine.event import Event
from engine.ids import address_hash
from streams.inbound.told import BOUNCED, COMPLAINED, DELIVERED, REPLIED, UNSUBSCRIBED, Told
from streams.inbound.touchpoints import touchpoints
from streams.links.addresses import address_hashes
from streams.links.shelf import MemoryShelf, Reached
from streams.links.tokens import REFERENCE, Keys, Reference
from streams.settings import Settings
from streams.touchpoints.decoder import Decoder
from streams.touchpoints.home import home

KEYS = Keys({"2026": "k" * 32})
OLD = Keys({"2025": "o" * 32})
NOW = 1_772_474_400_000
ANN = Reference("ann", "a1", "hello", "sms", NOW)
PHONE = "+33612345678"


async def shelf_of(*sent: Reference, keys: Keys = KEYS, channel: str = "sms") -> MemoryShelf:
    shelf, address = MemoryShelf(), address_hashes(keys, channel, PHONE)[0]
    await shelf.keep({}, [Reached(address, each.customer, keys.seal(REFERENCE, each)) for each in sent])
    return shelf


async def events(*told: Told, shelf: MemoryShelf | None = None, keys: Keys = KEYS) -> list[dict[str, Any]]:
    settings = Settings()
    found, _ = await touchpoints(settings, keys, shelf or MemoryShelf(), "p", told)
    for each in found:
        for out in each.records:
            assert each.partition == home((out.key or b"").decode(), settings.partitions)
    return [json.loads(out.value or b"") for each in found for out in each.records]


def said(text: str, at: int = NOW, event: str = "m1") -> Told:
    return Told(REPLIED, event, at, channel="sms", address="+33 6 12 34 56 78", text=text)


async def test_a_delivery_finds_its_customer_and_action_by_our_reference() -> None:
    for reference in (KEYS.seal(REFERENCE, ANN), f"<{KEYS.seal(REFERENCE, ANN)}@shop.example>"):
        (event,) = await events(Told(DELIVERED, "m1", NOW, reference, "sms"))
        assert (event["type"], event["customer"], event["channel"]) == ("message.delivered", "ann", "sms")
        assert event["properties"] == {"action_id": "a1", "message": "hello"}


@pytest.mark.parametrize("reference", ["", "<made-up@x>", OLD.seal(REFERENCE, ANN), "a1"])
async def test_what_nobody_sealed_is_about_nobody(reference: str) -> None:
    found, lost = await touchpoints(
        Settings(), KEYS, MemoryShelf(), "p", [Told(DELIVERED, "m1", NOW, reference, "sms")]
    )
    assert (found, lost) == ([], 1)


async def test_the_same_call_again_gives_the_same_and_another_event_another_id() -> None:
    told = Told(DELIVERED, "m1", NOW, KEYS.seal(REFERENCE, ANN), "sms")
    first, again = await events(told), await events(replace(told))
    assert first == again
    other = await events(Told(BOUNCED, "m1", NOW, KEYS.seal(REFERENCE, ANN), "sms", properties={"hard": True}))
    assert other[0]["id"] != first[0]["id"]


async def test_a_hard_bounce_names_the_address_that_is_dead() -> None:
    told = Told(BOUNCED, "m1", NOW, KEYS.seal(REFERENCE, ANN), "email", "ann@x.example", properties={"hard": True})
    assert (await events(told))[0]["properties"]["dead_address"] == "ann@x.example"


@pytest.mark.parametrize("type_", [COMPLAINED, UNSUBSCRIBED])
async def test_whoever_complains_wants_no_more_of_that_channel(type_: str) -> None:
    found = await events(Told(type_, "m1", NOW, KEYS.seal(REFERENCE, ANN), "email"))
    assert found[-1]["properties"] == {
        "topic": "*", "channel": "email", "given": False, "source": type_.rpartition(".")[2],
    }  # fmt: skip
    assert [each["type"] for each in found[:-1]] == ([COMPLAINED] if type_ == COMPLAINED else [])


async def test_a_reply_is_to_the_last_message_and_stop_is_from_everybody_at_that_number() -> None:
    bob = Reference("bob", "a2", "again", "sms", NOW + 1)
    shelf = await shelf_of(ANN, bob)
    (reply,) = await events(said("Is it open?"), shelf=shelf)
    assert (reply["customer"], reply["properties"]["action_id"]) == ("bob", "a2")
    assert reply["properties"]["text"] == "Is it open?"
    stop = await events(said("Arrêt !"), shelf=shelf)
    answers = {each["customer"]: each["properties"]["given"] for each in stop if each["type"] == "consent.changed"}
    assert answers == {"ann": False, "bob": False}
    assert [each["properties"]["word"] for each in stop if each["type"] == REPLIED] == ["stop"]
    assert not [each for each in await events(said("help"), shelf=shelf) if each["type"] == "consent.changed"]


async def test_a_number_written_to_under_an_older_key_is_still_found() -> None:
    shelf = await shelf_of(ANN, keys=OLD)
    both = Keys({"2026": "k" * 32, "2025": "o" * 32})
    assert (await events(said("stop"), shelf=shelf, keys=both))[0]["customer"] == "ann"


async def test_somebody_unknown_is_named_by_the_number() -> None:
    found = await events(said("STOP"))
    assert {each["customer"] for each in found} == {f"phone:{PHONE}"}
    assert all(each["identifiers"] == {"phone": PHONE} for each in found)


async def test_a_no_from_a_number_that_nobody_has_is_kept_for_the_address() -> None:
    settings = Settings(context="stock,suppressed")
    found, _ = await touchpoints(settings, KEYS, MemoryShelf(), "p", [said("stop")])
    kept = [each for each in found if each.topic == "sillage.context.suppressed"]
    assert json.loads(kept[0].records[0].value or b"") == {"id": address_hash(PHONE), "at": NOW}
    for told, shelf in ((said("Hi"), MemoryShelf()), (said("stop"), await shelf_of(ANN))):
        found, _ = await touchpoints(settings, KEYS, shelf, "p", [told])
        assert not any("context" in each.topic for each in found)


async def test_stop_is_honoured_by_every_journey_and_start_brings_them_back() -> None:
    shelf = await shelf_of(ANN._replace(customer="c1"))
    life = Life(journey_of(steps=[{"send": "hello", "channel": "email"}]))
    for text, expected in (("stop", 0), ("Unstop", 1)):
        for each in await events(said(text, life.at, text), shelf=shelf):
            life.event(each["type"], {**each["properties"], "channel": "email"})
        life.advance("1m")
        life.event("began")
        assert len(life.sent()) == expected
        life.advance("1m")


@pytest.mark.parametrize("text", ["stop", "Hello", ""])
async def test_what_is_made_is_what_the_decoder_takes(text: str) -> None:
    sealed = KEYS.seal(REFERENCE, ANN)
    tolds = [said(text), Told(BOUNCED, "b", NOW, sealed, "sms", PHONE, properties={"hard": True, "code": "1"})]
    tolds += [Told(COMPLAINED, "c", NOW, sealed, "email"), Told(DELIVERED, "d", NOW, sealed, "whatsapp")]
    for event in await events(*tolds):
        decoded = Decoder("t.touchpoints.sms", "sms", lambda: NOW).decode(_Row(msgspec.json.encode(event)))
        assert isinstance(decoded, Event), decoded


class _Row:
    topic, partition, offset, timestamp, timestamp_type, key, headers = "t.touchpoints.sms", 0, 0, NOW, 1, None, ()

    def __init__(self, value: bytes) -> None:
        self.value = value

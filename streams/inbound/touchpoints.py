"""What was told becomes touchpoints on the home partition of whom it is about, under ids that a repeat has too."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from hashlib import sha256
from typing import Any, NamedTuple

import msgspec

from engine.context import KIND
from engine.customer import EVERY_TOPIC
from engine.ids import address_hash
from streams.broker.publish import Out
from streams.context.publish import record
from streams.inbound.told import BOUNCED, COMPLAINED, REPLIED, UNSUBSCRIBED, Told
from streams.inbound.words import HELP, START, STOP, word_of
from streams.links.addresses import address_hashes, plain_address
from streams.links.answers import Answers
from streams.links.shelf import Shelf
from streams.links.tokens import REFERENCE, Keys, Reference
from streams.settings import Settings
from streams.touchpoints.home import home

CONSENT = "consent.changed"
_encode = msgspec.json.Encoder().encode


class Found(NamedTuple):
    """Who something is about: a customer and the message, or nobody that is known."""

    customer: str = ""
    action: str = ""
    message: str = ""


async def touchpoints(
    settings: Settings, keys: Keys, shelf: Shelf, provider: str, told: Sequence[Told]
) -> tuple[list[Answers], int]:
    """The records by topic and partition, and how many things were told of nobody. Raises ShelfAway.

    A no from a number that nobody is known to have is kept for the address, where such are kept: whoever has it gets
    no marketing there until a consent newer than that.
    """
    out: defaultdict[tuple[str, int], list[Out]] = defaultdict(list)
    lost = 0
    for each in told:
        found = await _about(keys, shelf, each)
        lost += not found
        for event in _events(provider, each, found):
            channel = event["channel"]
            names = settings.channel_names()
            topic = settings.topic(f"touchpoints.{channel if channel in names else names[0]}")
            owner = event["customer"]
            out[topic, home(owner, settings.partitions)].append(Out(owner.encode(), _encode(event)))
        if _says_no(each) and found == [Found()] and KIND in settings.context_kinds():
            hashed = address_hash(plain_address(each.address))
            out[settings.topic(f"context.{KIND}"), 0].append(record({"id": hashed, "at": each.at}))
    return [Answers(topic, partition, records) for (topic, partition), records in out.items()], lost


async def _about(keys: Keys, shelf: Shelf, told: Told) -> list[Found]:
    """Whom it is about, the newest message first: by our reference, else by who was written to at that number."""
    if told.customer:
        return [Found(told.customer, told.action)]
    sealed = _reference(keys, told.reference)
    if sealed is not None:
        return [Found(sealed.customer, sealed.action, sealed.message)]
    if not plain_address(told.address) or told.type not in (REPLIED, UNSUBSCRIBED):
        return []
    tokens = await shelf.reached(address_hashes(keys, told.channel, told.address))
    reached = [found for token in tokens if (found := keys.read(REFERENCE, token, Reference))]
    reached.sort(key=lambda each: each.at, reverse=True)
    return [Found(each.customer, each.action, each.message) for each in reached] or [Found()]


def _reference(keys: Keys, text: str) -> Reference | None:
    """The reference in a text that is one, or in a Message-ID, whose part before the @ is one."""
    return keys.read(REFERENCE, text.strip().strip("<>").partition("@")[0], Reference) if text else None


def _events(provider: str, told: Told, found: Sequence[Found]) -> Iterable[dict[str, Any]]:
    """One of the message for the newest of those found, and what it says of consent for each of them."""
    word = word_of(told.text) if told.type == REPLIED else ""
    if told.type != UNSUBSCRIBED and found and (found[0].action or not _says_no(told)):
        yield _event(provider, told, found[0], told.type, _of_message(told, found[0], word))
    given = _consent(told, word)
    if given is None:
        return
    source = f"{word}-word" if word else told.type.rpartition(".")[2]
    for each in found:
        properties = {"topic": EVERY_TOPIC, "channel": told.channel, "given": given, "source": source}
        yield _event(provider, told, each, CONSENT, properties)


def _says_no(told: Told) -> bool:
    return _consent(told, word_of(told.text) if told.type == REPLIED else "") is False


def _consent(told: Told, word: str) -> bool | None:
    """What it answers for every topic of its channel: whoever complains wants no more either."""
    if told.type in (COMPLAINED, UNSUBSCRIBED):
        return False
    return {STOP: False, START: True, HELP: None}.get(word)


def _of_message(told: Told, found: Found, word: str) -> dict[str, Any]:
    properties: dict[str, Any] = dict(told.properties)
    if found.action:
        properties["action_id"] = found.action
    if found.message:
        properties["message"] = found.message
    if told.type == REPLIED:
        # A word alone is no turn of a conversation: nobody shall answer STOP with a question.
        properties |= {"word": word} if word and found.action else {"text": told.text}
        properties |= {"from": plain_address(told.address)} if plain_address(told.address) else {}
    if told.type == BOUNCED and told.properties.get("hard") is True and told.address:
        properties["dead_address"] = told.address
    return properties


def _event(provider: str, told: Told, found: Found, type_: str, properties: dict[str, Any]) -> dict[str, Any]:
    """A touchpoint; of somebody unknown their number is their name."""
    number = plain_address(told.address)
    kind = "email" if "@" in number else "phone"
    owner = found.customer or f"{kind}:{number}"
    name = "\n".join((provider, told.event, told.type, type_, owner))
    return {
        "id": f"in-{sha256(name.encode()).hexdigest()[:40]}",
        "type": type_,
        "customer": owner,
        **({} if found.customer else {"identifiers": {kind: number}}),
        "channel": told.channel,
        "occurred_at": told.at,
        "properties": properties,
    }

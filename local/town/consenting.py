"""How people introduce themselves, say what the company may do, and change their minds."""

from collections.abc import Iterator
from random import Random

from local.town.happening import Touch
from local.town.people import Person
from local.town.rhythm import ZONE_NAME
from local.town.stage import touch

TIRED_AFTER = 4
"""From so many messages on, each may be one too many."""
_TIRED = 0.06


def introduce(person: Person, at: int) -> Iterator[Touch]:
    """The account, how to reach them, and each answer they gave about consent."""
    channel = "app" if person.push else "web"
    yield touch(person, at, "account.created", channel)
    known = {
        "email": person.email,
        "first_name": person.first_name,
        "phone": person.phone,
        "timezone": ZONE_NAME,
    }
    if person.push:
        known["push"] = person.push
    yield touch(person, at, "customer.updated", channel, {"set": known})
    for topic, of in person.consents:
        yield _answer(person, at, topic, of, "account")


def change_mind(person: Person, at: int, dice: Random) -> Iterator[Touch]:
    """Takes back one consent, or gives it after all."""
    if person.consents:
        topic, channel = dice.choice(sorted(person.consents))
        person.consents[topic, channel] = not person.consents[topic, channel]
        yield _answer(person, at, topic, channel, "preferences")


def tire(person: Person, at: int, channel: str, dice: Random) -> Iterator[Touch]:
    """Takes back the consent to offers on a channel that brings too much."""
    given = person.consents.get(("offers", channel), False)
    if given and person.received >= TIRED_AFTER and dice.random() < _TIRED:
        person.consents["offers", channel] = False
        yield _answer(person, at, "offers", channel, "unsubscribe")


def _answer(person: Person, at: int, topic: str, channel: str, source: str) -> Touch:
    spoken = "app" if channel in {"app", "push"} else "web"
    properties = {"topic": topic, "channel": channel, "given": person.consents[topic, channel], "source": source}
    return touch(person, at, "consent.changed", spoken, properties)

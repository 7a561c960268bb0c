"""The answers that people give behind links, as touchpoints `consent.changed` on their home partition."""

import secrets
from collections.abc import Iterable, Mapping
from typing import NamedTuple

import msgspec

from engine.catalog import Catalog
from engine.program import BestOfferStep, OfferRule, SendStep
from streams.broker.publish import Out
from streams.links.page import ALL, field
from streams.links.tokens import Subject
from streams.settings import Settings
from streams.touchpoints.home import home

TEXT_VERSION = "1"
"""The version of the pages' text, which an answer names; counted up when the text changes."""
_encode = msgspec.json.Encoder().encode
Pair = tuple[str, str]


class Answers(NamedTuple):
    """Records of one customer, and where they go."""

    topic: str
    partition: int
    records: list[Out]


def answers(settings: Settings, customer: str, given: Mapping[Pair, bool], source: str, now: int) -> Answers:
    """A touchpoint for each topic and channel that was answered; `now` in ms.

    Each has an id of its own: a no that comes again must count, since a yes may have come between.
    """
    channels = settings.channel_names()
    channel = "web" if "web" in channels else channels[0]
    records = []
    for (topic, about), said in given.items():
        properties = {
            "topic": topic, "channel": about, "given": said, "source": source, "text_version": TEXT_VERSION,
        }  # fmt: skip
        event = {
            "id": f"link-{secrets.token_hex(16)}",
            "type": "consent.changed",
            "customer": customer,
            "channel": channel,
            "occurred_at": now,
            "properties": properties,
        }
        records.append(Out(customer.encode(), _encode(event)))
    return Answers(settings.topic(f"touchpoints.{channel}"), home(customer, settings.partitions), records)


def chosen(form: Mapping[str, str], pairs: Iterable[Pair]) -> dict[Pair, bool]:
    """What a form says of each row; a row left as it is, and anything that no row asked, is no answer."""
    if form.get(ALL) == "no":
        return dict.fromkeys(pairs, False)
    words = {"yes": True, "no": False}
    return {pair: words[said] for pair in pairs if (said := form.get(field(*pair), "")) in words}


def pairs_of(catalog: Catalog, subject: Subject) -> list[Pair]:
    """The topics and channels of the marketing that is in use, and those of the link itself, sorted."""
    found = {(subject.topic, subject.channel)}
    for journey in catalog.current.values():
        for step in journey.rests.values():
            if isinstance(step, SendStep):
                found |= set(_pairs(step, journey.topic))
            elif isinstance(step, BestOfferStep) and step.catalog in catalog.offers:
                for offer in catalog.offers[step.catalog].offers:
                    found |= set(_pairs(offer, journey.topic))
    return sorted(found)


def _pairs(sends: SendStep | OfferRule, topic: str) -> Iterable[Pair]:
    if sends.message.class_ == "marketing":
        yield from ((sends.topic or topic, each.channel) for each in sends.variants if not each.recipient)

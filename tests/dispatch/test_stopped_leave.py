"""Answers of a person from the journey to the dispatcher: what a no ends is not handed over, though it was queued."""

import pytest
from dispatching import Hatch, Office
from onelife import MESSAGES, Life, journey_of

from engine.catalog import MessageSpec
from engine.customer import Consent
from engine.decision import Action, ConsentChange, Void
from journeys.messages.model import Message
from journeys.model import MessageHead
from state.recall import Recall
from streams.settings import Settings


class Texts(Hatch):
    """SMS in place of its e-mail."""

    name = "sms"


@pytest.fixture
def messages(monkeypatch: pytest.MonkeyPatch) -> dict[str, Message]:
    """One message of each class that goes by SMS, by their hashes; the journeys know them too."""
    found = {}
    for class_ in ("marketing", "service", "critical"):
        head = MessageHead.model_validate({"class": class_})
        message = Message(class_, head, {"sms.txt": "Hi, reply STOP to end"})
        monkeypatch.setitem(MESSAGES, class_, MessageSpec(class_, message.content_hash, class_, {"sms": ()}))
        found[message.content_hash] = message
    return found


async def test_a_no_to_one_topic_behind_a_stop_and_a_newer_yes_stops_what_is_queued(
    messages: dict[str, Message],
) -> None:
    sends = [{"send": message.name, "channel": "sms"} for message in messages.values()]
    life = Life(journey_of(steps=sends), {**journey_of("k", steps=sends), "topic": "news"})
    life.customer.attributes |= {"sms": "+447700900123"}
    life.customer.consent = {f"{topic}/sms": Consent(True, 0) for topic in ("offers", "news")}
    answers = [("*", False), ("offers", True), ("news", True), ("began", True), ("offers", False)]
    for topic, yes in answers:
        life.advance("1m")
        if topic == "began":
            life.event(topic)
        else:
            life.event("consent.changed", {"topic": topic, "channel": "sms", "given": yes})
    decided = [output for decision in life.decisions for output in decision.outputs]
    assert len(life.actions()) == 6
    office = await Office(Settings(prefix="t"), Recall(), hatch=Texts(), messages=messages).open()
    await office.take(*(each for each in decided if isinstance(each, Action | Void | ConsentChange)))
    by_id = {each.id: f"{each.topic} {each.message}" for each in life.actions()}
    left = sorted(by_id[id_] for id_ in office.hatch.ids())
    assert left == ["news critical", "news marketing", "news service", "offers critical"]

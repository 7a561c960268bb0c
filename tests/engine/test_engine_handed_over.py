"""Conversations that the company begins: opened by a send or a hand-over, on a channel and with a brand, and told when
what people write in them does not reach the customer."""

from typing import Any

import pytest
from onelife import Life, journey_of

from engine.customer import Consent, DeadAddress
from engine.decision import Task, TaskRefused, TaskTurn
from engine.policy.terms import QuietRule, Terms

HELP: dict[str, Any] = {"task": "help", "queue": "care", "due": "2d", "hand_over": "agent"}
SAY: dict[str, Any] = {"send": "say", "channel": "conversation", "begin_on": ["sms", "email"]}
BRANDED = Terms(brand="lumiere")


def complaint(*steps: dict[str, Any], sms: str = "+447700900123", terms: Terms = BRANDED, **parts: Any) -> Life:
    person = Life(journey_of(topic="service", steps=list(steps), **parts), terms=terms)
    person.customer.attributes |= {"sms": sms} if sms else {}
    person.event("began")
    return person


def wrote(person: Life, text: str, channel: str = "sms", **envelope: Any) -> None:
    person.event("message.replied", {"text": text, "from": f"{channel}-1"}, channel=channel, **envelope)


def answered(person: Life, text: str = "Good morning", name: str = "desk-1") -> None:
    person.event("task.replied", {"task_id": person.outputs(Task)[-1].id, "text": text}, id=name)


def left(person: Life) -> list[str]:
    return [f"{each.channel}:{each.message} to {each.recipient}" for each in person.actions()]


def unsaid(person: Life) -> list[tuple[str, str, str]]:
    return [(each.reply, each.channel, each.code) for each in person.outputs(TaskRefused)]


def test_a_hand_over_where_nobody_spoke_begins_a_conversation_and_people_are_heard() -> None:
    person = complaint(HELP)
    [task] = person.outputs(Task)
    assert (task.hand_over, task.channel, task.brand, task.conversation) == (True, "sms", "lumiere", [])
    assert [each["journey"] for each in task.history["journeys"]] == ["j"]
    answered(person)
    wrote(person, "At last")
    assert left(person) == ["sms:agent to +447700900123"]
    assert [(each.who, each.text) for each in person.outputs(TaskTurn)] == [
        ("agent", "Good morning"),
        ("customer", "At last"),
    ]
    assert list(person.customer.conversations) == ["lumiere"]


def test_what_the_designer_wrote_is_said_first_and_people_see_it() -> None:
    person = complaint(SAY, HELP)
    [task] = person.outputs(Task)
    assert left(person) == ["sms:say to +447700900123"]
    assert [(each["who"], each["channel"], each["text"]) for each in task.conversation] == [("bot", "sms", "[say]")]


def test_it_begins_on_the_first_channel_that_can_be_had() -> None:
    assert left(complaint(SAY, sms="")) == ["email:say to ada@shop.example"]
    [task] = complaint(HELP | {"begin_on": ["chat", "sms"]}).outputs(Task)
    assert task.channel == "sms"


def test_an_open_conversation_goes_on_where_it_is() -> None:
    person = Life(journey_of(topic="service", enter={"on": "message.replied"}, steps=[SAY, HELP]), terms=BRANDED)
    wrote(person, "Hello?", "chat")
    [task] = person.outputs(Task)
    assert (task.channel, len(task.conversation)) == ("chat", 2)
    assert left(person) == ["chat:say to chat-1"]


def test_who_can_be_reached_nowhere_is_work_all_the_same_and_people_know() -> None:
    person = complaint(HELP, sms="")
    [task] = person.outputs(Task)
    assert (task.channel, task.brand, person.customer.conversations) == ("", "lumiere", {})
    assert [line.data["channel"] for line in person.lines("refused")] == ["chat", "sms"]
    answered(person)
    assert unsaid(person) == [("desk-1", "conversation", "no_conversation")]


def test_at_night_it_begins_and_the_word_of_the_bot_waits() -> None:
    night = Terms(quiet=QuietRule((17 * 60, 5 * 60)))
    assert complaint(HELP, terms=night).outputs(Task)[0].channel == "sms"
    person = complaint(SAY, {"exit": "told"}, terms=night)
    assert (left(person), person.customer.conversations) == ([], {})
    person.advance("16h")
    assert (left(person), person.outcomes()) == (["sms:say to +447700900123"], ["told"])


def test_without_begin_on_a_send_begins_none() -> None:
    person = complaint({"send": "say", "channel": "conversation"})
    assert (left(person), person.codes("refused")) == ([], ["no_conversation"])


def test_it_is_forgotten_after_a_silence_as_any() -> None:
    person = complaint(SAY)
    person.advance("73h")
    assert (person.customer.conversations, person.customer.alarms) == ({}, {})


def test_a_journey_without_a_brand_is_in_the_conversation_with_that_of_the_project() -> None:
    say = {"send": "say", "channel": "conversation"}
    person = Life(journey_of(topic="service", enter={"on": "message.replied"}, steps=[say]), terms=BRANDED)
    wrote(person, "To the shop", brand="lumiere")
    assert left(person) == ["sms:say to sms-1"]
    wrote(person, "To another", brand="other")
    assert set(person.customer.conversations) == {"lumiere", "other"}
    assert [each.who for each in person.customer.conversations["lumiere"].turns] == ["customer", "bot", "bot"]


@pytest.mark.parametrize(
    ("brand", "channel", "about", "goes_to"),
    [
        ("maison", "sms", False, "maison"),  # on its channel
        ("maison", "email", True, "maison"),  # what it answers says so, wherever it is written
        ("maison", "email", False, ""),  # nothing says so
        ("lumiere", "email", False, "lumiere"),  # the project's
    ],
)
def test_a_word_without_a_brand_goes_to_the_conversation_that_is_meant(
    brand: str, channel: str, about: bool, goes_to: str
) -> None:
    person = complaint(SAY, {"wait": "1d"}, brand=brand)
    said = {"text": "Yes?", **({"action_id": person.actions()[0].id} if about else {})}
    person.event("message.replied", said, channel=channel)
    assert person.customer.conversations[goes_to].turns[-1].text == "Yes?"
    assert goes_to in (brand, "") and len(person.customer.conversations) == (1 if goes_to else 2)


def test_what_policy_refuses_is_told_to_who_wrote_it() -> None:
    person = complaint(HELP)
    person.event("consent.changed", {"topic": "*", "channel": "sms", "given": False, "source": "stop-word"})
    answered(person)
    assert (left(person), unsaid(person)) == ([], [("desk-1", "sms", "stopped")])
    person.customer.consent = {}
    person.customer.dead = {"sms": DeadAddress("+447700900123", person.at, "sms_30005")}
    answered(person, name="desk-2")
    assert unsaid(person)[1:] == [("desk-2", "sms", "suppressed")]
    assert "sms_30005" in person.outputs(TaskRefused)[-1].why
    wrote(person, "By fax please", "fax")
    answered(person, name="desk-3")
    assert unsaid(person)[2:] == [("desk-3", "fax", "no_text")]
    assert [line.why for line in person.lines("task_told") if line.code == "refused"][:2] == ["stopped", "suppressed"]


@pytest.mark.parametrize(
    ("type_", "told", "code"),
    [
        ("action.refused", {"code": "outside_window"}, "outside_window"),
        ("message.failed", {"code": "sms_21610"}, "sms_21610"),
        ("message.failed", {"code": "unresolved"}, "unresolved"),
        ("message.bounced", {"hard": True, "dead_address": "+447700900123"}, "bounced"),
    ],
)
def test_what_does_not_arrive_later_is_told_once_and_stands_in_the_conversation(
    type_: str, told: dict[str, Any], code: str
) -> None:
    person = complaint(HELP)
    answered(person)
    answered(person, "And one more", "desk-2")
    first = person.actions()[0]
    person.event(type_, {"action_id": first.id, **told}, channel="sms")
    person.event(type_, {"action_id": first.id, **told}, channel="sms")
    assert unsaid(person) == [("desk-1", "sms", code)]
    assert [each.code for each in person.customer.conversations["lumiere"].turns] == [code, ""]
    person.event("task.done", {"task_id": person.outputs(Task)[0].id})
    person.receipt("message.failed")
    assert unsaid(person)[1:] == [("desk-2", "sms", "failed")]


def test_what_the_bot_said_in_vain_is_seen_and_told_to_nobody() -> None:
    person = complaint(SAY, {"wait": "1h"}, HELP)
    person.receipt("message.failed")
    person.advance("1h")
    assert [each.get("code") for each in person.outputs(Task)[0].conversation] == ["failed"]
    assert unsaid(person) == []


def test_what_arrives_is_told_as_no_refusal() -> None:
    person = complaint(HELP)
    answered(person)
    person.receipt("message.sent")
    person.receipt("message.delivered")
    person.event("message.failed", {"action_id": "another"})
    assert (unsaid(person), person.outputs(TaskTurn)[0].reply) == ([], "desk-1")


def test_a_channel_that_asks_for_consent_is_answered_to_who_wrote_there() -> None:
    asks = Terms(opt_in=frozenset({"sms"}))
    [task] = complaint(HELP, terms=asks).outputs(Task)
    assert task.channel == ""
    person = Life(journey_of(topic="service", enter={"on": "message.replied"}, steps=[HELP]), terms=asks)
    wrote(person, "Hello?")
    answered(person)
    assert left(person) == ["sms:agent to sms-1"] and person.actions()[0].asks_consent
    person.advance("1m")
    person.customer.consent = {"service/sms": Consent(False, person.at)}
    answered(person, name="desk-2")
    assert unsaid(person) == [("desk-2", "sms", "consent")]
    person.advance("1m")
    wrote(person, "Do answer")
    answered(person, name="desk-3")
    assert len(left(person)) == 2


def test_nothing_of_this_is_kept_where_nobody_talks() -> None:
    person = Life(journey_of(topic="service", steps=[{"send": "receipt"}]))
    person.event("began")
    person.receipt("message.failed")
    assert (person.customer.conversations, unsaid(person)) == ({}, [])

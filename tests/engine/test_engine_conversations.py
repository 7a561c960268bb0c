"""Conversations: one over every channel, handed over and given back, bounded, and forgotten after a silence."""

from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st
from onelife import Life, journey_of

from engine.conversations import SILENCE_MS
from engine.customer import CONVERSATIONS, TURN_CHARACTERS, TURNS, TURNS_BYTES, Conversation
from engine.decision import Task, TaskClosed, TaskTurn
from engine.known import MOST_BYTES, known
from engine.policy.terms import QuietRule, Terms

NIGHT = Terms(quiet=QuietRule((20 * 60, 8 * 60)))
HELP = {
    "task": "help",
    "queue": "care",
    "due": "1h",
    "hand_over": "agent",
    "outcomes": {"no_answer": {"do": [{"exit": "gone"}]}},
    "else": [{"send": "say", "channel": "conversation"}, {"exit": "nobody"}],
}
SAY: dict[str, Any] = {"send": "say", "channel": "conversation"}
LISTEN: dict[str, Any] = {"wait_for": "message.replied", "from": "any", "within": "1d", "else": [{"exit": "quiet"}]}


def talking(*steps: dict[str, Any], **parts: Any) -> Any:
    return journey_of(enter={"on": "message.replied"}, topic="service", steps=list(steps), **parts)


def wrote(person: Life, text: str, channel: str = "chat", **envelope: Any) -> None:
    person.event("message.replied", {"text": text, "from": f"{channel}-1"}, channel=channel, **envelope)


def answered(person: Life, text: str) -> None:
    person.event("task.replied", {"task_id": person.outputs(Task)[-1].id, "text": text})


def turns(person: Life, brand: str = "") -> list[str]:
    return [f"{each.who}@{each.channel}: {each.text}" for each in person.customer.conversations[brand].turns]


def left(person: Life) -> list[str]:
    return [f"{each.channel}:{each.message} to {each.recipient}" for each in person.actions()]


def test_the_bot_answers_where_the_person_is_and_both_are_turns() -> None:
    person = Life(talking(SAY, LISTEN, SAY | {"id": "two"}))
    wrote(person, " Hello? ")
    wrote(person, "Now by text", "sms")
    assert left(person) == ["chat:say to chat-1", "sms:say to sms-1"]
    assert turns(person) == ["customer@chat: Hello?", "bot@chat: [say]", "customer@sms: Now by text", "bot@sms: [say]"]


def test_without_an_address_to_answer_to_it_is_that_of_the_attribute() -> None:
    person = Life(talking(SAY))
    person.event("message.replied", {"text": "Hello?"}, channel="email")
    assert left(person) == ["email:say to ada@shop.example"]


def test_where_no_journey_talks_nothing_is_kept() -> None:
    person = Life(journey_of(steps=[{"send": "receipt"}]))
    wrote(person, "Hello?")
    assert person.customer.conversations == {} and person.customer.alarms == {}


def test_what_has_no_words_is_no_turn() -> None:
    person = Life(talking(SAY))
    for text in ("", "  ", 7, None):
        person.event("message.replied", {"text": text, "action_id": "a"}, channel="chat")
    assert person.customer.conversations == {}
    assert person.codes("refused") == ["no_conversation"] * 4


def test_a_channel_that_the_message_has_no_text_for_is_told() -> None:
    person = Life(talking(SAY | {"when_blocked": {"else": [{"exit": "mute"}]}}))
    wrote(person, "Hello?", "fax")
    assert (person.codes("refused"), person.outcomes(), left(person)) == (["no_text"], ["mute"], [])


def test_an_answer_leaves_at_night_and_what_comes_later_waits_for_the_morning() -> None:
    person = Life(talking(SAY, {"wait": "2h"}, SAY | {"id": "later"}), terms=NIGHT)
    person.advance("4h")
    wrote(person, "Still awake?")
    assert left(person) == ["chat:say to chat-1"]
    assert person.actions()[0].quiet is None
    person.advance("2h")
    assert person.codes("deferred") == ["quiet_hours"]
    person.advance("12h")
    assert len(left(person)) == 2
    assert person.actions()[1].quiet is not None


def test_what_is_no_answer_keeps_the_quiet_hours() -> None:
    person = Life(talking({"send": "receipt", "when_blocked": "drop"}), terms=NIGHT)
    person.advance("4h")
    wrote(person, "Still awake?")
    assert person.codes("refused") == ["quiet_hours"]


def test_people_get_transcript_and_history_and_the_bot_is_silent_until_they_are_done() -> None:
    bot = talking(SAY, {"wait": "10m"}, SAY | {"id": "late"}, name="bot")
    person = Life(talking({"wait": "1m"}, HELP, SAY | {"id": "over"}), bot)
    wrote(person, "Help me")
    person.advance("1m")
    [task] = person.outputs(Task)
    assert task.hand_over
    assert [(each["who"], each["text"]) for each in task.conversation] == [("customer", "Help me"), ("bot", "[say]")]
    assert [each["journey"] for each in task.history["journeys"]] == ["bot", "j"]
    person.advance("10m")
    assert person.codes("refused") == ["with_people"]
    person.event("task.done", {"task_id": task.id})
    assert left(person) == ["chat:say to chat-1"] * 2


def test_what_people_write_leaves_where_the_person_is_now() -> None:
    person = Life(talking(HELP))
    wrote(person, "Help me")
    answered(person, "Good morning, what is it?")
    wrote(person, "I am on my way, by text please", "sms")
    answered(person, "Of course.")
    assert left(person) == ["chat:agent to chat-1", "sms:agent to sms-1"]
    assert [each.variables for each in person.actions()] == [
        {"event": {"text": "Good morning, what is it?"}},
        {"event": {"text": "Of course."}},
    ]
    told = [(each.who, each.channel, each.text) for each in person.outputs(TaskTurn)]
    assert told == [
        ("agent", "chat", "Good morning, what is it?"),
        ("customer", "sms", "I am on my way, by text please"),
        ("agent", "sms", "Of course."),
    ]
    assert turns(person)[1::2] == ["agent@chat: Good morning, what is it?", "agent@sms: Of course."]
    assert len({each.id for each in [*person.actions(), *person.outputs(TaskTurn)]}) == 5


def test_the_same_words_twice_are_two_answers_and_the_same_event_is_one() -> None:
    person = Life(talking(HELP))
    wrote(person, "Help me")
    answered(person, "Yes.")
    answered(person, "Yes.")
    told = {"task_id": person.outputs(Task)[-1].id, "text": "Yes."}
    person.event("task.replied", told, id="desk-1")
    person.event("task.replied", told, id="desk-1")
    assert len(person.actions()) == 3


def test_an_answer_about_another_task_or_after_the_end_leaves_nothing() -> None:
    person = Life(talking(HELP))
    wrote(person, "Help me")
    person.event("task.replied", {"task_id": "other", "text": "Hello"})
    person.event("task.done", {"task_id": person.outputs(Task)[-1].id})
    answered(person, "Too late")
    assert (left(person), person.outputs(TaskTurn)) == ([], [])


def test_what_people_write_where_the_message_has_no_text_is_refused_and_they_are_not_told() -> None:
    person = Life(talking(HELP))
    wrote(person, "Help me", "email")
    answered(person, "Hello")
    assert (person.codes("refused"), person.outputs(TaskTurn), person.outcomes()) == (["no_text"], [], [])


def test_a_task_that_nobody_does_gives_the_conversation_back() -> None:
    person = Life(talking(HELP))
    wrote(person, "Help me")
    person.advance("1h")
    assert [each.outcome for each in person.outputs(TaskClosed)] == ["expired"]
    assert (left(person), person.outcomes()) == (["chat:say to chat-1"], ["nobody"])


def test_what_the_person_says_goes_to_nobody_once_the_task_is_cancelled() -> None:
    person = Life(talking(HELP, exit=[{"on": "served"}]))
    wrote(person, "Help me")
    person.event("served")
    wrote(person, "Thanks")
    assert person.outputs(TaskTurn) == []


def test_an_older_message_that_comes_late_moves_nobody() -> None:
    person = Life(talking(LISTEN, SAY))
    wrote(person, "First")
    person.advance("10m")
    wrote(person, "Now here", "sms", occurred_at=person.at)
    wrote(person, "Then", "email", occurred_at=person.at - 300_000)
    assert person.customer.conversations[""].channel == "sms"
    assert [each.text for each in person.customer.conversations[""].turns if each.who == "customer"][-1] == "Then"


def test_a_silence_ends_it_and_what_is_said_again_begins_anew() -> None:
    person = Life(talking(SAY))
    wrote(person, "Hello?")
    person.advance("71h")
    assert "" in person.customer.conversations
    person.advance("2h")
    assert (person.customer.conversations, person.customer.alarms) == ({}, {})
    wrote(person, "Again")
    assert turns(person) == ["customer@chat: Again", "bot@chat: [say]"]


def test_no_silence_ends_what_people_have() -> None:
    person = Life(talking(HELP | {"due": "6d"}))
    wrote(person, "Help me")
    person.advance("80h")
    assert turns(person) == ["customer@chat: Help me"]
    answered(person, "Sorry to be late")
    assert left(person) == ["chat:agent to chat-1"]
    person.event("task.done", {"task_id": person.outputs(Task)[-1].id})
    person.advance("10d")
    assert person.customer.conversations == {}


def test_it_outlives_a_release_and_is_still_forgotten() -> None:
    person = Life(talking(SAY))
    wrote(person, "Hello?")
    person.release(journey_of(steps=[{"wait": "1d"}], enter=[{"absent": "x", "for": "3d"}, {"on": "began"}]))
    person.event("other")
    assert "conversation/" in person.customer.alarms
    person.advance("4d")
    assert person.customer.conversations == {}


def test_each_brand_has_its_own_and_the_oldest_falls_out() -> None:
    person = Life(talking(SAY, brand="b1"))
    for number in range(CONVERSATIONS + 1):
        wrote(person, f"to {number}", brand=f"b{number}")
    assert list(person.customer.conversations) == ["b2", "b3", "b4", "b1"]
    assert person.customer.alarms.keys() == {f"conversation/{name}" for name in person.customer.conversations}


@settings(max_examples=30, deadline=None)
@given(st.lists(st.sampled_from(["é" * 3_000, "a" * 900, "x", "🙂" * 500]), min_size=1, max_size=60))
def test_it_is_bounded_whatever_is_said(texts: list[str]) -> None:
    person = Life(talking(LISTEN, {"answer": "shop"}))
    for text in texts:
        wrote(person, text)
    found = person.customer.conversations[""]
    assert len(found.turns) <= TURNS
    assert sum(len(each.text.encode()) for each in found.turns) <= TURNS_BYTES
    assert all(len(each.text) <= TURN_CHARACTERS for each in found.turns)
    assert found.dropped + len(found.turns) == len(texts)
    assert found.turns[-1].text[:100] == texts[-1][:100]
    assert person.customer.alarms["conversation/"] == person.at + SILENCE_MS


def test_the_faq_answers_in_the_language_of_the_question_and_says_how_near_it_was() -> None:
    steps = [{"answer": "shop", "do": [SAY, {"exit": "found"}], "else": [{"exit": "none"}]}]
    person = Life(talking(*steps))
    wrote(person, "quand etes vous ouvert")
    assert person.actions()[-1].variables == {"vars": {"answer": {"text": "De neuf à dix-huit heures."}}}
    assert person.outcomes() == ["found"]
    [line] = person.lines("answered")
    assert (line.code, line.data["entry"], line.data["question"]) == ("found", "hours", "Quand êtes-vous ouverts ?")
    assert line.data["score"] >= line.data["threshold"] == 0.5


def test_the_last_word_of_the_person_is_asked_about_whatever_the_bot_said_since() -> None:
    person = Life(talking(SAY, {"answer": "shop", "do": [{"exit": "found"}], "else": [{"exit": "none"}]}))
    wrote(person, "When do you open?")
    assert (turns(person)[-1], person.outcomes()) == ("bot@chat: [say]", ["found"])


def test_what_is_not_near_enough_is_told_and_no_answer() -> None:
    person = Life(talking({"answer": "shop", "do": [{"exit": "found"}], "else": [{"exit": "none"}]}))
    wrote(person, "May I smell the candle that you sold to my sister?")
    [line] = person.lines("answered")
    assert (line.code, line.data["entry"], person.outcomes()) == ("none", "person", ["none"])
    assert 0 < line.data["score"] < line.data["threshold"]


def test_the_newest_turns_are_kept() -> None:
    person = Life(talking(LISTEN, {"answer": "shop"}, {"wait": "1d"}))
    for number in range(TURNS + 5):
        wrote(person, f"word {number}")
    found = person.customer.conversations[""]
    assert (len(found.turns), found.dropped, found.turns[0].text) == (TURNS, 5, "word 5")


def test_what_the_faq_does_not_know_leaves_no_answer_of_before() -> None:
    once = {"answer": "shop", "do": [{"exit": "again"}], "else": [{"choose": [
        {"when": "has(vars.answer)", "do": [{"exit": "stale"}]}, {"else": [{"exit": "none"}]}]}]}  # fmt: skip
    person = Life(talking({"answer": "shop"}, LISTEN, once))
    wrote(person, "When do you open?")
    wrote(person, "My candle smells of soap")
    assert (person.codes("answered")[:2], person.outcomes()) == (["found", "none"], ["none"])


def test_where_nobody_said_anything_there_is_no_answer() -> None:
    person = Life(journey_of(steps=[{"answer": "shop", "else": [{"exit": "none"}]}]))
    person.event("began")
    assert person.outcomes() == ["none"]


def test_history_names_the_journey_that_hands_over_at_once() -> None:
    person = Life(talking(HELP), talking({"wait": "1d", "id": "rest"}, name="bot"))
    wrote(person, "Help me")
    assert {each["journey"]: each["at"] for each in person.outputs(Task)[-1].history["journeys"]} == {
        "bot": ["rest"],
        "j": [],
    }


def test_history_is_bounded() -> None:
    person = Life(journey_of(steps=[{"wait": "1d"}]))
    customer = msgspec.structs.replace(
        person.customer, segments={f"segment-{number}-{'x' * 60}": number for number in range(200)}
    )
    found = known(customer, customer.enrollments)
    assert 0 < len(msgspec.json.encode(found)) <= MOST_BYTES + 1_000
    assert 0 < len(found["segments"]) < 200


def test_an_erased_person_has_no_conversation() -> None:
    person = Life(talking(HELP))
    wrote(person, "Help me")
    person.event("customer.erased")
    assert person.customer.conversations == {}
    assert person.outputs(TaskClosed)[-1].reason == "erased"
    assert Conversation(0, "chat").turns == []

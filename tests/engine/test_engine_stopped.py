"""STOP on a channel where it ends all that can wait, and channels that ask for consent whatever the class."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from onelife import MESSAGES, Life, journey_of

from engine.catalog import MessageSpec
from engine.customer import Consent
from engine.policy.consent import stop_of
from engine.policy.terms import NONE, QuietRule, Terms

ASKS = Terms(opt_in=frozenset({"email"}))


@pytest.fixture(autouse=True)
def texts(monkeypatch: pytest.MonkeyPatch) -> None:
    """One message of each class that goes by SMS or e-mail."""
    for class_ in ("marketing", "service", "critical"):
        monkeypatch.setitem(MESSAGES, class_, MessageSpec(class_, class_, class_, {"email": (), "sms": ()}))


def life(*journeys: dict[str, Any], terms: Terms = NONE) -> Life:
    person = Life(*journeys, terms=terms)
    person.customer.attributes |= {"sms": "+447700900123"}
    person.customer.consent = {"offers/sms": Consent(True, 0), "offers/email": Consent(True, 0)}
    return person


def sending(class_: str, channel: str = "sms", on: str = "") -> dict[str, Any]:
    return journey_of(on or class_, steps=[{"send": class_, "channel": channel}], enter={"on": on or class_})


def stop(person: Life, given: bool = False, channel: str = "sms", topic: str = "*") -> None:
    person.event("consent.changed", {"topic": topic, "channel": channel, "given": given, "source": "stop-word"})


ALL = [sending("marketing"), sending("service"), sending("critical")]


def refused(person: Life) -> list[str]:
    for class_ in ("marketing", "service", "critical"):
        person.advance("1m")
        person.event(class_)
    return person.codes("refused")


def test_a_stop_ends_what_is_of_class_service_and_marketing_and_a_recall_still_leaves() -> None:
    person = life(*ALL)
    stop(person)
    assert (refused(person), person.sent()) == (["consent", "stopped"], ["critical"])
    stop(person, given=True)
    assert (refused(person), person.sent()[1:]) == (["consent", "stopped"], ["marketing", "service", "critical"])


def test_a_newer_yes_to_the_topic_holds_for_the_topic() -> None:
    person = life(*ALL)
    stop(person)
    person.advance("1m")
    stop(person, given=True, topic="offers")
    assert refused(person) == []


def test_a_no_to_a_topic_and_a_no_on_another_channel_are_no_stop() -> None:
    person = life(*ALL, sending("service", "email", "other"))
    stop(person, topic="offers")
    stop(person, channel="email")
    assert refused(person) == ["consent"]
    person.event("other")
    assert person.sent() == ["service", "critical", "service"]


def test_a_no_to_a_topic_takes_back_nothing_of_class_service() -> None:
    person = life(*ALL)
    person.event("service")
    stop(person, topic="offers")
    stop(person, channel="email")
    assert person.voided() == []


def test_a_no_to_a_topic_behind_a_stop_and_a_newer_yes_takes_back_what_is_queued_for_the_topic() -> None:
    news = {**sending("service", on="news"), "topic": "news"}
    person = life(*ALL, news)
    stop(person)
    for topic in ("offers", "news"):
        person.advance("1m")
        stop(person, given=True, topic=topic)
    assert refused(person) == []
    person.event("news")
    taken_back = {each.message: each.id for each in person.actions() if each.topic == "offers"}
    person.advance("1m")
    stop(person, topic="offers")
    assert person.voided() == [(taken_back["service"], "stopped")]
    assert [(each.topic, each.given) for each in person.consent_changes()[-1:]] == [("offers", False)]
    assert [(each.topic, each.service) for each in person.customer.queued if each.channel == "sms"] == [
        ("offers", False),
        ("offers", False),
        ("news", True),
    ]
    stop(person, topic="offers")
    assert len(person.voided()) == 1 and refused(person) == ["consent", "stopped"]


def test_a_no_to_a_topic_behind_a_start_is_no_stop() -> None:
    person = life(*ALL)
    stop(person)
    for answer in ({"given": True, "topic": "offers"}, {"given": True}):
        person.advance("1m")
        stop(person, **answer)
    assert refused(person) == []
    stop(person, topic="offers")
    assert person.voided() == []


ANSWERS = st.tuples(st.sampled_from(["*", "offers", "news"]), st.booleans(), st.integers(1, 9))
HAPPENS = st.one_of(st.sampled_from(["offers", "news"]), ANSWERS)


@given(st.lists(HAPPENS, max_size=8))
def test_nothing_of_class_service_stays_queued_for_what_is_stopped(events: list[Any]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(MESSAGES, "service", MessageSpec("service", "service", "service", {"sms": ()}))
        person = life(
            sending("service", on="offers"), {**sending("service", on="news"), "journey": "n", "topic": "news"}
        )
    for each in events:
        if isinstance(each, str):
            person.event(each)
        else:
            topic, yes, second = each
            answer = {"topic": topic, "channel": "sms", "given": yes}
            person.event("consent.changed", answer, occurred_at=person.at + second * 1000)
        stopped = [each for each in person.customer.queued if stop_of(person.customer, each.topic, "sms")]
        assert stopped == []


def test_the_project_may_say_that_a_stop_ends_marketing_alone() -> None:
    person = life(*ALL, terms=Terms(stops=frozenset()))
    stop(person)
    assert refused(person) == ["consent"]


CONFIRM = {"on": "consent.changed", "where": 'event.topic == "*" && !event.given', "again": "always"}
CONFIRMING = journey_of(enter=CONFIRM, steps=[{"send": "service", "channel": "sms"}])


def test_one_message_confirms_a_stop_at_any_hour_and_no_other() -> None:
    also = journey_of("k", enter=CONFIRM, steps=[{"send": "service", "channel": "sms"}, {"wait": "1h"}])
    person = life(CONFIRMING, also, terms=Terms(quiet=QuietRule((17 * 60, 8 * 60))))
    stop(person)
    assert (person.sent(), person.codes("refused")) == (["service"], ["stopped"])
    assert person.actions()[0].quiet is None
    person.advance("2m")
    stop(person)
    person.advance("2m")
    assert (person.sent(), person.codes("refused")[1:]) == (["service"], ["stopped", "stopped"])
    stop(person, given=True)
    person.advance("2m")
    stop(person)
    assert len(person.sent()) == 2


def test_what_comes_later_than_the_stop_confirms_nothing() -> None:
    late = journey_of(enter=CONFIRM, steps=[{"wait": "1m"}, {"send": "service", "channel": "sms"}])
    person = life(late)
    stop(person)
    person.advance("1m")
    assert (person.sent(), person.codes("refused")) == ([], ["stopped"])


def test_marketing_confirms_nothing() -> None:
    person = life(journey_of(enter=CONFIRM, steps=[{"send": "marketing", "channel": "sms"}]))
    stop(person)
    assert (person.sent(), person.codes("refused")) == ([], ["consent"])


def test_a_recall_uses_up_no_confirmation() -> None:
    steps = [{"send": class_, "channel": "sms"} for class_ in ("critical", "service")]
    person = life(journey_of(enter=CONFIRM, steps=steps))
    stop(person)
    assert person.sent() == ["critical", "service"]


def test_a_stop_takes_back_the_service_messages_that_are_queued_and_not_its_own_confirmation() -> None:
    mail = sending("service", "email", "other")
    person = life(*ALL, CONFIRMING, mail)
    for type_ in ("service", "critical", "other"):
        person.event(type_)
    first = person.actions()[0]
    stop(person)
    assert person.voided() == [(first.id, "stopped")]
    assert [each.journey for each in person.lines("voided")] == ["service"]
    assert [(each.channel, each.service) for each in person.customer.queued] == [
        ("sms", False),
        ("email", True),
        ("sms", True),
    ]
    person.advance("1s")
    stop(person)
    assert len(person.voided()) == 1


def test_a_stop_that_comes_late_takes_back_nothing_of_a_topic_with_a_newer_yes() -> None:
    person = life(*ALL)
    person.advance("2m")
    stop(person, given=True, topic="offers")
    for class_ in ("marketing", "service"):
        person.event(class_)
    said = {"topic": "*", "channel": "sms", "given": False}
    person.event("consent.changed", said, occurred_at=person.at - 60_000)
    assert (person.voided(), person.consent_changes()) == ([], [])


def test_where_the_project_asks_for_a_yes_nothing_leaves_without_one() -> None:
    journeys = [sending(class_, "email") for class_ in ("marketing", "service", "critical")]
    person = life(*journeys, terms=ASKS)
    person.customer.consent = {}
    assert (refused(person), person.sent()) == (["consent"] * 3, [])
    stop(person, given=True, channel="email", topic="offers")
    assert (refused(person), person.sent()) == (["consent"] * 3, ["marketing", "service", "critical"])
    assert [each.asks_consent for each in person.actions()] == [False, True, True]
    person.advance("1m")
    stop(person, channel="email")
    assert len(refused(person)) == 6
    assert {each.topic for each in person.consent_changes()} == {"offers"}


def test_elsewhere_it_asks_nothing_more() -> None:
    person = life(*ALL, terms=ASKS)
    person.customer.consent = {}
    assert (refused(person), person.sent()) == (["consent"], ["service", "critical"])
    assert not any(each.asks_consent for each in person.actions())

"""A no to every topic of a channel: what it takes back, what it leaves, in whichever order answers arrive."""

from itertools import permutations
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from onelife import Life, journey_of

from engine.customer import CONSENTS, Consent, Customer, answer_for
from engine.decision import ConsentChange
from engine.person import given_consents

SENDS = [{"send": "hello", "channel": "email"}]


def said(life: Life, given: bool, topic: str = "*", channel: str = "email", **envelope: Any) -> None:
    life.event("consent.changed", {"topic": topic, "channel": channel, "given": given}, **envelope)


def sent_after(*answers: tuple[str, str, bool]) -> list[str]:
    life = Life(journey_of(steps=SENDS))
    for topic, channel, yes in answers:
        life.advance("1m")
        said(life, yes, topic, channel)
    life.advance("1m")
    life.event("began")
    return life.sent()


def test_a_no_to_every_topic_stops_marketing_on_its_channel_and_a_yes_brings_back_what_was_there() -> None:
    assert sent_after() == ["hello"]
    assert sent_after(("*", "email", False)) == []
    assert sent_after(("*", "sms", False)) == ["hello"]
    assert sent_after(("*", "email", False), ("*", "email", True)) == ["hello"]


def test_a_yes_to_every_topic_gives_nothing_that_was_not_given() -> None:
    assert sent_after(("offers", "email", False), ("*", "email", True)) == []
    assert sent_after(("offers", "email", False), ("*", "email", False), ("*", "email", True)) == []


def test_a_yes_to_one_topic_behind_it_holds_for_that_topic() -> None:
    assert sent_after(("*", "email", False), ("offers", "email", True)) == ["hello"]
    assert sent_after(("*", "email", False), ("news", "email", True)) == []


def test_conditions_see_it() -> None:
    life = Life(journey_of(enter={"on": "began", "where": 'consented("offers", "email")'}, steps=SENDS))
    said(life, False)
    life.event("began")
    assert life.sent() == [] and given_consents(life.customer)["offers/email"] is False


def test_what_is_queued_is_taken_back_for_each_topic_and_lifted_by_the_yes() -> None:
    life = Life(journey_of(steps=SENDS), {**journey_of("k", steps=[{"send": "again"}]), "topic": "news"})
    life.customer.consent = {"offers/email": Consent(True, 0), "news/email": Consent(True, 0)}
    life.event("began")
    assert len(life.sent()) == 2
    said(life, False)
    told = [(each.topic, each.channel, each.given) for each in life.outputs(ConsentChange)]
    assert told == [("news", "email", False), ("offers", "email", False)]
    life.advance("1m")
    said(life, True)
    assert sorted(each.topic for each in life.outputs(ConsentChange) if each.given) == ["news", "offers"]
    assert len({each.id for each in life.outputs(ConsentChange)}) == 4


ANSWERS = st.lists(st.tuples(st.sampled_from(["*", "offers"]), st.booleans(), st.integers(1, 9)), max_size=4)


@given(ANSWERS)
def test_the_order_in_which_answers_arrive_does_not_matter(answers: list[tuple[str, bool, int]]) -> None:
    found = set()
    for order in permutations(answers):
        life = Life(journey_of(steps=SENDS))
        for topic, yes, minute in order:
            said(life, yes, topic, occurred_at=life.at + minute * 1000)
        held = answer_for(life.customer.consent, "offers", "email")
        found.add(held is not None and held.given)
    assert len(found) == 1


def test_a_no_to_every_topic_does_not_fall_out_at_the_limit() -> None:
    life = Life(journey_of(steps=SENDS))
    said(life, False)
    life.customer.consent |= {f"t{number}/email": Consent(True, 0) for number in range(CONSENTS - 2)}
    life.advance("1m")
    said(life, True, "one-more")
    consents = life.customer.consent
    assert len(consents) == CONSENTS and not consents["*/email"].given and "one-more/email" in consents


def test_an_erased_stub_has_no_answers() -> None:
    assert answer_for(Customer("c", "", 0, 0).consent, "offers", "email") is None

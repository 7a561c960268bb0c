"""A proposal through policy: refused with a code, or an action that carries what dispatch needs."""

import pytest

from engine.customer import Customer
from engine.ids import action_id
from engine.policy.pipeline import judged
from engine.policy.proposal import Proposal

HOUR_MS = 3_600_000


@pytest.mark.parametrize(("message", "code"), [("hello", ["consent"]), ("receipt", []), ("recall", [])])
def test_marketing_needs_consent_and_the_other_classes_do_not(life, journey, message, code):
    person = life(journey(steps=[{"send": message}, {"exit": "done"}]), consent=False)
    person.event("began")
    assert person.codes("refused") == code
    assert person.sent() == ([] if code else [message])
    assert person.outcomes() == ["done"]


def test_consent_is_for_the_topic_and_the_channel(life, journey):
    person = life(
        journey(topic="news", steps=[{"send": "hello"}]), journey("k", steps=[{"send": "both", "channel": "push"}])
    )
    person.event("customer.updated", {"set": {"push": "token"}})
    person.event("began")
    assert person.codes("refused") == ["consent", "consent"]


def test_another_channel_has_another_address(life, journey):
    person = life(journey(steps=[{"send": "both", "channel": "push"}]))
    person.event("consent.changed", {"topic": "offers", "channel": "push", "given": True})
    person.event("customer.updated", {"set": {"push": "token"}})
    person.event("began")
    assert [(each.channel, each.recipient) for each in person.actions()] == [("push", "token")]


def test_the_inbox_of_the_app_needs_no_address_and_marketing_its_consent(life, journey):
    person = life(journey(steps=[{"send": "points"}]))
    person.event("began")
    assert person.codes("refused") == ["consent"]
    person.event("consent.changed", {"topic": "offers", "channel": "inapp", "given": True})
    person.event("began")
    assert [(each.channel, each.recipient) for each in person.actions()] == [("inapp", person.customer.id)]


@pytest.mark.parametrize("address", [None, "", "  ", 5])
def test_no_address_is_unreachable(life, journey, address):
    person = life(journey(steps=[{"send": "recall"}]))
    given = {"unset": ["email"]} if address is None else {"set": {"email": address}}
    person.event("customer.updated", given)
    person.event("began")
    assert person.codes("refused") == ["unreachable"]


def test_an_erased_customer_gets_not_even_a_recall():
    proposal = Proposal("offers", "email", "critical", "a@b.c")
    refusal = judged(proposal, Customer("c1", "c1", 0, erased_at=1))
    assert refusal is not None
    assert refusal.code == "erased"


def test_the_order_of_the_rules():
    proposal = Proposal("offers", "email", "marketing", "")
    codes = []
    for erased_at in (1, 0):
        refusal = judged(proposal, Customer("c1", "c1", 0, erased_at=erased_at))
        codes.append(refusal.code if refusal else "")
    assert codes == ["erased", "consent"]


def test_when_blocked_goes_elsewhere(life, journey):
    blocked = {"send": "hello", "when_blocked": {"else": [{"send": "receipt"}]}}
    person = life(journey(steps=[blocked, {"send": "recall"}]), consent=False)
    person.event("began")
    assert person.sent() == ["receipt", "recall"]


def test_a_refused_proposal_is_not_queued_and_a_later_one_may_pass(life, journey):
    person = life(journey(steps=[{"send": "hello"}, {"wait": "1h"}, {"send": "again"}]), consent=False)
    person.event("began")
    assert person.customer.queued == []
    person.event("consent.changed", {"topic": "offers", "channel": "email", "given": True})
    person.advance("1h")
    assert person.sent() == ["again"]


def test_an_action_carries_what_dispatch_needs(life, journey):
    steps = [{"send": "hello", "void_after": "20m"}, {"wait": "1h"}, {"send": "again"}]
    person = life(journey(steps=steps), zone="Europe/London")
    person.event("customer.updated", {"set": {"timezone": "Europe/Paris", "email": " ada@shop.example "}})
    decision = person.event("began", {"total": 12.5, "secret": "x"}, received_at=person.at - 7)
    action = person.actions()[0]
    assert action.id == action_id(action.enrollment, "hello", 1)
    assert (action.customer, action.journey, action.version, action.step) == ("c1", "j", "v1", "hello")
    assert (action.message, action.message_hash, action.class_) == ("hello", "hash-hello", "marketing")
    assert (action.channel, action.topic, action.recipient) == ("email", "offers", "ada@shop.example")
    assert action.timezone == "Europe/Paris"
    assert action.variables == {"customer": {"first_name": "Ada"}, "entry": {"total": 12.5}}
    assert (action.decided_at, action.received_at) == (person.at, person.at - 7)
    assert action.void_at == person.at + 20 * 60_000
    assert action.cause == decision.trace.id
    person.advance("2h")
    later = person.actions()[1]
    assert (later.decided_at, later.received_at, later.void_at) == (person.at - HOUR_MS, 0, 0)
    assert later.variables == {}


def test_variables_that_are_absent_are_left_out(life, journey):
    person = life(journey(steps=[{"send": "hello"}]))
    person.event("customer.updated", {"unset": ["first_name"]})
    person.event("began")
    assert person.actions()[0].variables == {}


def test_the_second_action_of_one_event_has_its_own_id(life, journey):
    person = life(journey(steps=[{"send": "hello"}, {"send": "hello", "id": "second"}]))
    person.event("began")
    assert len({action.id for action in person.actions()}) == 2
    assert person.customer.queued[0].enrollment == person.actions()[0].enrollment

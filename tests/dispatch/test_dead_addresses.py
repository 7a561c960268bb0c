"""A dead address that a receipt tells of: nothing more goes there until a newer one is known."""

import pytest

from engine.customer import DEAD_ADDRESSES, Customer
from engine.decide import decide, new_customer
from engine.event import Event, EventArrived
from engine.policy.proposal import Proposal
from engine.policy.suppressed import suppressed
from engine.policy.terms import NONE
from journeys.load import load_project
from streams.driver import catalog_of

ADDRESS = "ann@example.org"
NOTHING = catalog_of(load_project({}))


def told(customer: Customer, type_: str, at: int, channel: str = "email", **properties: object) -> Customer:
    """The customer once this was said."""
    event = Event(id=f"{type_}/{at}/{channel}", type=type_, customer="ann", channel=channel, occurred_at=at,
                  received_at=at, properties=properties)  # fmt: skip
    return decide(NOTHING, customer, EventArrived(event, at)).customer


def refused(customer: Customer, recipient: str = ADDRESS, channel: str = "email") -> bool:
    return suppressed(Proposal("offers", channel, "service", recipient), customer, NONE) is not None


@pytest.fixture
def bounced() -> Customer:
    known = told(new_customer("ann", 1), "customer.updated", 10, set={"email": ADDRESS})
    return told(known, "message.bounced", 20, action_id="a1", dead_address=ADDRESS, code="smtp_550")


def test_nothing_goes_to_an_address_that_is_dead_on_its_channel(bounced: Customer) -> None:
    assert refused(bounced)
    assert refused(bounced, ADDRESS.upper())
    assert not refused(bounced, channel="sms")
    assert not refused(bounced, "other@example.org")


def test_a_failure_buries_an_address_as_a_bounce_does_and_one_without_it_does_not() -> None:
    known = new_customer("ann", 1)
    assert not refused(told(known, "message.failed", 5, action_id="a1", code="smtp_550"))
    assert refused(told(known, "message.failed", 5, action_id="a1", code="smtp_550", dead_address=ADDRESS))


def test_a_newer_word_on_the_address_lifts_it_and_an_older_does_not(bounced: Customer) -> None:
    assert not refused(told(bounced, "customer.updated", 21, set={"email": ADDRESS}))
    assert refused(told(bounced, "customer.updated", 19, set={"email": ADDRESS}))


def test_an_older_death_does_not_replace_a_newer_one(bounced: Customer) -> None:
    late = told(bounced, "message.bounced", 15, action_id="a0", dead_address="old@example.org")
    assert late.dead == bounced.dead


def test_as_many_channels_are_kept_as_may_be() -> None:
    customer = new_customer("ann", 1)
    for number in range(DEAD_ADDRESSES + 3):
        customer = told(customer, "message.failed", 5 + number, f"c{number}", action_id="a", dead_address=ADDRESS)
    assert len(customer.dead) == DEAD_ADDRESSES

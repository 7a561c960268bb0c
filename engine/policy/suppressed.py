"""Rule: a suppressed address gets nothing, of whatever class."""

from engine.customer import Customer, answer_for
from engine.policy.consent import WITHOUT_CONSENT
from engine.policy.proposal import Proposal, Refusal
from engine.policy.terms import Terms
from journeys.conditions.around import Around

SUPPRESSED = "suppressed"
"""The attribute that lists the addresses at which a person gets nothing, or channels on which none is used."""


def suppressed(proposal: Proposal, customer: Customer, _terms: Terms) -> Refusal | None:
    """Refuses with `suppressed` what goes to an address, or on a channel, that the customer's attribute lists, and
    what goes to an address that a provider called dead."""
    if customer.dead and (why := _dead(proposal, customer)):
        return Refusal("suppressed", why)
    listed = customer.attributes.get(SUPPRESSED)
    if not listed:
        return None
    names = {_plain(each) for each in (listed if isinstance(listed, list) else [listed]) if isinstance(each, str)}
    if proposal.channel in names or _plain(proposal.recipient) in names:
        return Refusal("suppressed", f"customer.{SUPPRESSED} lists the address, or {proposal.channel}")
    return None


def belonged_to_erased(proposal: Proposal, customer: Customer, around: Around) -> Refusal | None:
    """Refuses marketing to an address of somebody who was erased, until a consent newer than the erasure is given."""
    if proposal.class_ in WITHOUT_CONSENT:
        return None
    at = around.suppressed_at(proposal.recipient)
    if not at:
        return None
    answer = answer_for(customer.consent, proposal.topic, proposal.channel)
    if answer is not None and answer.given and answer.at > at:
        return None
    return Refusal("suppressed", "the address is that of somebody who was erased, and no consent is newer than that")


def _dead(proposal: Proposal, customer: Customer) -> str:
    """Why nothing goes to this address; empty once another stands there, or the same was given anew."""
    dead = customer.dead.get(proposal.channel)
    if dead is None or _plain(dead.address) != _plain(proposal.recipient):
        return ""
    given_at = customer.attributes_at.get(proposal.channel, 0)
    return "" if given_at > dead.at else f"nothing reaches this address any more: {dead.code}"


def _plain(address: str) -> str:
    return address.strip().casefold()

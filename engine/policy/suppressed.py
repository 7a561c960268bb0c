"""Rule: a suppressed address gets nothing, of whatever class."""

from engine.customer import Customer
from engine.policy.proposal import Proposal, Refusal
from engine.policy.terms import Terms

SUPPRESSED = "suppressed"
"""The attribute that lists the addresses at which a person gets nothing, or channels on which none is used."""


def suppressed(proposal: Proposal, customer: Customer, _terms: Terms) -> Refusal | None:
    """Refuses with `suppressed` what goes to an address, or on a channel, that the customer's attribute lists."""
    listed = customer.attributes.get(SUPPRESSED)
    if not listed:
        return None
    names = {_plain(each) for each in (listed if isinstance(listed, list) else [listed]) if isinstance(each, str)}
    if proposal.channel in names or _plain(proposal.recipient) in names:
        return Refusal("suppressed", f"customer.{SUPPRESSED} lists the address, or {proposal.channel}")
    return None


def _plain(address: str) -> str:
    return address.strip().casefold()

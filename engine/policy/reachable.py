"""Rule: a message needs an address; that of a channel is the customer's attribute of the same name."""

from engine.customer import Customer
from engine.policy.proposal import Proposal, Refusal
from engine.policy.terms import Terms


def address(customer: Customer, channel: str) -> str:
    """The customer's address for the channel, empty when there is none."""
    found = customer.attributes.get(channel)
    return found.strip() if isinstance(found, str) else ""


def reachable(proposal: Proposal, _customer: Customer, _terms: Terms) -> Refusal | None:
    """Refuses with `unreachable` when the customer has no address for the channel."""
    if proposal.recipient:
        return None
    return Refusal("unreachable", f"customer.{proposal.channel} is absent")

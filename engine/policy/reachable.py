"""Rule: a message needs an address; that of a channel is the customer's attribute of the same name.

The inbox of the app needs none: it is the customer's own.
"""

from engine.customer import Customer
from engine.policy.proposal import Proposal, Refusal
from engine.policy.terms import Terms

INBOX = "inapp"


def address(customer: Customer, channel: str) -> str:
    """The customer's address for the channel, empty when there is none."""
    if channel == INBOX:
        return customer.id
    found = customer.attributes.get(channel)
    return found.strip() if isinstance(found, str) else ""


def reachable(proposal: Proposal, _customer: Customer, _terms: Terms) -> Refusal | None:
    """Refuses with `unreachable` when the customer has no address for the channel."""
    if proposal.recipient:
        return None
    return Refusal("unreachable", f"customer.{proposal.channel} is absent")

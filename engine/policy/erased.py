"""Rule: an erased customer gets nothing, of whatever class."""

from engine.customer import Customer
from engine.policy.proposal import Proposal, Refusal
from engine.policy.terms import Terms


def erased(_proposal: Proposal, customer: Customer, _terms: Terms) -> Refusal | None:
    """Refuses with `erased` once the customer was erased."""
    if customer.erased_at:
        return Refusal("erased", f"the customer was erased at {customer.erased_at}")
    return None

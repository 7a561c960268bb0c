"""Rule: a message whose facts are not true yet, or not any more, does not leave."""

from engine.customer import Customer
from engine.policy.proposal import Proposal, Refusal
from engine.policy.terms import Terms

EXPIRED = "facts_expired"
EARLY = "facts_early"


def stated(proposal: Proposal, _customer: Customer, _terms: Terms) -> Refusal | None:
    """Refuses with `facts_expired` what is over, and with `facts_early`, until it begins, what is still to come."""
    if not proposal.until and not proposal.since:
        return None
    if 0 < proposal.until <= proposal.at:
        return Refusal(EXPIRED, f"what {proposal.message} states is over since {proposal.until}")
    if proposal.at < proposal.since:
        return Refusal(EARLY, f"what {proposal.message} states begins at {proposal.since}", proposal.since)
    return None

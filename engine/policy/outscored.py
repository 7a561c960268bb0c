"""Rule: of the marketing proposals of one person at one instant only so many win, as the project says."""

from engine.customer import Customer
from engine.policy.consent import WITHOUT_CONSENT
from engine.policy.proposal import Proposal, Refusal
from engine.policy.terms import Terms
from engine.time import after


def outscored(proposal: Proposal, customer: Customer, terms: Terms) -> Refusal | None:
    """Refuses with `outscored` once enough have won at this instant; they were judged in the order of their scores."""
    rules = terms.arbitration
    if rules is None or not rules.most or proposal.class_ in WITHOUT_CONSENT:
        return None
    won = 0
    for contact in reversed(customer.contacts):
        if contact.at != proposal.at:
            break
        won += 1
    if won < rules.most:
        return None
    return Refusal("outscored", f"{won} won at this instant already", after(proposal.at, rules.retry, proposal.zone))

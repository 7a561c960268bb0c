"""Rule: marketing needs the customer's consent for its topic and channel; unknown is no."""

from engine.customer import Customer, answer_for
from engine.policy.proposal import Proposal, Refusal
from engine.policy.terms import Terms

WITHOUT_CONSENT = frozenset({"service", "critical"})


def consented(proposal: Proposal, customer: Customer, _terms: Terms) -> Refusal | None:
    """Refuses with `consent` unless it was given; messages of class service and critical need none."""
    if proposal.class_ in WITHOUT_CONSENT:
        return None
    answer = answer_for(customer.consent, proposal.topic, proposal.channel)
    if answer is not None and answer.given:
        return None
    found = "was never given" if answer is None else f"was withdrawn at {answer.at}"
    return Refusal("consent", f"consent for {proposal.topic} by {proposal.channel} {found}")

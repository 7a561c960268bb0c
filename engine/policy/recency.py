"""Rule: no marketing for a while after a bad experience: a complaint, a goodbye, a low score."""

from engine.customer import Customer
from engine.history import newest
from engine.policy.consent import WITHOUT_CONSENT
from engine.policy.proposal import Proposal, Refusal
from engine.policy.terms import Terms
from engine.time import after

GOODBYE = "consent.changed"
"""Of these only a no counts."""


def recovered(proposal: Proposal, customer: Customer, terms: Terms) -> Refusal | None:
    """Refuses with `recency` until the time after the last such event is over."""
    if not terms.recency or proposal.class_ in WITHOUT_CONSENT:
        return None
    for rule in terms.recency:
        for type_ in rule.types:
            last = _last(customer, type_)
            until = after(last, rule.duration, proposal.zone) if last else 0
            if until > proposal.at:
                return Refusal("recency", f"{type_} at {last}, less than {rule.duration.text} ago", until)
    return None


def _last(customer: Customer, type_: str) -> int:
    """When it happened last (ms), 0 for never."""
    if type_ == GOODBYE:
        return max((each.at for each in customer.consent.values() if not each.given), default=0)
    found = newest(customer.history.get(type_))
    return 0 if found is None else found.at

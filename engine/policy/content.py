"""Rule: what a brand does not promote is not sent in its name, to nobody or not to some."""

from engine.customer import Customer
from engine.policy.proposal import Proposal, Refusal
from engine.policy.terms import ContentRule, Terms


def allowed_content(proposal: Proposal, _customer: Customer, terms: Terms) -> Refusal | None:
    """Refuses with `content` a message of a category that the brand of the journey, else of the project, forbids.

    Raises EvaluationError for a condition that cannot be evaluated; an absent field is no such fault.
    """
    if not proposal.categories:
        return None
    for rule in terms.content.get(proposal.brand, ()):
        found = rule.categories.intersection(proposal.categories)
        if found and _forbids(rule, proposal):
            whose = proposal.brand or "the brand of the project"
            return Refusal("content", f"{whose} does not promote {', '.join(sorted(found))} to this person")
    return None


def _forbids(rule: ContentRule, proposal: Proposal) -> bool:
    if rule.when is None and rule.unless is None:
        return True
    facts = proposal.facts()
    if rule.when is not None and not rule.when.holds(facts):
        return False
    return rule.unless is None or not rule.unless.holds(facts)

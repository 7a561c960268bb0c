"""The policy pipeline: every rule, in the order in which they are asked; the first refusal stands."""

from collections.abc import Callable

from engine.customer import Customer
from engine.policy.caps import within_caps
from engine.policy.consent import consented, not_stopped
from engine.policy.content import allowed_content
from engine.policy.erased import erased
from engine.policy.holdout import held_out
from engine.policy.outscored import outscored
from engine.policy.proposal import Proposal, Refusal
from engine.policy.quiet import loud
from engine.policy.reachable import reachable
from engine.policy.recency import recovered
from engine.policy.stated import stated
from engine.policy.suppressed import suppressed
from engine.policy.terms import NONE, Terms

Rule = Callable[[Proposal, Customer, Terms], Refusal | None]
"""A rule: why not, None where it has nothing against the proposal."""
RULES: tuple[Rule, ...] = (
    erased,
    suppressed,
    consented,
    not_stopped,
    allowed_content,
    stated,
    held_out,
    reachable,
    loud,
    within_caps,
    recovered,
    outscored,
)


def judged(proposal: Proposal, customer: Customer, terms: Terms = NONE) -> Refusal | None:
    """The refusal of the first rule that has one, None when the proposal becomes an action."""
    for rule in RULES:
        refusal = rule(proposal, customer, terms)
        if refusal is not None:
            return refusal
    return None

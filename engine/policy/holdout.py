"""Rule: who is in the control group of a journey gets none of its marketing, whatever version it is in."""

from engine.customer import Customer
from engine.ids import share
from engine.policy.consent import WITHOUT_CONSENT
from engine.policy.proposal import Proposal, Refusal
from engine.policy.terms import Terms

HELD_OUT, TREATED = "control", "treated"


def holdout_key(journey: str) -> str:
    """Under which a customer's group is kept among its arms."""
    return f"holdout/{journey}"


def drawn(journey: str, person_key: str, holdout: float) -> str:
    """The group of a person, by hash of the journey and the person (docs/events.md)."""
    return HELD_OUT if share("holdout", journey, person_key) < holdout else TREATED


def held_out(proposal: Proposal, _customer: Customer, _terms: Terms) -> Refusal | None:
    """Refuses with `holdout` what is marketing; messages of class service and critical have no control group."""
    if proposal.held_out and proposal.class_ not in WITHOUT_CONSENT:
        return Refusal("holdout", "the person is in the control group of the journey")
    return None

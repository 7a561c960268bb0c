"""Rule: who is in the control group of a journey, or of the whole project, gets none of its marketing."""

from engine.customer import Customer
from engine.ids import share
from engine.policy.consent import WITHOUT_CONSENT
from engine.policy.proposal import Proposal, Refusal
from engine.policy.terms import Terms

HELD_OUT, TREATED = "control", "treated"
GLOBAL = "holdout"
"""Under which a customer's group of the whole project is kept among its arms."""


def holdout_key(journey: str) -> str:
    """Under which a customer's group of a journey is kept among its arms, whatever version it is in."""
    return f"{GLOBAL}/{journey}"


def drawn(journey: str, person_key: str, holdout: float) -> str:
    """The group of a person, by hash of the journey and the person (docs/events.md)."""
    return HELD_OUT if share("holdout", journey, person_key) < holdout else TREATED


def drawn_for_all(person_key: str, holdout: float) -> str:
    """The group of a person for all marketing, by hash of the person alone (docs/events.md)."""
    return HELD_OUT if share("holdout", person_key) < holdout else TREATED


def held_out(proposal: Proposal, customer: Customer, terms: Terms) -> Refusal | None:
    """Refuses with `holdout` what is marketing; messages of class service and critical have no control group."""
    if proposal.class_ in WITHOUT_CONSENT:
        return None
    if proposal.held_out:
        return Refusal("holdout", "the person is in the control group of the journey")
    if terms.holdout and _group(customer, terms.holdout) == HELD_OUT:
        return Refusal("holdout", "the person is in the control group of all marketing")
    return None


def _group(customer: Customer, holdout: float) -> str:
    """Who entered before the project had a control group has none drawn yet, and the hash tells it."""
    return customer.arms.get(GLOBAL) or drawn_for_all(customer.person_key, holdout)

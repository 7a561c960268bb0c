"""Rule: marketing needs the customer's consent for its topic and channel; unknown is no.

On the channels that the project lists under `opt_in` all classes need it, and a STOP on those of `stops` ends what is
of class service too.
"""

from engine.customer import EVERY_TOPIC, Consent, Customer, answer_for, consent_key
from engine.policy.proposal import Proposal, Refusal
from engine.policy.terms import Terms

SERVICE = "service"
WITHOUT_CONSENT = frozenset({SERVICE, "critical"})


def consented(proposal: Proposal, customer: Customer, terms: Terms) -> Refusal | None:
    """Refuses with `consent` unless it was given; messages of class service and critical need none.

    Where the channel asks for it whatever the class, who wrote there since a no is answered all the same.
    """
    if proposal.class_ in WITHOUT_CONSENT and proposal.channel not in terms.opt_in:
        return None
    answer = answer_for(customer.consent, proposal.topic, proposal.channel)
    if answer is not None and answer.given:
        return None
    if proposal.class_ in WITHOUT_CONSENT and proposal.heard_at > (0 if answer is None else answer.at):
        return None
    found = "was never given" if answer is None else f"was withdrawn at {answer.at}"
    return Refusal("consent", f"consent for {proposal.topic} by {proposal.channel} {found}")


def not_stopped(proposal: Proposal, customer: Customer, terms: Terms) -> Refusal | None:
    """Refuses with `stopped` what is of class service on a channel that the customer has stopped.

    The one message that is decided with the STOP itself may confirm it.
    """
    if proposal.class_ != SERVICE or proposal.channel not in terms.stops or proposal.confirms:
        return None
    stop = stop_of(customer, proposal.topic, proposal.channel)
    if stop is None:
        return None
    return Refusal("stopped", f"{proposal.channel} was stopped at {stop.at}")


def stop_of(customer: Customer, topic: str, channel: str) -> Consent | None:
    """The no to every topic that holds for a topic on a channel; None where there is none, or a yes is newer."""
    stop = customer.consent.get(consent_key(EVERY_TOPIC, channel))
    if stop is None or stop.given:
        return None
    own = customer.consent.get(consent_key(topic, channel))
    return None if own is not None and own.given and own.at > stop.at else stop

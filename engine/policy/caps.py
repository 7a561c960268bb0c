"""Rule: at most so many messages of marketing to one person, as the project and the journey say."""

from collections.abc import Iterator

from engine.customer import CONTACTS, Contact, Customer
from engine.policy.budget import period_of
from engine.policy.consent import WITHOUT_CONSENT
from engine.policy.proposal import Proposal, Refusal
from engine.policy.terms import CapRule, Terms
from engine.time import DAY_MS, after
from journeys.duration import Duration

CONTACT_DAYS = 100
"""How long a message is remembered: longer than any cap may look back."""
_SLACK_MS = 2 * DAY_MS
"""By how much a calendar unit may differ from so many times 24 hours, with what zones do."""


def within_caps(proposal: Proposal, customer: Customer, terms: Terms) -> Refusal | None:
    """Refuses with `cap` what would be one too many, until a unit is free again.

    A unit is taken when a message is decided, and given back when it is known that it did not leave. Of more messages
    than are remembered all count as too many.
    """
    if not (terms.caps or proposal.caps) or proposal.class_ in WITHOUT_CONSENT or not customer.contacts:
        return None
    for rule in (*terms.caps, *proposal.caps):
        if _concerns(rule, proposal):
            refusal = _judged(rule, proposal, customer.contacts)
            if refusal is not None:
                return refusal
    return None


def with_contact(contacts: list[Contact], contact: Contact) -> list[Contact]:
    """A copy with one more; those that no cap asks for any more fall out, and of too many the oldest."""
    since = contact.at - CONTACT_DAYS * DAY_MS
    kept = contacts if not contacts or contacts[0].at >= since else [each for each in contacts if each.at >= since]
    return [*kept, contact][-CONTACTS:]


def _concerns(rule: CapRule, proposal: Proposal) -> bool:
    return (
        (not rule.channel or rule.channel == proposal.channel)
        and (not rule.topic or rule.topic == proposal.topic)
        and (not rule.journey or rule.journey == proposal.journey)
    )


def _judged(rule: CapRule, proposal: Proposal, contacts: list[Contact]) -> Refusal | None:
    most = rule.most
    if len(contacts) < most:
        return None
    counted = sorted(_free_at(rule, proposal, each) for each in _counting(rule, proposal, contacts))
    counted = [each for each in counted if each > proposal.at]
    if len(counted) >= most:
        return _too_many(rule, proposal, counted[len(counted) - most])
    # Of a full memory nobody knows what fell out of it.
    if len(contacts) >= CONTACTS and _free_at(rule, proposal, contacts[0]) > proposal.at:
        return _too_many(rule, proposal, _free_at(rule, proposal, contacts[0]))
    return None


def _counting(rule: CapRule, proposal: Proposal, contacts: list[Contact]) -> Iterator[Contact]:
    channel = proposal.channel if rule.per_channel else rule.channel
    topic = proposal.topic if rule.per_topic else rule.topic
    journey = proposal.journey if rule.per_journey else rule.journey
    for each in contacts:
        if (
            (not channel or each.channel == channel)
            and (not topic or each.topic == topic)
            and (not journey or each.journey == journey)
        ):
            yield each


def _free_at(rule: CapRule, proposal: Proposal, contact: Contact) -> int:
    """The first instant (ms) at which a message counts no more; where that is long past, some instant before now."""
    if rule.within is None:
        return period_of(contact.at, rule.each, proposal.zone).end
    if contact.at + _longest_ms(rule.within) < proposal.at:
        return 0
    return after(contact.at, rule.within, proposal.zone)


def _too_many(rule: CapRule, proposal: Proposal, until: int) -> Refusal:
    own = {
        "channel": proposal.channel if rule.per_channel else rule.channel,
        "topic": proposal.topic if rule.per_topic else rule.topic,
        "journey": proposal.journey if rule.per_journey else rule.journey,
    }
    of = ", ".join(f"{kind} {name}" for kind, name in own.items() if name) or "person"
    span = f"within {rule.within.text}" if rule.within is not None else f"in one {rule.each}"
    return Refusal("cap", f"{rule.most} {span} for this {of}; free at {until}", until)


def _longest_ms(duration: Duration) -> int:
    return (duration.months * 31 + duration.days) * DAY_MS + duration.elapsed_ms + _SLACK_MS

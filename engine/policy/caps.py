"""Rule: at most so many messages of marketing to one person, as the project and the journey say."""

from functools import lru_cache

from engine.customer import CONTACTS, Contact, Customer
from engine.policy.budget import period_of
from engine.policy.consent import WITHOUT_CONSENT
from engine.policy.proposal import Proposal, Refusal
from engine.policy.terms import CapRule, Terms
from engine.time import DAY_MS, after, steady_offset
from engine.wallclock import MINUTE_MS, date_of, day_of, first_instant, local_of, weekday_of

CONTACT_DAYS = 100
"""How long a message is remembered: longer than any cap may look back."""
_SLACK_MS = 2 * DAY_MS
"""By how much calendar units may differ from so many times 24 hours, with what zones do."""


def within_caps(proposal: Proposal, customer: Customer, terms: Terms) -> Refusal | None:
    """Refuses with `cap` what would be one too many, until a unit is free again.

    A unit is taken when a message is decided, and given back when it is known that it did not leave.
    """
    contacts = customer.contacts
    if not contacts or proposal.class_ in WITHOUT_CONSENT:
        return None
    for rule in terms.caps:
        refusal = _refused(rule, proposal, contacts)
        if refusal is not None:
            return refusal
    for rule in proposal.caps:
        refusal = _refused(rule, proposal, contacts)
        if refusal is not None:
            return refusal
    return None


def with_contact(contacts: list[Contact], contact: Contact) -> list[Contact]:
    """A copy with one more, in order of time; what no cap asks for any more falls out, and of too many the oldest."""
    since = contact.at - CONTACT_DAYS * DAY_MS
    kept = contacts if not contacts or contacts[0].at >= since else [each for each in contacts if each.at >= since]
    added = [*kept, contact][-CONTACTS:]
    return added if not kept or kept[-1].at <= contact.at else sorted(added, key=lambda each: each.at)


def _refused(rule: CapRule, proposal: Proposal, contacts: list[Contact]) -> Refusal | None:
    channel = proposal.channel if rule.per_channel else rule.channel
    topic = proposal.topic if rule.per_topic else rule.topic
    journey = proposal.journey if rule.per_journey else rule.journey
    if (
        (channel and channel != proposal.channel)
        or (topic and topic != proposal.topic)
        or (journey and journey != proposal.journey)
    ):
        return None
    start, exact = _start(rule, proposal.at, proposal.zone)
    left = rule.most
    for each in reversed(contacts):
        if each.at < start:
            return None
        if (
            (not channel or each.channel == channel)
            and (not topic or each.topic == topic)
            and (not journey or each.journey == journey)
            and (exact or _free_at(rule, each, proposal.zone) > proposal.at)
        ):
            left -= 1
            if not left:
                return _too_many(rule, proposal, each, channel or topic or journey)
    # All that is remembered lies in the time: of a full memory nobody knows what fell out of it.
    full = len(contacts) == CONTACTS and _free_at(rule, contacts[0], proposal.zone) > proposal.at
    return _too_many(rule, proposal, contacts[0], "any") if full else None


def _start(rule: CapRule, at: int, zone: str) -> tuple[int, bool]:
    """The first instant (ms) that counts at `at`, and whether all behind it do; else they must be asked."""
    within = rule.within
    if within is None:
        return _span_start(rule.each, local_of(at, zone)[0], at, zone), True
    start = at - within.days * DAY_MS - within.elapsed_ms + 1
    if not within.months:
        if not within.days:
            return start, True
        offset = steady_offset(zone, at // DAY_MS)
        if offset is not None and offset == steady_offset(zone, start // DAY_MS):
            return start, True
    return start - within.months * 31 * DAY_MS - _SLACK_MS, False


def _free_at(rule: CapRule, contact: Contact, zone: str) -> int:
    """The first instant (ms) at which a message counts no more."""
    if rule.within is None:
        return period_of(contact.at, rule.each, zone).end
    return after(contact.at, rule.within, zone)


def _too_many(rule: CapRule, proposal: Proposal, oldest: Contact, of: str) -> Refusal:
    until = _free_at(rule, oldest, proposal.zone)
    if until <= proposal.at:
        # Where clocks are moved by a day the two ways of counting may differ: never asked again at once.
        until = proposal.at + MINUTE_MS
    span = f"within {rule.within.text}" if rule.within is not None else f"in one {rule.each}"
    return Refusal("cap", f"{rule.most} {span}{f' of {of}' if of else ''}; one is free at {until}", until)


def _span_start(each: str, day: int, at: int, zone: str) -> int:
    """The first instant (ms) of the day, week or month that `at` lies in, as `period_of` counts them."""
    start = _first_of(each, day, zone)
    following = _first_of("day", day + 1, zone)
    return start if at < following else _first_of(each, day + 1, zone)


@lru_cache(maxsize=4096)
def _first_of(each: str, day: int, zone: str) -> int:
    """The first instant of the span that a local day lies in."""
    if each == "week":
        day -= weekday_of(day)
    elif each == "month":
        day = day_of(date_of(day).replace(day=1))
    return first_instant(day, 0, zone)

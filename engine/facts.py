"""Facts: what the reserved event types write into the customer's record, each part with its own instant."""

from collections.abc import Callable
from typing import Any

import msgspec

from engine import conversations, trace
from engine.answers import take_answer, void_answered
from engine.attributes import newer, write
from engine.bounds import with_item
from engine.customer import (
    CONSENTS,
    DEAD_ADDRESSES,
    EVERY_TOPIC,
    IDENTIFIERS,
    Consent,
    Customer,
    DeadAddress,
    Position,
    QueuedAction,
    answer_for,
    consent_key,
)
from engine.decision import CallErasure, ConsentChange, Erasure
from engine.draft import Draft
from engine.event import Event
from engine.ids import call_erasure_id, consent_id, erasure_id
from engine.places import fences
from engine.policy.consent import stop_of
from engine.program import ANSWER_TYPES
from engine.run import cancel_tasks, take_back
from journeys.messages.window import REPLIED

_LOCATION, _APP = "location", "app"
LOCATION = consent_key(_LOCATION, _APP)
"""The consent without which no position of the person is kept."""

_EVERY = consent_key(EVERY_TOPIC, "")
WHATSAPP = "whatsapp"
STOPPED = "stopped"
"""The code of the void of a message that a STOP takes back."""
REPLIED_AT = REPLIED.partition(".")[2]
"""The attribute that a reply writes."""


def take_facts(draft: Draft, event: Event) -> None:
    """Writes what the event says of the person; a property of the wrong type is left aside, with a line."""
    if event.identifiers:
        _link(draft, event.identifiers)
    write_fact = FACTS.get(event.type)
    if write_fact is not None:
        write_fact(draft, event)
    elif event.type in ANSWER_TYPES and (draft.customer.queued or draft.customer.contacts):
        take_answer(draft, event)


def _updated(draft: Draft, event: Event) -> None:
    given, unset = event.properties.get("set", {}), event.properties.get("unset", [])
    if not isinstance(given, dict) or not isinstance(unset, list) or not all(isinstance(name, str) for name in unset):
        draft.note(trace.FACT, code="invalid", why="customer.updated: expected {set: {name: value}, unset: [name]}")
        return
    customer, at = draft.customer, event.occurred_at
    values = {name: given[name] for name in newer(customer, given, at)}
    gone = newer(customer, unset, at)
    if values or gone:
        write(draft.own(), values, gone, at)
        draft.touch("customer")
    if len(values) + len(gone) < len(given) + len(unset):
        draft.note(trace.FACT, code="older", why="customer.updated: an attribute has a newer value")
    draft.note(trace.FACT, code="attributes", why=", ".join((*values, *gone)))


def _answered(draft: Draft, event: Event) -> None:
    properties = event.properties
    topic, channel, given = properties.get("topic"), properties.get("channel"), properties.get("given")
    if not isinstance(topic, str) or not isinstance(channel, str) or not isinstance(given, bool):
        draft.note(
            trace.FACT,
            code="invalid",
            why="consent.changed: expected topic and channel as text, given as true or false",
        )
        return
    key = consent_key(topic, channel)
    before = draft.customer.consent.get(key)
    at = event.occurred_at
    if before is not None and (before.at > at or (before.at == at and given and not before.given)):
        draft.note(
            trace.FACT,
            code="older",
            why=f"consent.changed: a newer answer, or a refusal of the same instant, stands for {key}",
        )
        return
    answer = Consent(given, at, _text(properties.get("source")), _text(properties.get("text_version")))
    customer = draft.own()
    customer.consent = _with_answer(customer.consent, key, answer)
    draft.touch("customer")
    if channel == _APP and not given and not may_locate(customer):
        customer.position = None
        fences.forget(draft)
    draft.note(trace.FACT, code="consent", why=f"{key} {'given' if given else 'refused'}")
    _tell_dispatch(draft, event, topic, channel, given, before)
    if not given and channel in draft.catalog.terms.stops:
        _stop(draft, topic, channel, before)


def _stop(draft: Draft, topic: str, channel: str, before: Consent | None) -> None:
    """Takes back what is queued of class service, and lets one message confirm it; a second STOP changes nothing.

    A no to one topic does that for the topic, without a confirmation, where it ends a yes newer than a STOP.
    """
    if topic != EVERY_TOPIC:
        stop = stop_of(draft.customer, topic, channel)
        if stop is None or before is None or not before.given or before.at <= stop.at:
            return
    else:
        answers = [each for key, each in draft.customer.consent.items() if key.endswith(f"/{channel}")]
        if before is not None and not before.given and not any(each.given and each.at > before.at for each in answers):
            return
        draft.stopped = channel
    for each in draft.customer.queued:
        about = each.service and each.channel == channel and topic in (EVERY_TOPIC, each.topic)
        if about and not _consents(draft.customer, each.topic, channel):
            take_back(draft, [each], each.journey, STOPPED, draft.at)


def _with_answer(consents: dict[str, Consent], key: str, answer: Consent) -> dict[str, Consent]:
    """At the limit the oldest falls out, which is a no; an answer about every topic stays, lest its no end with it."""
    if len(consents) < CONSENTS or key in consents:
        return with_item(consents, key, answer, CONSENTS)
    oldest = next((each for each in consents if not each.startswith(_EVERY)), "")
    return {**{each: consents[each] for each in consents if each != oldest}, key: answer}


def _tell_dispatch(draft: Draft, event: Event, topic: str, channel: str, given: bool, before: Consent | None) -> None:
    """A withdrawal concerns what is queued; a new consent lifts a withdrawal that dispatch may have been told of."""
    lifted = given and before is not None and not before.given
    if given and not lifted:
        return
    customer = draft.customer
    if topic != EVERY_TOPIC:
        topics = {topic} if lifted or any(_about(each, topic, channel) for each in customer.queued) else set()
    elif lifted:
        keys = [
            key.rpartition("/") for key in customer.consent if key.endswith(f"/{channel}") and key[0] != EVERY_TOPIC
        ]
        topics = {each for each, _, _ in keys if _consents(customer, each, channel)}
    else:
        # A yes to one of the topics may be newer than this no to all of them, which came late.
        asked = {each.topic for each in customer.queued if each.channel == channel}
        topics = {each for each in asked if not _consents(customer, each, channel)}
    for each in sorted(topics):
        identity = consent_id(customer.id, each, channel, event.id)
        draft.outputs.append(ConsentChange(identity, customer.id, each, channel, given, draft.at))
        draft.say(
            trace.FACT,
            code="consent_change",
            why=f"{each}/{channel} {'given' if given else 'withdrawn'}, dispatch is told",
        )


def _about(queued: QueuedAction, topic: str, channel: str) -> bool:
    return queued.topic == topic and queued.channel == channel


def may_locate(customer: Customer) -> bool:
    """Whether where the person is may be kept."""
    return _consents(customer, _LOCATION, _APP)


def _consents(customer: Customer, topic: str, channel: str) -> bool:
    answer = answer_for(customer.consent, topic, channel)
    return answer is not None and answer.given


def _located(draft: Draft, event: Event) -> None:
    before = draft.customer.position
    if not may_locate(draft.customer):
        draft.note(trace.FACT, code="no_consent", why=f"position.reported: no consent for {LOCATION}; nothing is kept")
        return
    if event.place is None or (before is not None and before.at > event.occurred_at):
        draft.note(
            trace.FACT, code="invalid" if event.place is None else "older", why="position.reported: the last fix stands"
        )
        return
    fix = Position(event.place, event.occurred_at)
    draft.own().position = fix
    draft.note(trace.FACT, code="position")
    if draft.catalog.fences or draft.customer.fences:
        fences.follow(draft, fix)


def _replied(draft: Draft, event: Event) -> None:
    """What a person writes on WhatsApp opens the window in which a text may answer, not only an approved template."""
    if event.channel == WHATSAPP and newer(draft.customer, (REPLIED_AT,), event.occurred_at):
        write(draft.own(), {REPLIED_AT: event.occurred_at}, (), event.occurred_at)
        draft.touch("customer")
        draft.note(trace.FACT, code="attributes", why=REPLIED_AT)
    if draft.catalog.talks or draft.customer.conversations:
        conversations.hear(draft, event)
    if draft.customer.queued or draft.customer.contacts:
        take_answer(draft, event)


def _linked(draft: Draft, event: Event) -> None:
    named = event.properties.get("identifiers", {})
    if isinstance(named, dict):
        _link(draft, {kind: value for kind, value in named.items() if isinstance(value, str)})


def _link(draft: Draft, named: dict[str, str]) -> None:
    known = draft.customer.identifiers
    for kind, value in named.items():
        if known.get(kind) != value:
            known = with_item(known, kind, value, IDENTIFIERS)
    if known is not draft.customer.identifiers:
        draft.own().identifiers = known
        draft.note(trace.FACT, code="identifiers", why=", ".join(named))


def _erased(draft: Draft, event: Event) -> None:
    """Leaves a stub, so that no replay brings the person back."""
    name, at = draft.customer.id, draft.at
    for enrollment in draft.customer.enrollments:
        cancel_tasks(draft, enrollment, "erased", at)
    erasure = erasure_id(name, event.id)
    draft.outputs += [Erasure(erasure, name, at), CallErasure(call_erasure_id(erasure), name, at)]
    draft.say(trace.FACT, code="erased")
    draft.replace(Customer(id=name, person_key="", created_at=0, updated_at=at, erased_at=max(at, 1)))


def _left(draft: Draft, event: Event) -> None:
    """A receipt: the action has left, or never will, and can no longer be voided."""
    action = event.properties.get("action_id")
    if draft.customer.drawn:
        _return_units(draft, event, action)
    if draft.customer.contacts:
        _settle_contact(draft, event, action)
    queued = draft.customer.queued
    if draft.customer.conversations and event.type != "message.sent":
        conversations.undelivered(draft, event)
    if queued and event.type == "message.sent":
        void_answered(draft, event, action)
        queued = draft.customer.queued
    if any(each.action == action for each in queued):
        draft.own().queued = [each for each in queued if each.action != action]
        draft.note(trace.FACT, code="receipt", why=f"{event.type} {action}")


def _failed(draft: Draft, event: Event) -> None:
    """A receipt that may also say that nothing reaches the address any more."""
    _left(draft, event)
    _bury_address(draft, event)


def _bounced(draft: Draft, event: Event) -> None:
    """What left came back."""
    _bury_address(draft, event)
    if draft.customer.conversations:
        conversations.undelivered(draft, event)


def _bury_address(draft: Draft, event: Event) -> None:
    """What a provider says of an address stands until a newer one is known; an older word changes nothing."""
    address = event.properties.get("dead_address")
    if not isinstance(address, str) or not address:
        return
    before, code = draft.customer.dead.get(event.channel), _text(event.properties.get("code")) or event.type
    if before is not None and before.at > event.occurred_at:
        return
    dead = DeadAddress(address, event.occurred_at, code)
    customer = draft.own()
    customer.dead = with_item(customer.dead, event.channel, dead, DEAD_ADDRESSES)
    draft.note(trace.FACT, code="dead_address", why=f"{event.channel}: {code}")


def _return_units(draft: Draft, event: Event, action: object) -> None:
    """What an action took of a budget is given back if it did not leave; one of unknown fate may have."""
    held = draft.customer.drawn
    drawn = held.get(action) if isinstance(action, str) else None
    if drawn is None:
        return
    draft.own().drawn = {name: each for name, each in held.items() if name != action}
    if event.type != "message.sent" and event.properties.get("code") != "unresolved":
        draft.returned = [*draft.returned, drawn]
        draft.note(trace.FACT, code="budget", why=f"{drawn.name}: {drawn.units} given back")


def _settle_contact(draft: Draft, event: Event, action: object) -> None:
    """What left counts for the caps for good; what did not is given back, unless nobody knows whether it left."""
    contacts = draft.customer.contacts
    place = next((place for place, each in enumerate(contacts) if each.action == action and not each.left), None)
    if place is None:
        return
    if event.type == "message.sent" or event.properties.get("code") == "unresolved":
        kept = [msgspec.structs.replace(contacts[place], left=True)]
    else:
        kept = []
        draft.note(trace.FACT, code="cap", why=f"{action}: given back")
    draft.own().contacts = [*contacts[:place], *kept, *contacts[place + 1 :]]


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


FACTS: dict[str, Callable[[Draft, Event], None]] = {
    "customer.updated": _updated,
    "consent.changed": _answered,
    "position.reported": _located,
    "identity.linked": _linked,
    "message.replied": _replied,
    "customer.erased": _erased,
    "action.refused": _left,
    "message.sent": _left,
    "message.failed": _failed,
    "message.bounced": _bounced,
}

"""Answers: what a receipt tells of how the person took a message, for the choice of channels."""

from msgspec.structs import replace

from engine.draft import Draft
from engine.event import Event
from engine.program import RESPONSE_TYPES
from engine.run import take_back

ANSWERED = "answered"
"""The code of the void of a fallback that is not needed any more."""


def take_answer(draft: Draft, event: Event) -> None:
    """Notes that a message was answered, and takes back what was to be sent because it had not been."""
    action = event.properties.get("action_id")
    void_answered(draft, event, action)
    contacts = draft.customer.contacts
    if event.type not in RESPONSE_TYPES or not contacts:
        return
    place = next((place for place, each in enumerate(contacts) if each.action == action and not each.answered), None)
    if place is not None:
        draft.own().contacts = [*contacts[:place], replace(contacts[place], answered=True), *contacts[place + 1 :]]


def void_answered(draft: Draft, event: Event, action: object) -> None:
    """Takes back each queued fallback of a message that this receipt shows as answered, wherever its journey is."""
    needless = [each for each in draft.customer.queued if action in each.behind and event.type in each.unless]
    for each in needless:
        take_back(draft, [each], each.journey, ANSWERED, draft.at)

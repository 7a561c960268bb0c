"""What follows within one decision: counters, segments, alarms and rests that look at what changed, derived events."""

from typing import Any

from engine import alarms, segments
from engine.customer import Occurrence
from engine.draft import NOTHING, Draft
from engine.event import Event
from engine.history import recorded
from journeys.conditions.needed import Wanted

KEPT_FIELDS = 32
LONGEST_TEXT = 200
"""Of one counted event: properties kept, and characters of a text among them."""


def count_event(draft: Draft, event: Event) -> None:
    """Counts an event that some condition asks for, in its place by when it happened."""
    wanted = draft.catalog.wanted.get(event.type)
    if wanted is None:
        return
    history = draft.customer.history
    occurrence = Occurrence(event.occurred_at, _kept(wanted, event))
    changed = recorded(history.get(event.type), occurrence, draft.at)
    draft.own().history = {**history, event.type: changed}
    draft.touch(f"type/{event.type}")


def review(draft: Draft) -> None:
    """Asks the segments and sets the alarms that look at what changed."""
    for _ in range(len(draft.catalog.segments) + 2):
        touched, draft.touched = draft.touched, NOTHING
        if not touched:
            return
        segments.review(draft, touched)
        alarms.review(draft, touched)


def _kept(wanted: Wanted, event: Event) -> dict[str, Any]:
    if wanted.whole:
        paths = list(event.properties)[:KEPT_FIELDS]
    else:
        paths = sorted({*wanted.fields, *wanted.last} - {"at"})[:KEPT_FIELDS]
    found = {}
    for path in paths:
        value = _value(event.properties, path)
        if isinstance(value, bool | int | float) or (isinstance(value, str) and len(value) <= LONGEST_TEXT):
            found[path] = value
    return found


def _value(properties: dict[str, Any], path: str) -> Any:
    value: Any = properties
    for name in path.split("."):
        if not isinstance(value, dict) or name not in value:
            return None
        value = value[name]
    return value

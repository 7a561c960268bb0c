"""What is known of a person for the people who speak with them, as plain values of a bounded size."""

from collections.abc import Iterable
from typing import Any

import msgspec

from engine.customer import Customer, Enrollment, History, standing
from engine.time import DAY_MS

MOST_CONTACTS = 10
MOST_EVENTS = 20
"""Of one kind, the newest ones."""
MOST_BYTES = 8 * 1024
"""Of the whole as JSON; what comes last is left out first."""


def known(customer: Customer, enrollments: Iterable[Enrollment]) -> dict[str, Any]:
    """Journeys that the person is in, messages of late, counted events with the last of each, segments; no attribute.

    `enrollments` are those that live now, within a decision too. What they may see of the attributes, a task names in
    its `data`.
    """
    parts: dict[str, list[dict[str, Any]]] = {
        "journeys": [
            {"journey": each.journey, "since": each.entered_at, "at": list(standing(each))} for each in enrollments
        ],
        "contacts": [
            {"at": each.at, "channel": each.channel, "topic": each.topic, "journey": each.journey}
            | ({"answered": True} if each.answered else {})
            for each in customer.contacts[-MOST_CONTACTS:]
        ],
        "events": _events(customer),
        "segments": [{"segment": name, "since": since} for name, since in customer.segments.items()],
    }
    return {name: kept for name, kept in _bounded(parts).items() if kept}


def _events(customer: Customer) -> list[dict[str, Any]]:
    found: list[tuple[int, str, dict[str, Any]]] = []
    for type_, history in customer.history.items():
        last = history.recent[-1] if history.recent else None
        last_at = last.at if last else max((day.day for day in history.days), default=0) * DAY_MS
        told = {"type": type_, "count": _count(history), "since": history.since, "last_at": last_at}
        found.append((-last_at, type_, told | ({"last": last.kept} if last and last.kept else {})))
    return [told for _, _, told in sorted(found, key=lambda each: each[:2])[:MOST_EVENTS]]


def _count(history: History) -> int:
    return len(history.recent) + sum(day.count for day in history.days)


def _bounded(parts: dict[str, list[dict[str, Any]]]) -> dict[str, list[dict[str, Any]]]:
    left = MOST_BYTES
    kept: dict[str, list[dict[str, Any]]] = {}
    for name, items in parts.items():
        kept[name] = []
        for item in items:
            left -= len(msgspec.json.encode(item))
            if left < 0:
                return kept
            kept[name].append(item)
    return kept

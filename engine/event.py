"""The event: a touchpoint decoded, with its instants settled, as the engine sees it."""

from typing import Any

import msgspec


class Place(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A point on earth: degrees north and east, accuracy in metres when the sender gave it."""

    lat: float
    lon: float
    accuracy_m: float | None = None


class Event(msgspec.Struct, frozen=True, omit_defaults=True):
    """What happened to one customer. Instants are milliseconds since the epoch, UTC (source: docs/events.md).

    `received_at` is the broker's append time; `occurred_at` is never more than 10 minutes ahead of it.
    `timed` is false when the sender gave no `occurred_at`; `named` is false when it gave no `id`.
    """

    id: str
    type: str
    customer: str
    channel: str
    occurred_at: int
    received_at: int
    properties: dict[str, Any] = {}
    identifiers: dict[str, str] = {}
    place: Place | None = None
    brand: str | None = None
    extras: dict[str, Any] = {}
    timed: bool = True
    named: bool = True


HOLD_SPACING_MS = 20
"""Between the instants until which one proposal and the next are held, so that they leave 50 a second."""


class EventArrived(msgspec.Struct, frozen=True, omit_defaults=True):
    """An event applied at `at`, the instant of its partition's clock.

    `hold_until` (ms, 0 for none): the partition is catching up, and the first marketing message proposed now is held
    until then, each further one HOLD_SPACING_MS longer.
    """

    event: Event
    at: int
    hold_until: int = 0


class TimerFired(msgspec.Struct, frozen=True):
    """The clock reached `at`, and every timer of the customer due by then fires, each at its own instant.

    `hold_until` as for an event.
    """

    at: int
    hold_until: int = 0


Input = EventArrived | TimerFired


def place_facts(place: Place) -> dict[str, Any]:
    """The place as conditions and templates see it; `accuracy_m` is left out when the sender gave none."""
    facts: dict[str, Any] = {"lat": place.lat, "lon": place.lon}
    if place.accuracy_m is not None:
        facts["accuracy_m"] = place.accuracy_m
    return facts


def envelope(event: Event) -> dict[str, Any]:
    """What conditions see as `event.meta`: id, type, channel, occurred_at (ms), and place when there is one."""
    meta: dict[str, Any] = {
        "id": event.id,
        "type": event.type,
        "channel": event.channel,
        "occurred_at": event.occurred_at,
    }
    if event.place is not None:
        meta["place"] = place_facts(event.place)
    return meta

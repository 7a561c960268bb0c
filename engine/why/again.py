"""An event asked once more, as the person and the definitions are now; nothing that comes of it is kept."""

import msgspec

from engine import trace
from engine.catalog import Catalog
from engine.customer import Customer
from engine.decide import decide
from engine.decision import Line
from engine.event import Event, EventArrived

UNTOLD = frozenset({"where", "unless", "segment", "sequence"})
"""Why an event may begin nothing without a trace of its own, as long as the person and the definitions stay."""


def asked_again(catalog: Catalog, customer: Customer, event: Event, now: int) -> list[Line]:
    """The lines that the event would leave if it came at `now` (ms)."""
    again = msgspec.structs.replace(event, id=f"why/{event.id}", occurred_at=now, received_at=now)
    decision = decide(catalog, customer, EventArrived(again, now), trace_all=True)
    return decision.trace.lines if decision.trace is not None else []


def untold(catalog: Catalog, customer: Customer, event: Event, now: int) -> list[Line]:
    """Why an event that left no trace began none of the journeys that listen to it, as far as that is certain."""
    if event.type not in catalog.entries:
        return []
    lines = asked_again(catalog, customer, event, now)
    return [line for line in lines if line.what == trace.NOT_ENTERED and line.code in UNTOLD]

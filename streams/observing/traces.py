"""Traces of single events: from the touchpoint over the decision and the dispatch to the receipt.

A span is a value; `streams/observing/otel.py` sends it. Where traces are off, nobody makes any: the rooms hold None.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from typing import Any, NamedTuple, Protocol

from engine.customer import Customer, Enrollment
from engine.decision import Action, Decision
from engine.event import Event, EventArrived, TimerFired
from engine.ids import event_trace_id, timer_trace_id
from state.ledger import Entry, Status
from streams.observing.customers import Hasher, hasher
from streams.observing.logs import name_like
from streams.observing.traceparent import HEADER, Headers, Place, place_of, read_place
from streams.settings import Settings
from streams.touchpoints.record import Record

NO_HEADERS: Headers = []
MOST_LINKS = 8
_LOW = (1 << 64) - 1


class Span(NamedTuple):
    """One span, ended. Instants in ns; `links` are spans of other traces that led to it."""

    name: str
    place: Place
    parent: Place | None
    kind: str
    begun_ns: int
    ended_ns: int
    told: Mapping[str, str | int | Sequence[str]]
    links: Sequence[Place] = ()
    failed: bool = False


class TracesError(Exception):
    """Traces are wanted and cannot be sent: the setting, what is missing, and the cure."""


class Exporter(Protocol):
    """Takes spans, and sends them in its own time."""

    def take(self, span: Span) -> None: ...

    def close(self) -> None:
        """Sends what it holds, within a few seconds."""
        ...


class Traces:
    """The spans of one process. `now_ns` is the wall clock; of the traces begun here the share `ratio` is kept.

    A trace that begins here has the id that its decision has on the topic `decisions`, so that each is found by the
    other, and also by a timer of long after: it begins a trace of its own, linked to that of the event with which its
    enrollment began. Only of an event that came with a trace must that be remembered, in the enrollment's `meta`.
    """

    def __init__(
        self, exporter: Exporter, hashed: Hasher, ratio: float = 1.0, now_ns: Callable[[], int] = time.time_ns
    ) -> None:
        self.now_ns = now_ns
        self._exporter = exporter
        self._hashed = hashed
        self._bound = round(ratio * (_LOW + 1))

    def close(self) -> None:
        """Sends what is left."""
        self._exporter.close()

    def decided(
        self, before: Customer, decision: Decision, given: EventArrived | TimerFired, row: Record | None, begun_ns: int
    ) -> Headers:
        """A decision on `given`, begun at `begun_ns`, was taken: its span, and the headers of what it lets out."""
        event = given.event if isinstance(given, EventArrived) else None
        if event is None or row is None:
            parent, own = None, self._begun(timer_trace_id(before.id, given.at))
            links = self._origins(before, given.at)
        else:
            parent, links = parent_of(row, event), []
            own = self._begun(event_trace_id(before.id, event.id)) if parent is None else parent.child()
            if parent is not None and own.sampled:
                _remember(before, decision.customer, own)
        if own.sampled and (parent is not None or decision.outputs or decision.trace is not None):
            told = self._of_decision(before, decision, event, row)
            name = "decide timer" if event is None else f"decide {name_like(event.type)}"
            kind = "internal" if event is None else "consumer"
            self._exporter.take(Span(name, own, parent, kind, begun_ns, self.now_ns(), told, links))
        return own.headers

    def forwarded(self, event: Event, row: Record) -> Headers:
        """The headers of an event that is brought to its home partition: those that it came with."""
        parent = parent_of(row, event)
        return NO_HEADERS if parent is None else parent.headers

    def dispatched(self, action: Action, parent: Place, entry: Entry, begun_ms: int, failures: int) -> Headers:
        """An action taken at `begun_ms` is settled: its span, and the headers of the receipt."""
        own = parent.child()
        if own.sampled:
            told: dict[str, str | int | Sequence[str]] = {
                "messaging.system": "kafka",
                "sillage.channel": action.channel,
                "sillage.outcome": entry.status.value,
                "sillage.code": "" if entry.status is Status.SENT else entry.code,
                "sillage.action": action.id,
                "sillage.journey": action.journey,
                "sillage.step": action.step,
                "sillage.customer": self._hashed(action.customer),
                "sillage.failures": failures,
            }
            failed = entry.status in (Status.FAILED, Status.UNRESOLVED)
            begun_ns = begun_ms * 1_000_000
            span = Span(f"dispatch {action.channel}", own, parent, "consumer", begun_ns, self.now_ns(), told)
            self._exporter.take(span._replace(failed=failed))
        return own.headers

    def _begun(self, trace: str) -> Place:
        """The first span of a trace of this id, whose own id follows from it."""
        return Place(trace, trace[:16], int(trace[16:], 16) < self._bound)

    def _origins(self, customer: Customer, at: int) -> list[Place]:
        """The spans of the events with which those enrollments began that fall due at `at`."""
        due = [one for one in customer.enrollments if 0 < one.due_at <= at or 0 < one.expires_at <= at]
        return [self._origin(customer, one) for one in due[:MOST_LINKS]]

    def _origin(self, customer: Customer, enrollment: Enrollment) -> Place:
        meta: dict[str, Any] = enrollment.entry.get("meta", {})
        return read_place(meta.get(HEADER)) or self._begun(event_trace_id(customer.id, str(meta.get("id", ""))))

    def _of_decision(
        self, before: Customer, decision: Decision, event: Event | None, row: Record | None
    ) -> dict[str, str | int | Sequence[str]]:
        lines = [] if decision.trace is None else decision.trace.lines
        told: dict[str, str | int | Sequence[str]] = {
            "sillage.customer": self._hashed(before.id),
            "sillage.outputs": len(decision.outputs),
            "sillage.journeys": _several(line.journey for line in lines),
            "sillage.steps": _several(line.node for line in lines),
        }
        if decision.trace is not None:
            told |= {"sillage.release": decision.trace.release, "sillage.decision": decision.trace.id}
        if event is not None and row is not None:
            told |= {
                "sillage.event_type": name_like(event.type),
                "messaging.system": "kafka",
                "messaging.operation.type": "process",
                "messaging.destination.name": row.topic,
                "messaging.destination.partition.id": str(row.partition),
                "messaging.kafka.offset": row.offset,
            }
        return told


def traces_of(settings: Settings, role: str) -> Traces | None:
    """The traces of a process, None where they are off. Raises TracesError."""
    if not settings.traces:
        return None
    try:
        otel = import_module("streams.observing.otel")
    except ImportError as fault:
        raise TracesError(
            f"SILLAGE_TRACES is set, and {fault.name} is not installed; pip install 'sillage[otel]', or unset it"
        ) from fault
    exporter: Exporter = otel.OtlpExporter(settings.traces, f"sillage-{role}", settings.prefix)
    return Traces(exporter, hasher(settings), settings.traces_ratio)


def parent_of(row: Record, event: Event) -> Place | None:
    """The span behind a touchpoint: by its header, else by its attribute (an extension of CloudEvents)."""
    return place_of(row) or read_place(event.extras.get(HEADER))


def _remember(before: Customer, after: Customer, own: Place) -> None:
    """Enrollments that this decision began keep its span: their event's trace has an id that nobody can compute."""
    known = {enrollment.id for enrollment in before.enrollments}
    for enrollment in after.enrollments:
        if enrollment.id not in known:
            entry = enrollment.entry
            enrollment.entry = {**entry, "meta": {**entry.get("meta", {}), HEADER: str(own)}}


def _several(names: Any) -> list[str]:
    return list(dict.fromkeys(name for name in names if name))

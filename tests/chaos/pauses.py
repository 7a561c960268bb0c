"""How long inputs waited for their decisions, counted from the end of a fault of the broker where one held."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from chaos.evidence import Span
from chaos.findings import Finding
from chaos.traces import Traced

from engine.event import EventArrived
from engine.trace import input_of

SESSION_SECONDS = 10.0
LONGEST_SECONDS = SESSION_SECONDS + 5.0
"""The session time-out of the consumer group, and the longest that a partition may stand still."""


class Pause(NamedTuple):
    """How long (ms) the input of one trace waited, appended at `at` (ms)."""

    at: int
    waited: int
    customer: str
    event: str
    partition: int


def pauses(traces: Sequence[Traced], faults: Sequence[Span]) -> list[Pause]:
    """One for each event, in no promised order."""
    found = []
    for traced in traces:
        given = input_of(traced.trace)
        if isinstance(given, EventArrived):
            begun = given.event.received_at
            for span in faults:
                if span.begin <= traced.at and span.end > begun:
                    begun = span.end
            waited = max(0, traced.at - begun)
            found.append(
                Pause(given.event.received_at, waited, traced.trace.customer, given.event.id, traced.partition)
            )
    return found


def check_pauses(found: Sequence[Pause]) -> Iterator[Finding]:
    """One finding for each partition that stood still for too long, with the input that waited longest."""
    worst: dict[int, Pause] = {}
    for pause in found:
        if pause.waited > worst.get(pause.partition, pause).waited or pause.partition not in worst:
            worst[pause.partition] = pause
    for number, pause in sorted(worst.items()):
        if pause.waited > LONGEST_SECONDS * 1000:
            why = f"partition {number} stood still for {pause.waited / 1000:.1f} s, at most {LONGEST_SECONDS:.0f} s"
            yield Finding("wrong", "pause", pause.customer, origin=pause.event, why=why)

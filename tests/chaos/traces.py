"""The first check: each input of the log is in the traces, or a dead letter, exactly once after repeats are dropped."""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import msgspec
from chaos.engine_alone import Log
from chaos.evidence import INPUTS, Evidence
from chaos.findings import Finding

from engine.decision import Trace
from engine.event import EventArrived
from engine.ids import event_trace_id
from engine.trace import input_of
from streams.touchpoints.record import Record, origin

_decode = msgspec.json.Decoder(Trace).decode


class Traced(NamedTuple):
    """One trace: its bytes, its record's partition, and when it was first appended (ms)."""

    trace: Trace
    value: bytes
    partition: int
    at: int


def read_traces(evidence: Evidence, findings: list[Finding]) -> list[Traced]:
    """The traces in their order without repeats; two that differ under one id mean that an input was decided twice."""
    found: dict[str, Traced] = {}
    for row in evidence.rows["decisions"]:
        value = row.value or b""
        trace = _decode(value)
        first = found.setdefault(trace.id, Traced(trace, value, row.partition, row.timestamp))
        if first.value != value:
            findings.append(Finding("doubled", "decision", trace.customer, trace.id, _cause(row), "decided anew"))
    return list(found.values())


def check_inputs(evidence: Evidence, log: Log, traces: Sequence[Traced]) -> Iterator[Finding]:
    """Findings for inputs without a trace, traces without an input, and dead letters."""
    wanted: dict[str, tuple[Record, str]] = {}
    for row, event in log.events:
        wanted.setdefault(event_trace_id(event.customer, event.id), (row, event.customer))
    traced = {found.trace.id: found for found in traces if isinstance(input_of(found.trace), EventArrived)}
    for id_, (row, customer) in wanted.items():
        if id_ not in traced:
            yield Finding("missing", "decision", customer, id_, origin(row))
    for id_, found in traced.items():
        if id_ not in wanted:
            yield Finding("wrong", "decision", found.trace.customer, id_, why="of no input of the log")
    yield from _check_dead(evidence, log.bad)


def _check_dead(evidence: Evidence, bad: Mapping[str, str]) -> Iterator[Finding]:
    letters: dict[str, Record] = {}
    dead = [
        row for name in (*INPUTS, "touchpoints.rekeyed", "actions") for row in evidence.rows.get(f"{name}.dead", ())
    ]
    for row in dead:
        place = (row.key or b"").decode()
        first = letters.setdefault(place, row)
        if (first.value, _code(first)) != (row.value, _code(row)):
            yield Finding("doubled", "dead letter", origin=place, why="two that differ")
    for place, code in bad.items():
        if place not in letters:
            yield Finding("missing", "dead letter", origin=place, why=code)
        elif _code(letters[place]) != code:
            yield Finding("wrong", "dead letter", origin=place, why=f"{_code(letters[place])}, expected {code}")
    for place, row in letters.items():
        if place not in bad:
            yield Finding("wrong", "dead letter", origin=place, why=f"{_code(row)}, of a record that is sound")


def _code(row: Record) -> str:
    return dict(row.headers).get("code", b"").decode()


def _cause(row: Record) -> str:
    return dict(row.headers).get("origin", b"").decode()

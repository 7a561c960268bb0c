"""The second check: the real `decide`, folded over a customer's traced inputs, gives its traces and its final state."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import msgspec
from chaos.evidence import Evidence
from chaos.findings import Finding
from chaos.shop import WAITS_SECONDS
from chaos.traces import Traced

from engine.catalog import Catalog
from engine.customer import Customer, next_due
from engine.decide import decide, new_customer
from engine.decision import Output
from engine.event import Input, TimerFired
from engine.trace import input_of
from state.changelog import ACCEPT, MARKER, POSITIONS, ROUTER, Fold
from state.codec import decode, epoch_of
from state.record import Record

_encode = msgspec.json.Encoder().encode
_decode_output = msgspec.json.Decoder(Output).decode


class Folded(NamedTuple):
    """Customers by id as their traced inputs make them, and the outputs by id that these decisions gave."""

    customers: Mapping[str, Customer]
    outputs: Mapping[str, Output]


def fold(catalog: Catalog, traces: Sequence[Traced], findings: list[Finding]) -> Folded:
    """Decides every traced input again, customer by customer in the order of the traces."""
    by_customer: defaultdict[str, list[Traced]] = defaultdict(list)
    for found in traces:
        by_customer[found.trace.customer].append(found)
    customers: dict[str, Customer] = {}
    outputs: dict[str, Output] = {}
    for name, found in by_customer.items():
        customer = new_customer(name, found[0].trace.at)
        for each in found:
            given = input_of(each.trace)
            findings += _check_timers(customer, each, given)
            decision = decide(catalog, customer, given, trace_all=True)
            if _encode(decision.trace) != each.value:
                findings.append(Finding("wrong", "trace", name, each.trace.id, why="decided again it is another"))
            customer = decision.customer
            outputs.update({output.id: output for output in decision.outputs})
        customers[name] = customer
    return Folded(customers, outputs)


def check_final(evidence: Evidence, folded: Folded) -> Iterator[Finding]:
    """Findings where the topic `state` ends with something else, or a timer that was due has never fired."""
    records = read_state(evidence)
    end = max((row.timestamp for row in evidence.rows["decisions"]), default=0) - int(WAITS_SECONDS * 1000)
    for name, customer in folded.customers.items():
        record = records.get(name)
        if record is None:
            yield Finding("missing", "state", name)
            continue
        if record.customer != customer:
            yield Finding("wrong", "state", name, why=_difference(customer, record.customer))
        if record.outbox:
            yield Finding("wrong", "outbox", name, why=f"{len(record.outbox)} outputs are not known to have left")
        due = next_due(customer)
        if due and due < end:
            yield Finding("missing", "timer", name, why=f"due at {due}")
    for name in records.keys() - folded.customers.keys():
        yield Finding("wrong", "state", name, why="a customer of whom no trace tells")


def check_outputs(evidence: Evidence, folded: Folded) -> Iterator[Finding]:
    """Findings where `actions` holds something else than what these decisions gave."""
    found: dict[str, Output] = {}
    for row in evidence.rows["actions"]:
        output = _decode_output(row.value or b"")
        if found.setdefault(output.id, output) != output:
            yield Finding("doubled", "action", output.customer, output.id, why="two that differ under one id")
    for id_, output in folded.outputs.items():
        if id_ not in found:
            yield Finding("missing", "action", output.customer, id_)
        elif found[id_] != output:
            yield Finding("wrong", "action", output.customer, id_, why="published otherwise than decided")
    for id_ in found.keys() - folded.outputs.keys():
        yield Finding("wrong", "action", found[id_].customer, id_, why="of no traced decision")


class Epochs(NamedTuple):
    """How often partitions were taken over, and how many records an owner wrote after its epoch had ended."""

    takeovers: int
    strays: int


def count_epochs(evidence: Evidence) -> Epochs:
    """Counts them in the topic `state`, by the rule that a record counts in the epoch of the last marker only."""
    takeovers = strays = 0
    markers: dict[int, int] = {}
    for row in evidence.rows["state"]:
        key = row.key or b""
        if key.startswith(MARKER):
            markers[row.partition] = row.offset
            takeovers += 1
        elif key not in (POSITIONS, ACCEPT):
            strays += epoch_of(row.value or b"") != markers.get(row.partition)
    return Epochs(takeovers, strays)


def read_state(evidence: Evidence) -> dict[str, Record]:
    """The last counting record of each customer, by the rule of the changelog."""
    folds: defaultdict[int, Fold] = defaultdict(Fold)
    for row in evidence.rows["state"]:
        folds[row.partition].feed(row.offset, row.key or b"", row.value or b"")
    return {
        key.decode(): decode(value)
        for fold in folds.values()
        for key, value in fold.latest.items()
        if not key.startswith(ROUTER)
    }


def _check_timers(customer: Customer, found: Traced, given: Input) -> Iterator[Finding]:
    """A timer fires at the very instant at which it is due, and before any event of that instant."""
    due = next_due(customer)
    if isinstance(given, TimerFired):
        if given.at != due:
            why = f"fired at {given.at}, due at {due}"
            yield Finding("wrong", "timer", customer.id, found.trace.id, why=why)
    elif due and due <= given.at:
        why = f"due at {due}, overtaken by an event of {given.at}"
        yield Finding("wrong", "timer", customer.id, found.trace.id, given.event.id, why)


def _difference(wanted: Customer, found: Customer | None) -> str:
    """The names of the fields that differ, with their values where these are short."""
    if found is None:
        return "no customer"
    told = []
    for name in wanted.__struct_fields__:
        ours, theirs = getattr(wanted, name), getattr(found, name)
        if ours != theirs:
            told.append(f"{name}: {str(theirs)[:120]}, expected {str(ours)[:120]}")
    return "; ".join(told)

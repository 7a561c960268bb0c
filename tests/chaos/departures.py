"""The third check: what left the channels is what the pure engine alone makes of the log."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Set
from typing import NamedTuple

import msgspec
from chaos.engine_alone import Log, Outcome
from chaos.evidence import Evidence
from chaos.findings import Finding

from engine.customer import Customer
from engine.decision import Action
from state.ledger import SETTLED, Entry, Status
from streams.touchpoints.record import origin

_decode = msgspec.json.Decoder(Entry).decode
_RECEIPTS = {Status.SENT: "message.sent", Status.UNRESOLVED: "message.failed"}


class Fates(NamedTuple):
    """What became of each action by id: its settled status on `dispatches`; `unresolved` are those that may be lost."""

    settled: Mapping[str, Status]
    unresolved: Set[str]


def read_fates(evidence: Evidence) -> Fates:
    """The settled entries of the ledger's topic; sent outranks unresolved."""
    settled: dict[str, Status] = {}
    for row in evidence.rows["dispatches"]:
        entry = _decode(row.value or b"")
        if entry.status in SETTLED and settled.get(entry.key) is not Status.SENT:
            settled[entry.key] = entry.status
    return Fates(settled, {id_ for id_, status in settled.items() if status is Status.UNRESOLVED})


def check_departures(evidence: Evidence, expected: Outcome, fates: Fates) -> Iterator[Finding]:
    """Critical messages at least once, where the receiver drops repeats; all others at most once, and none lost but
    those that are told as unresolved.
    """
    came = Counter(evidence.mails)
    for id_, action in expected.actions.items():
        if not came[id_] and (id_ not in fates.unresolved or action.class_ == "critical"):
            yield Finding("missing", "message", action.customer, id_, why=action.class_)
        if came[id_] > 1 and action.class_ != "critical":
            yield Finding("doubled", "message", action.customer, id_, why=f"{action.class_}, came {came[id_]} times")
    for id_ in came.keys() - expected.actions.keys():
        yield Finding("wrong", "message", id=id_, why="of no event of the log")


def check_receipts(log: Log, expected: Mapping[str, Action], fates: Fates) -> Iterator[Finding]:
    """Every action is settled in the ledger, and its receipt tells the same."""
    told: defaultdict[str, set[str]] = defaultdict(set)
    places: dict[str, str] = {}
    for row, event in log.events:
        if "action_id" in event.properties:
            told[event.properties["action_id"]].add(event.type)
            places[event.properties["action_id"]] = origin(row)
    for id_, action in expected.items():
        status = fates.settled.get(id_)
        wanted = _RECEIPTS.get(status) if status is not None else None
        if wanted is None:
            yield Finding("missing", "ledger entry", action.customer, id_, why=f"found {status}")
        elif wanted not in told[id_]:
            yield Finding("missing", "receipt", action.customer, id_, why=f"{wanted}; told {sorted(told[id_])}")
    for id_ in told.keys() - expected.keys():
        yield Finding("wrong", "receipt", id=id_, origin=places[id_], why="of no action that the engine gives")


def check_customers(found: Mapping[str, Customer], expected: Mapping[str, Customer]) -> Iterator[Finding]:
    """What customers are in the end, but for instants: their attributes and where their enrollments stand."""
    for name, wanted in expected.items():
        ends = found.get(name)
        if ends is None:
            yield Finding("missing", "customer", name)
        elif _without_instants(ends) != _without_instants(wanted):
            why = f"{_without_instants(ends)}, the engine alone gives {_without_instants(wanted)}"
            yield Finding("wrong", "outcome", name, why=why[:400])


def _without_instants(customer: Customer) -> tuple[dict[str, object], list[tuple[str, str]]]:
    standing = sorted((enrollment.id, enrollment.node) for enrollment in customer.enrollments)
    return customer.attributes, standing

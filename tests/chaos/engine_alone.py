"""What the pure engine alone makes of the log: no processes, no topics, no faults."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from chaos.evidence import INPUTS, Evidence
from chaos.shop import WAITS_SECONDS

from engine.catalog import Catalog
from engine.customer import Customer, next_due
from engine.decide import decide, new_customer
from engine.decision import Action
from engine.event import Event, EventArrived, TimerFired
from streams.touchpoints.decoder import Decoder, Rejected
from streams.touchpoints.record import Record, origin


class Log(NamedTuple):
    """The log decoded: each good record with its event, and the origins of the bad ones with their codes."""

    events: Sequence[tuple[Record, Event]]
    bad: Mapping[str, str]


class Outcome(NamedTuple):
    """Customers by id as they end, and the actions by id that must leave."""

    customers: Mapping[str, Customer]
    actions: Mapping[str, Action]


def read_log(evidence: Evidence) -> Log:
    """Every record of the input topics, forwards left out, in the order of their append times."""
    events: list[tuple[Record, Event]] = []
    bad: dict[str, str] = {}
    for name in INPUTS:
        decoders: dict[str, Decoder] = {}
        for row in evidence.rows[name]:
            decoder = decoders.setdefault(row.topic, Decoder(row.topic, name.rpartition(".")[2], lambda: 0))
            given = decoder.decode(row)
            if isinstance(given, Rejected):
                bad[origin(row)] = given.code
            else:
                events.append((row, given))
    events.sort(key=lambda pair: (pair[0].timestamp, pair[0].topic, pair[0].partition, pair[0].offset))
    return Log(events, bad)


def outcome(catalog: Catalog, log: Log) -> Outcome:
    """Decides the log customer by customer; a timer fires before an event of its instant, and after the last."""
    by_customer: defaultdict[str, list[Event]] = defaultdict(list)
    for _, event in log.events:
        by_customer[event.customer].append(event)
    end = max((row.timestamp for row, _ in log.events), default=0) + int(WAITS_SECONDS * 1000)
    customers: dict[str, Customer] = {}
    actions: dict[str, Action] = {}
    for name, events in by_customer.items():
        customers[name] = _life(catalog, name, events, end, actions)
    return Outcome(customers, actions)


def _life(catalog: Catalog, name: str, events: Sequence[Event], end: int, actions: dict[str, Action]) -> Customer:
    customer = new_customer(name, events[0].received_at)
    for event in events:
        customer = _fire(catalog, customer, event.received_at, actions)
        decision = decide(catalog, customer, EventArrived(event, event.received_at))
        customer = decision.customer
        _keep(decision.outputs, actions)
    return _fire(catalog, customer, end, actions)


def _fire(catalog: Catalog, customer: Customer, upto: int, actions: dict[str, Action]) -> Customer:
    while (due := next_due(customer)) and due <= upto:
        decision = decide(catalog, customer, TimerFired(due))
        customer = decision.customer
        _keep(decision.outputs, actions)
    return customer


def _keep(outputs: Iterable[object], actions: dict[str, Action]) -> None:
    actions.update({output.id: output for output in outputs if isinstance(output, Action)})

"""The oracle: after all has settled, the log alone says whether each input was decided once and acted on once."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

import msgspec
from fakelog import Row
from simulation.broker import Broker
from simulation.scenario import CHANNELS, PARTITIONS, Scenario, deciding, known, topic, topic_id
from simulation.witness import Violation, Witness, poisoned

from engine.customer import Customer, next_due
from engine.decision import Action, Output, Trace
from engine.event import Event, EventArrived, TimerFired
from engine.trace import input_of
from state.changelog import MARKER, Fold
from streams.touchpoints.forwards import Forward, decode_forward
from streams.touchpoints.home import home
from streams.touchpoints.ids import EVERYONE
from streams.touchpoints.record import Rejected

_trace = msgspec.json.Decoder(Trace).decode
_output = msgspec.json.Decoder(Output).decode


def settled(broker: Broker, witness: Witness) -> str:
    """What is still to come, empty where nothing is."""
    for partition in range(PARTITIONS):
        for (name, number), inputs in witness.inputs.items():
            lane = f"{name}/{number}"
            if number == partition and witness.proven[partition].get(lane, 0) < len(inputs):
                return f"{lane}: {len(inputs)} records, durable up to {witness.proven[partition].get(lane, 0)}"
        for key, record in witness.records[partition].items():
            if record.outbox:
                return f"state/{partition} {key!r}: {len(record.outbox)} entries wait in its outbox"
            if record.walks is not None and record.walks.walks:
                return f"state/{partition}: {len(record.walks.walks)} fan-outs go or wait"
            if record.customer is not None and next_due(record.customer) and _waits(record.customer):
                return f"state/{partition} {key!r}: a timer is due at {next_due(record.customer)}"
        if broker.fold((topic("state"), partition)).to_heal:
            return f"state/{partition}: {broker.fold((topic('state'), partition)).to_heal} are to be healed"
    return ""


def _waits(customer: Customer) -> bool:
    return any(enrollment.due_at for enrollment in customer.enrollments)


def judge(broker: Broker, witness: Witness, scenario: Scenario) -> None:
    """Raises Violation where a promise of docs/protocol.md was not kept."""
    traces = {customer: list(_traces(broker, customer)) for customer in scenario.customers}
    _each_input_is_traced_once(witness, traces, scenario)
    _folding_gives_what_was_traced(witness, scenario, traces)
    _bad_inputs_are_dead_letters(witness)
    _forwards_are_equal(broker)
    if not scenario.entangled:
        _what_left_is_what_the_engine_makes(broker, witness, scenario)
    for partition in range(PARTITIONS):
        _compaction_changes_nothing(broker, partition)


def _once(rows: Iterable[Row]) -> Iterator[bytes]:
    """The values of rows, repeats dropped."""
    seen: set[bytes] = set()
    for row in rows:
        value = row.value or b""
        if value not in seen:
            seen.add(value)
            yield value


def _traces(broker: Broker, customer: str) -> Iterator[Trace]:
    """A customer's traces in order, repeats dropped. A different trace under the id of another is no repeat."""
    seen: set[str] = set()
    for partition in range(PARTITIONS):
        rows = [row for row in broker.rows[topic("decisions"), partition] if row.key == customer.encode()]
        for value in _once(rows):
            trace = _trace(value)
            if trace.id in seen:
                raise Violation(f"{customer}: two decisions under the trace id {trace.id}: {trace.input}")
            seen.add(trace.id)
            yield trace


def arrived(witness: Witness, customers: Sequence[str]) -> dict[str, dict[str, Event]]:
    """The events that came from outside, by customer and id, repeated ids dropped; those that break the engine too.

    What was said to everyone came to each.
    """
    found: dict[str, dict[str, Event]] = {}
    for (name, _), inputs in witness.inputs.items():
        if name.removeprefix("touchpoints.") in CHANNELS:
            for event in inputs:
                if isinstance(event, Event):
                    for customer in customers if event.customer == EVERYONE else (event.customer,):
                        one = msgspec.structs.replace(event, customer=customer)
                        found.setdefault(customer, {}).setdefault(event.id, one)
    return found


def _each_input_is_traced_once(witness: Witness, traces: Mapping[str, Sequence[Trace]], scenario: Scenario) -> None:
    for customer, events in arrived(witness, scenario.customers).items():
        expected = sorted(name for name, event in events.items() if not poisoned(event))
        found = sorted(
            given.event.id for trace in traces[customer] if isinstance(given := input_of(trace), EventArrived)
        )
        if found != expected:
            missing, more = set(expected) - set(found), set(found) - set(expected)
            raise Violation(f"{customer}: missing in the traces {sorted(missing)}, not asked for {sorted(more)}")


def _folding_gives_what_was_traced(witness: Witness, scenario: Scenario, traces: Mapping[str, Sequence[Trace]]) -> None:
    stored = {key: record.customer for records in witness.records.values() for key, record in records.items()}
    for name, found in traces.items():
        customer = known(name)
        for trace in found:
            decision = deciding(scenario.entangled, customer, input_of(trace))
            if decision.trace != trace:
                raise Violation(f"{name}: folding its inputs gives another decision than {trace.input}")
            customer = decision.customer
        if customer != stored[name.encode()]:
            raise Violation(f"{name}: folding its inputs gives {customer}, stored is {stored[name.encode()]}")


def _bad_inputs_are_dead_letters(witness: Witness) -> None:
    """Of a forward that came several times one is enough; a poisoned event away from home must have been forwarded."""
    forwards: dict[str, set[str]] = defaultdict(set)
    for (name, partition), inputs in witness.inputs.items():
        for offset, given in enumerate(inputs):
            if isinstance(given, Forward):
                forwards[given.origin].add(f"{topic(name)}/{partition}/{offset}")
    for (name, partition), inputs in witness.inputs.items():
        for offset, given in enumerate(inputs):
            places = {f"{topic(name)}/{partition}/{offset}"}
            if isinstance(given, Forward):
                places = forwards[given.origin]
            elif (
                isinstance(given, Event)
                and given.customer != EVERYONE
                and home(given.customer, PARTITIONS) != partition
            ):
                places = forwards[f"{name}/{partition}#{topic_id(name)[:8]}/{offset}"]
            bad = isinstance(given, Rejected) or poisoned(given)
            if bad != bool(places & witness.letters):
                raise Violation(f"{places}: {'no' if bad else 'a'} dead letter of {given}")


def _forwards_are_equal(broker: Broker) -> None:
    for partition in range(PARTITIONS):
        seen: set[tuple[str, int]] = set()
        for value in _once(broker.rows[topic("touchpoints.rekeyed"), partition]):
            forward = decode_forward(Row("", 0, 0, 0, 1, None, value, ()))
            if isinstance(forward, Rejected) or (forward.source, forward.seq) in seen:
                raise Violation(f"touchpoints.rekeyed/{partition}: two forwards as one: {value!r}")
            seen.add((forward.source, forward.seq))


def _what_left_is_what_the_engine_makes(broker: Broker, witness: Witness, scenario: Scenario) -> None:
    left: dict[str, bytes] = {}
    for partition in range(PARTITIONS):
        for value in _once(broker.rows[topic("actions"), partition]):
            output = _output(value)
            if output.id in left:
                raise Violation(f"actions/{partition}: two actions under one id: {value!r} and {left[output.id]!r}")
            left[output.id] = value
    expected = {
        action.id: action
        for customer, events in arrived(witness, scenario.customers).items()
        for action in _actions(scenario, customer, events.values())
    }
    missing, more = expected.keys() - left.keys(), left.keys() - expected.keys()
    if missing or more:
        raise Violation(
            f"actions: missing {[expected[one] for one in missing]}, too many {[left[one] for one in more]}"
        )


def _actions(scenario: Scenario, name: str, events: Iterable[Event]) -> Iterator[Action]:
    """What the pure engine alone makes of a customer's events."""
    customer = known(name)
    for event in events:
        if poisoned(event):
            continue
        decision = deciding(scenario.entangled, customer, EventArrived(event, event.received_at))
        customer = decision.customer
        yield from (output for output in decision.outputs if isinstance(output, Action))
    while _waits(customer):
        decision = deciding(scenario.entangled, customer, TimerFired(next_due(customer)))
        customer = decision.customer
        yield from (output for output in decision.outputs if isinstance(output, Action))


def _compaction_changes_nothing(broker: Broker, partition: int) -> None:
    """Recovery from the compacted log equals the fold of all that ever was in it; every marker is still there."""
    spot = (topic("state"), partition)
    broker.clean(spot)
    whole, left = broker.fold(spot), folded(broker.rows[spot])
    if left.latest != whole.latest:
        lost = [key for key in whole.latest if left.latest.get(key) != whole.latest[key]]
        raise Violation(f"state/{partition}: compaction took the counting record of {lost}")
    if left.mark.positions != whole.mark.positions or left.mark.marker != whole.mark.marker:
        raise Violation(f"state/{partition}: compaction took the positions or the last marker")
    markers = [row.key for row in broker.history[spot] if (row.key or b"").startswith(MARKER)]
    if markers != [row.key for row in broker.rows[spot] if (row.key or b"").startswith(MARKER)]:
        raise Violation(f"state/{partition}: compaction took a marker")


def folded(rows: Iterable[Row]) -> Fold:
    """What a changelog with these rows says."""
    fold = Fold()
    for row in rows:
        fold.feed(row.offset, row.key or b"", row.value or b"")
    return fold

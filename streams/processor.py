"""One partition's records under the engine, without Kafka, Faust or a clock: inputs go in, outputs lie in outboxes."""

import logging
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

from engine.catalog import Catalog
from engine.context import EMPTY, Context
from engine.customer import Customer, Drawn, next_due
from engine.decide import decide, new_customer
from engine.decision import Action, AnyOutput, Call, CallOutput, Decision, Emitted, Task, TaskOutput
from engine.event import Event, EventArrived, Input, TimerFired
from engine.trace import ERROR, REFUSED
from engine.why.bounded import MOST_BYTES, bounded
from engine.why.redaction import redacted
from state.changelog import DEAD_LETTERS, router_key
from state.codec import encode
from state.record import Entry, Record
from state.store import PartitionStore
from state.timers import TimerIndex
from streams.broker.publish import Out
from streams.crowd import Crowd
from streams.observing.logs import about
from streams.observing.traces import NO_HEADERS, Traces, parent_of
from streams.touchpoints.decoder import Forward, dead_letter, encode_forward, home
from streams.touchpoints.decoder import Record as Row

log = logging.getLogger(__name__)

LARGEST_RECORD = 7 << 20
LARGEST_OUTPUT = 3 << 20
CHECK_FROM = 4 << 20
"""Bytes of a record, of an output, and the estimate from which a record is measured before its decision is taken."""

BRIEF_RECORDS = 60
"""Brief records from which they are written with the next round; fewer at a time would cost more."""
MOST_RETURNED = 10_000
"""Of what is given back of budgets and waits until that is durable; what is beyond is lost."""
NOTHING: Sequence[Entry] = ()

_json = msgspec.json.Encoder().encode

GiveBack = Callable[[Drawn], None]
"""Hears what may be spent again."""
Decide = Callable[[Customer, Input], Decision]
"""What an input means for a customer; the engine's `decide` over a catalog, or a fixed work that is measured.

Where it changes when a timer is due, the customer that it gives has another list of enrollments or dict of alarms.
"""


def deciding(
    catalog: Callable[[], Catalog], context: Context = EMPTY, *, trace_all: bool = False, redacting: bool = False
) -> Decide:
    """The engine over the catalog of the moment, in this context. `trace_all`: every decision leaves a trace.

    `redacting`: traces tell of nothing that the project's terms redact, so that such a decision cannot be replayed.
    """
    if redacting:
        return _redacting(catalog, context, trace_all=trace_all)
    return lambda customer, given: decide(catalog(), customer, given, context, trace_all=trace_all)


def _redacting(catalog: Callable[[], Catalog], context: Context, *, trace_all: bool) -> Decide:
    def decided(customer: Customer, given: Input) -> Decision:
        of = catalog()
        decision = decide(of, customer, given, context, trace_all=trace_all)
        if decision.trace is None or not of.terms.redact:
            return decision
        found = redacted(decision.trace, customer, decision.customer, of.terms.redact)
        return msgspec.structs.replace(decision, trace=found)

    return decided


class Counts(msgspec.Struct):
    """What happened since the last export, counted per input and exported per batch."""

    decisions: int = 0
    duplicates: int = 0
    repeated: int = 0
    forwards: int = 0
    faults: int = 0
    held: int = 0
    identities: int = 0


class Returned(NamedTuple):
    """What a decision gave back of budgets, with the input that must be durably applied before it is spent again."""

    spot: str
    offset: int
    drawn: Sequence[Drawn]


class Processor:
    """Applies inputs to the records of one partition.

    `urgent` holds the records with something new that must leave, `dirty` those changed otherwise, both by key in order
    of change; whoever writes records takes them out. `brief` names those of `dirty` that hardly anybody asks for again
    soon: they are best written, and let go, while they are in the machine's caches. While there is
    a `crowd`, no more inputs should be applied. `held` counts all proposals held so far; `returned` is what was given
    back of budgets and may not be durable yet. `wall` gives the wall clock in ms, used only for the age of what is
    queued.
    """

    def __init__(
        self,
        partition: int,
        partitions: int,
        store: PartitionStore,
        decide: Decide,
        wall: Callable[[], int],
        traces: Traces | None = None,
    ) -> None:
        self.partition = partition
        self.partitions = partitions
        self.store = store
        self.timers = TimerIndex()
        self.urgent: dict[bytes, Record] = {}
        self.dirty: dict[bytes, Record] = {}
        self.brief: dict[bytes, None] = {}
        self.crowd = Crowd()
        self.counts = Counts()
        self.unpublished = 0
        self.unpublished_bytes = 0
        self.held = 0
        self.refusals: dict[str, int] = {}
        self.errors: dict[tuple[str, str], int] = {}
        self.returned: deque[Returned] = deque(maxlen=MOST_RETURNED)
        self._decide_on = decide
        self._wall = wall
        self._traces = traces
        self._carried = NO_HEADERS
        self._name = ""

    @property
    def unwritten(self) -> int:
        """How many records hold what is not written yet, and stay decoded until it is."""
        return len(self.urgent) + len(self.dirty)

    @property
    def pressing(self) -> bool:
        """Whether anything should be written with the next round of writes, whether or not a lazy pass is due."""
        return bool(self.urgent) or len(self.brief) >= BRIEF_RECORDS

    def take_brief(self) -> dict[bytes, Record]:
        """Takes what is brief out of `dirty`, where there is enough of it."""
        if len(self.brief) < BRIEF_RECORDS:
            return {}
        brief, self.brief = self.brief, {}
        return {key: record for key in brief if (record := self.dirty.pop(key, None)) is not None}

    def clear_changed(self) -> None:
        """All that was changed is taken care of."""
        self.urgent.clear()
        self.dirty.clear()
        self.brief.clear()

    def arrive(self, origin: str, offset: int, event: Event, at: int, row: Row, name: str, hold_until: int = 0) -> None:
        """Takes the event at `offset` of `origin` at instant `at` (ms), unless it was taken before.

        `row` is the record it came in, of the topic `name`; it becomes a dead letter where no decision can be taken.
        `hold_until` (ms, 0 for none) is that of the engine's inputs.
        """
        key = event.customer.encode()
        record = self.store.get(key)
        if record is None:
            # A record under this key is only ever made here, at home: whoever has one need not be looked for.
            target = home(event.customer, self.partitions)
            if target != self.partition:
                self.forward(origin, offset, event, target, row)
                return
            record = Record(new_customer(event.customer, at))
            self.store.put(key, record)
        elif record.applied.get(origin, -1) >= offset:
            self.counts.repeated += 1
            return
        if event.type == "identity.linked":
            self.counts.identities += 1
        self._name = name
        self._decide(key, record, EventArrived(event, at, hold_until), row, origin, offset)
        record.applied[origin] = offset
        self.change(key, record)

    def change(self, key: bytes, record: Record) -> None:
        """The record holds what is not written yet and hurries nobody."""
        if key not in self.urgent:
            self.dirty[key] = record
            if record.brief:
                self.brief[key] = None

    def meet(self, key: bytes, record: Record, origin: str, number: int, given: EventArrived, event_bytes: int) -> None:
        """Decides an event that a walk brings to a customer of ours, whose record then names the walk's number."""
        self._decide(key, record, given, None, origin, number)
        record.applied[origin] = number
        if record.customer is not None:
            record.size += 256 + (2 + len(record.customer.enrollments)) * event_bytes
        self.change(key, record)

    def fire(self, key: bytes, at: int, hold_until: int = 0) -> None:
        """Fires the timers of the customer under `key` that are due at or before `at`, which is their instant."""
        record = self.store.get(key)
        if record is None or record.customer is None:
            return
        if self._decide(key, record, TimerFired(at, hold_until), None, "timer", at):
            self.change(key, record)

    def _decide(
        self, key: bytes, record: Record, given: EventArrived | TimerFired, row: Row | None, origin: str, offset: int
    ) -> bool:
        """Takes the decision on one input, whose cause is `origin` and `offset`; gives whether one could be taken."""
        try:
            stored = record.customer
            if stored is None:
                raise TypeError("the record is a router's, expected a customer's")
            enrollments, alarms, traces = stored.enrollments, stored.alarms, self._traces
            decision = self._decide_on(stored, given) if traces is None else self._traced(traces, stored, given, row)
            entries = NOTHING
            if decision.outputs or decision.trace is not None:
                received_at = 0 if row is None or isinstance(given, TimerFired) else given.event.received_at
                entries = self._entries(decision, f"{origin}/{offset}", record.out_seq, received_at)
            customer = decision.customer
            if row is not None:
                record.size += 256 + (2 + len(customer.enrollments) + decision.held) * len(row.value or b"")
            fits = (not entries and record.size < CHECK_FROM) or self._fits(record, decision, entries)
        except Exception as fault:
            # A decision that breaks the engine would otherwise stop its partition for ever.
            log.error("no decision could be taken; report it", exc_info=fault, extra=_about(key, given, row))
            return self._refuse(row, key, f"no decision could be taken ({fault!r}); report it with the value")
        if not fits:
            log.warning("the decision would be larger than a record may be", extra=_about(key, given, row))
            return self._refuse(row, key, "the decision would be larger than a record may be; send less")
        record.customer = customer
        if customer.enrollments is not enrollments or customer.alarms is not alarms:
            self._set_timer(key, record, next_due(customer))
        if entries or decision.duplicate or decision.held:
            self._count(decision, entries)
        if decision.returned and row is not None:
            self.returned.append(Returned(f"{self._name}/{row.partition}", row.offset, decision.returned))
        if entries:
            record.outbox.extend(entries)
            record.out_seq = entries[-1].seq
            if decision.outputs:
                self.urgent[key] = record
        return True

    def _traced(self, traces: Traces, stored: Customer, given: EventArrived | TimerFired, row: Row | None) -> Decision:
        """The decision, told to the traces; what leaves of it carries its place."""
        begun_ns = traces.now_ns()
        decision = self._decide_on(stored, given)
        self._carried = traces.decided(stored, decision, given, row, begun_ns)
        return decision

    def _set_timer(self, key: bytes, record: Record, due_at: int) -> None:
        self.timers.set(key, record.due_at, due_at)
        record.due_at = due_at

    def _count(self, decision: Decision, entries: Sequence[Entry]) -> None:
        counts = self.counts
        counts.duplicates += decision.duplicate
        counts.held += decision.held
        self.held += decision.held
        counts.decisions += bool(entries)
        self.unpublished += len(entries)
        self.unpublished_bytes += sum([len(entry.value) for entry in entries])
        if decision.trace is not None:
            for line in decision.trace.lines:
                if line.what == REFUSED:
                    self.refusals[line.code] = self.refusals.get(line.code, 0) + 1
                elif line.what == ERROR:
                    at = (line.journey, line.code)
                    self.errors[at] = self.errors.get(at, 0) + 1

    def _entries(self, decision: Decision, cause: str, seq: int, received_at: int) -> list[Entry]:
        queued_at = self._wall()
        key = decision.customer.id.encode()
        entries = []
        for output in decision.outputs:
            seq += 1
            topic, labels, value = _topic(output), _labels(output), _json(output)
            entries.append(
                Entry(seq, topic, self.partition, key, value, queued_at, received_at, *labels, self._carried)
            )
        if decision.trace is not None:
            headers = [("origin", cause.encode()), *self._carried]
            value = _json(decision.trace)
            if len(value) > MOST_BYTES:
                value = _json(bounded(decision.trace))
            entries.append(Entry(seq + 1, "decisions", self.partition, key, value, queued_at, headers=headers))
        return entries

    def _fits(self, record: Record, decision: Decision, entries: Sequence[Entry]) -> bool:
        """Whether the decision may be taken; measured exactly only where an estimate from above says it might not."""
        for entry in entries:
            size = len(entry.value)
            if size > LARGEST_OUTPUT:
                return False
            record.size += size + 128
        if record.size < CHECK_FROM:
            return True
        would_be = Record(decision.customer, record.applied, record.out_seq, [*record.outbox, *entries], record.tail)
        record.size = len(encode(would_be, 0))
        self.crowd.look(record)
        return record.size <= LARGEST_RECORD

    def _refuse(self, row: Row | None, customer: bytes, reason: str) -> bool:
        if row is None:
            self.counts.faults += 1
        else:
            self.refuse(row, self._name, f"customer {customer.decode()}: {reason}")
        return False

    def given_back(self, durable: Mapping[str, int]) -> list[Drawn]:
        """What may be spent again, now that inputs are `durable` up to an offset by spot; told once."""
        found: list[Drawn] = []
        while self.returned and self.returned[0].offset < durable.get(self.returned[0].spot, 0):
            found += self.returned.popleft().drawn
        return found

    def refuse(self, row: Row, name: str, reason: str) -> None:
        """The input, a record of the topic `name`, goes to the dead letters by the router record, so that it leaves
        only once that is proven.
        """
        self.counts.faults += 1
        out = dead_letter(row, "undecided", reason)
        self._route(DEAD_LETTERS, f"{name}.dead", row.partition, out)

    def forward(self, origin: str, offset: int, event: Event, target: int, row: Row) -> None:
        """Brings the event at `offset` of `origin` to the partition `target`, unless that was done before."""
        key = router_key(str(target))
        router = self._router(key)
        if router.applied.get(origin, -1) >= offset:
            self.counts.repeated += 1
            return
        self.counts.forwards += 1
        forward = Forward(f"{self.partition}>{target}", router.out_seq + 1, f"{origin}/{offset}", event)
        out = encode_forward(forward)
        if self._traces is not None:
            out = out._replace(headers=self._traces.forwarded(event, row))
        self._route(key, "touchpoints.rekeyed", target, out)
        router.applied[origin] = offset

    def _route(self, key: bytes, topic: str, partition: int, out: Out) -> None:
        """Puts what concerns no customer of ours into the outbox of the router under `key`."""
        router, value = self._router(key), out.value or b""
        router.say(topic, partition, out.key or b"", value, self._wall(), headers=list(out.headers))
        self.unpublished += 1
        self.unpublished_bytes += len(value)
        self.urgent[key] = router
        self.crowd.look(router)

    def _router(self, key: bytes) -> Record:
        router = self.store.get(key)
        if router is None:
            router = Record(None)
            self.store.put(key, router)
        return router


def _about(key: bytes, given: EventArrived | TimerFired, row: Row | None) -> dict[str, Any]:
    """What a line of the log on this input is about."""
    if isinstance(given, TimerFired):
        return about(key.decode(), event_type="timer")
    event = given.event
    if row is None:
        return about(key.decode(), event.id, event.type)
    parent = parent_of(row, event)
    return about(
        key.decode(), event.id, event.type, topic=row.topic, partition=row.partition, offset=row.offset,
        trace_id="" if parent is None else parent.trace,
    )  # fmt: skip


def _topic(output: AnyOutput) -> str:
    """The topic on which it leaves."""
    if isinstance(output, CallOutput):
        return "calls"
    if isinstance(output, Emitted):
        return "emitted"
    return "tasks" if isinstance(output, TaskOutput) else "actions"


def _labels(output: AnyOutput) -> tuple[str, str]:
    """The journey and the channel that an output is counted under, empty for what is no action."""
    if isinstance(output, Action):
        return output.journey, output.channel
    if isinstance(output, Call):
        return output.journey, "service"
    return (output.journey, "task") if isinstance(output, Task) else ("", "")

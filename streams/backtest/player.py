"""One definition played: the processor that workers run, on a partition of its own, its clock that of the events."""

import hashlib
from collections import Counter
from collections.abc import Callable, Sequence
from itertools import chain

import msgspec

from engine.catalog import Catalog
from engine.context import Context
from engine.customer import Customer
from engine.decision import Action, Call, Decision, Task
from engine.event import Event, EventArrived, Input
from state.changelog import Mark
from state.codec import encode
from state.record import Record
from streams.backtest.aside import AsideStore
from streams.backtest.happened import Happened, happened
from streams.backtest.passed import BEGIN, CONTEXT, EVERY_SHARD, Passed
from streams.backtest.rejects import Rejects
from streams.context.records import put
from streams.lane import Lane
from streams.partition import Partition
from streams.processor import Processor, deciding
from streams.touchpoints.decoder import TICKS, Decoder, Rejected, Touchpoint, encode_touchpoint
from streams.touchpoints.record import Row, origin
from streams.touchpoints.reserved import MODELS

EVENTS = "touchpoints.played"
KEPT_RECORDS = 50_000
"""Changed records from which all are put away as bytes, so that memory holds few of many customers decoded."""
_STEPS = 100_000
_TRIMMED = 250
_ABOUT = {"message": "action_id", "action": "action_id", "task": "task_id", "call": "call_id"}
"""What names that which an event is about, by the first word of its type."""

Told = Callable[[Happened], None]


class Player:
    """Plays the events of its customers on `catalog`, and tells `told` what happens, in the order of instants.

    Each message leaves at once, and its receipt `message.sent` comes back at the same instant, as in lives. `foreign`
    counts events about actions and tasks that this play never made, by type; `facts` events of reserved types.
    """

    def __init__(self, catalog: Catalog, channel: Callable[[str], str], told: Told) -> None:
        self.context = Context()
        self.rejects = Rejects()
        self.foreign: Counter[str] = Counter()
        self.facts: Counter[str] = Counter()
        self._versions = {name: journey.version for name, journey in catalog.current.items()}
        self._made: set[str] = set()
        self._told = told
        self._engine = deciding(lambda: catalog, self.context)
        self._store = AsideStore(KEPT_RECORDS, catalog.armed, self._note_change)
        self._processor = Processor(0, 1, self._store, self._decide, lambda: 0)
        self._lanes = [Lane(name, name, 0, "backtest", 0, lambda _upto: False) for name in (EVENTS, TICKS)]
        self._door = _Door(channel, self)
        self._partition = Partition(
            0, self._processor, self._lanes, self._door.of, lambda: 0, event_clock=True,
            plan=lambda: catalog, paced=False, proof=False,
        )  # fmt: skip

    def play(self, batch: Sequence[Passed], plain: bool) -> None:
        """Applies records in this order. `plain`: all are events that came in time."""
        if plain:
            self._offer(batch)
            return
        begun = 0
        for place, passed in enumerate(batch):
            if passed.topic in (BEGIN, CONTEXT):
                self._offer(batch[begun:place])
                self._told_all(passed)
                begun = place + 1
            elif passed.clock:
                self._offer(batch[begun:place])
                self.advance(passed.clock)
                begun = place
        self._offer(batch[begun:])

    def _told_all(self, passed: Passed) -> None:
        """The play begins, or the context changes."""
        if passed.topic == BEGIN:
            self._partition.clock = passed.at
        else:
            self.advance(passed.at)
            put(self.context, (passed.key or b"").decode(), _id_of(passed.value), passed.value)

    def advance(self, to: int) -> None:
        """Brings the clock to `to` (ms); what is due by then fires, each timer at its own instant."""
        if to <= self._partition.clock:
            return
        out = encode_touchpoint(Touchpoint("sillage.clock", occurred_at=to, properties={"at": to}))
        self._run(TICKS, [Row(TICKS, 0, self._lanes[1].next, to, out.key, out.value)])

    def inside(self) -> Counter[tuple[str, str]]:
        """How many enrollments still live, by journey and node."""
        changed = {**self._processor.dirty, **self._processor.urgent}
        # Who is inside has a timer, if only that of the ttl: of what was put away nobody else need be looked at.
        away = (self._store.get(key) for key, _ in self._store.timers() if key not in changed)
        found: Counter[tuple[str, str]] = Counter()
        for number, record in enumerate(chain(changed.values(), away)):
            if record is not None and record.customer is not None:
                found.update([(each.journey, each.node) for each in record.customer.enrollments])
            if not number % _TRIMMED:
                self._store.trim(lambda key, _record: key in changed or _is_ours(key))
        return found

    def counts(self) -> tuple[int, int, int]:
        """How many customers there are, how many events were repeats, and on how many no decision could be taken."""
        self._store.tell_all()
        counts = self._processor.counts
        customers = sum(1 for key in self._store if not _is_ours(key))
        return customers, counts.duplicates + self._store.repeats, counts.faults

    def _offer(self, rows: Sequence[Passed]) -> None:
        left = self._without_idle(rows)
        if left:
            self._run(EVENTS, left)
        if len(self._processor.dirty) + len(self._processor.urgent) > KEPT_RECORDS:
            self._put_away()

    def _without_idle(self, rows: Sequence[Passed]) -> Sequence[Passed]:
        """Puts the ids of events that concern nothing aside, and gives all others that are not played yet.

        One whose customer has another event among these rows keeps its place.
        """
        busy = {passed.customer for passed in rows if not passed.idle}
        left: list[Passed] = []
        put_aside, due_at = self._store.put_aside, self._due_at()
        for passed in rows:
            if not passed.idle or passed.customer in busy:
                left.append(passed)
                if passed.shard == EVERY_SHARD:
                    # Whoever is first seen behind it is not met by it.
                    self._run(EVENTS, left)
                    left, due_at = [], self._due_at()
                continue
            at = passed.clock or passed.at
            if due_at <= at:
                self._run(EVENTS, left)
                self.advance(at)
                left, due_at = [], self._due_at()
            if not put_aside(passed, at):
                left.append(passed)
        return left

    def _due_at(self) -> int:
        """When anything is due next (ms), of those customers that are played so far."""
        return min(self._processor.timers.earliest, self._partition.fanouts.next_at)

    def _run(self, lane: str, rows: Sequence[Passed | Row]) -> None:
        partition = self._partition
        partition.offer(lane, 0, rows)
        while partition.step(_STEPS) or partition.asks:
            partition.tell({})
        partition.dead.clear()

    def _put_away(self) -> None:
        """Changed records of customers become bytes; those of the partition itself stay as they are."""
        changed = {**self._processor.dirty, **self._processor.urgent}
        written = {key: encode(record, 0) for key, record in changed.items() if not _is_ours(key)}
        self._store.settle(written, Mark())
        self._processor.clear_changed()
        self._store.trim(lambda key, _record: _is_ours(key))

    def _note_change(self, key: bytes, record: Record) -> None:
        if key not in self._processor.urgent:
            self._processor.dirty[key] = record

    def _decide(self, customer: Customer, given: Input) -> Decision:
        """The engine's decision, with those on the receipts of all that leaves; nothing is left to be said."""
        if type(given) is EventArrived and given.event.type in MODELS:
            self._note(given.event)
        decision = self._engine(customer, given)
        if not decision.outputs and decision.trace is None:
            return decision
        at, held, left = given.at, decision.held, self._tell(decision)
        while left:
            action = left.pop(0)
            receipt = self._engine(decision.customer, EventArrived(_receipt(action, at), at))
            decision, held = receipt, held + receipt.held
            left += self._tell(decision)
        return Decision(decision.customer, [], None, held=held)

    def _tell(self, decision: Decision) -> list[Action]:
        """Tells what happened, and gives what leaves."""
        if decision.trace is not None:
            for one in happened(decision.trace, self._versions):
                self._told(one)
        self._made.update(each.id for each in decision.outputs if isinstance(each, Action | Task | Call))
        return [each for each in decision.outputs if isinstance(each, Action)]

    def _note(self, event: Event) -> None:
        """An event of a reserved type came: whether it is about something that this play made."""
        self.facts[event.type] += 1
        named = _ABOUT.get(event.type.partition(".")[0])
        if named is not None and event.properties.get(named) not in self._made:
            self.foreign[event.type] += 1


def _is_ours(key: bytes) -> bool:
    """Whether a record is the partition's own; no customer's id begins so, since it is UTF-8."""
    return key.startswith(b"\xff")


class _Door:
    """Decodes what is played: as the engine's decoder, with the names and instants of the recording."""

    def __init__(self, channel: Callable[[str], str], player: Player) -> None:
        self._channel = channel
        self._player = player
        self._decoders: dict[str, Decoder] = {}

    def of(self, topic: str) -> Decoder:
        """What a lane decodes with."""
        return Decoder(topic, topic, lambda: 0) if topic == TICKS else _Played(self._decode)

    def _decode(self, passed: Passed) -> Event | Rejected:
        if passed.idle:
            return Event(passed.idle, "", passed.customer, "", passed.at, passed.at, {})
        decoder = self._decoders.get(passed.topic)
        if decoder is None:
            channel = self._channel(passed.topic)
            decoder = self._decoders[passed.topic] = Decoder(passed.topic, channel, lambda: 0)
        found = decoder.decode(passed)
        if isinstance(found, Rejected):
            reason = found.reason.removeprefix(f"{origin(passed)}: ")
            self._player.rejects.add(passed.offset, found.code, f"{passed.place}: {reason}")
            return found
        if found.timed and found.named:
            return found
        named = found.id if found.named else passed.place
        return msgspec.structs.replace(found, id=named, occurred_at=passed.at, timed=True)


class _Played(Decoder):
    """A decoder whose work another does."""

    def __init__(self, decode: Callable[[Passed], Event | Rejected]) -> None:
        super().__init__(EVENTS, EVENTS, lambda: 0)
        self.decode = decode  # type: ignore[assignment,method-assign]


def _receipt(action: Action, at: int) -> Event:
    """The receipt that a dispatcher would give, under the same id (streams/dispatch/receipts.py)."""
    kind = "message.sent"
    about = {"action_id": action.id, "message": action.message, "journey": action.journey, "step": action.step}
    named = hashlib.sha256(f"{action.id}\n{kind}".encode()).hexdigest()[:32]
    return Event(named, kind, action.customer, action.channel, at, at, about)


def _id_of(value: bytes | None) -> str:
    return _thing(value or b"{}").id


class _Thing(msgspec.Struct):
    id: str = ""


_thing = msgspec.json.Decoder(_Thing).decode

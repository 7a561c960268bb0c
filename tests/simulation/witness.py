"""The witness: sees every record land and says at once which promise of the protocol it breaks."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import NamedTuple

from fakelog import Row
from simulation.broker import Broker
from simulation.scenario import PARTITIONS, POISON, PREFIX, START_MS, topic, topic_id

from engine.event import Event
from state.changelog import FANOUTS, POSITIONS, router_key
from state.codec import decode
from state.record import Entry, Record
from streams.broker.source import Spot
from streams.touchpoints.decoder import Decoder, Forward, Rejected, decode_forward
from streams.touchpoints.home import home
from streams.touchpoints.ids import EVERYONE


class Violation(Exception):
    """A promise that was broken; the message says which, and where."""


class Taker(NamedTuple):
    """Who must have taken an input before positions pass it: a record's `applied`, or a dead letter."""

    key: bytes
    origin: str
    seq: int
    rejected: bool = False


OUTPUTS = frozenset({"actions", "decisions", "touchpoints.rekeyed"})


class Witness:
    """Checks while the run goes on. `records` are the counting ones by partition and key, `inputs` what arrived."""

    def __init__(self, broker: Broker) -> None:
        self.records: defaultdict[int, dict[bytes, Record]] = defaultdict(dict)
        self.inputs: dict[Spot, list[Event | Forward | Rejected]] = defaultdict(list)
        self.letters: set[str] = set()
        self.proven: dict[int, dict[str, int]] = defaultdict(dict)
        self.counts: Counter[str] = Counter()
        self._broker = broker
        self._takers: dict[Spot, list[list[Taker]]] = defaultdict(list)
        self._said: dict[tuple[str, int, bytes], tuple[bytes, int]] = {}
        self._out: set[tuple[str, int, bytes]] = set()
        self._upto: dict[tuple[int, bytes, str, int], int] = {}
        self._decoders: dict[str, Decoder] = {}
        broker.landed.append(self._landed)

    def committed(self, offsets: dict[Spot, int]) -> None:
        """Offsets were committed to the group. Raises Violation where they are ahead of what is durable."""
        for (full, partition), offset in offsets.items():
            name = full.removeprefix(f"{PREFIX}.")
            durable = self.proven[partition].get(f"{name}/{partition}", 0)
            if offset > durable:
                raise Violation(f"{name}/{partition}: committed up to {offset}, but only {durable} is durable")

    def _landed(self, full: str, partition: int, rows: Sequence[Row]) -> None:
        name = full.removeprefix(f"{PREFIX}.")
        for row in rows:
            if name == "state":
                self._state(partition, row)
                continue
            if name in OUTPUTS:
                self._output(name, partition, row)
            if name.endswith(".dead"):
                self.letters.add((row.key or b"").decode())
            elif name.startswith("touchpoints") or name == "ticks":
                self._input(name, partition, row)

    def _state(self, partition: int, row: Row) -> None:
        fold = self._broker.fold((topic("state"), partition))
        key = row.key or b""
        if fold.latest.get(key) is row.value:
            self._counting(partition, key, decode(row.value or b""))
        elif key == POSITIONS and fold.mark.positions is not None and fold.mark.positions_offset == row.offset:
            self._positions(partition, fold.mark.positions.offsets)

    def _counting(self, partition: int, key: bytes, record: Record) -> None:
        """A counting record extends the history of its customer, and forgets only what was published."""
        before = self.records[partition].get(key)
        who = f"state/{partition} {key!r}"
        if before is not None:
            if record.out_seq < before.out_seq:
                raise Violation(f"{who}: out_seq went back from {before.out_seq} to {record.out_seq}")
            for origin, offset in before.applied.items():
                if record.applied.get(origin, -1) < offset:
                    raise Violation(f"{who}: applied of {origin} went back to {record.applied.get(origin)}")
            self._extends(who, partition, before, record)
        for entry in record.outbox:
            self._said.setdefault((entry.topic, entry.partition, entry.value), (key, entry.seq))
        self.records[partition][key] = record

    def _extends(self, who: str, partition: int, before: Record, record: Record) -> None:
        now = {entry.seq: entry for entry in record.outbox}
        if list(now) != sorted(now):
            raise Violation(f"{who}: its outbox is out of order: {list(now)}")
        for entry in before.outbox:
            same = now.pop(entry.seq, None)
            if same is None and not self._left(entry):
                raise Violation(f"{who}: {entry.topic} {entry.seq} left the outbox before it was published")
            if same is not None and same.value != entry.value:
                raise Violation(f"{who}: entry {entry.seq} changed")
        if any(seq <= before.out_seq for seq in now):
            raise Violation(f"{who}: an entry came back: {sorted(now)} after {before.out_seq}")

    def _left(self, entry: Entry) -> bool:
        if entry.topic.endswith(".dead"):
            return entry.key.decode() in self.letters
        return (entry.topic, entry.partition, entry.value) in self._out

    def _output(self, name: str, partition: int, row: Row) -> None:
        """An output leaves only behind the counting record that holds it, in the order of its outbox."""
        spot = (name, partition, row.value or b"")
        self.counts["outputs"] += 1
        if spot in self._out:
            self.counts["repeated"] += 1
            return
        if spot not in self._said:
            raise Violation(f"{name}/{partition}/{row.offset}: no counting record holds it: {row.value!r}")
        key, seq = self._said[spot]
        source = (home(key.decode(), PARTITIONS) if key[0] != 0xFF else 1 - partition, key, name, partition)
        if seq < self._upto.get(source, 0):
            raise Violation(f"{name}/{partition}/{row.offset}: {key!r} {seq} left after {self._upto[source]}")
        self._upto[source] = seq
        self._out.add(spot)

    def _input(self, name: str, partition: int, row: Row) -> None:
        given: Event | Forward | Rejected
        if name == "touchpoints.rekeyed":
            given = decode_forward(row)
        else:
            if row.topic not in self._decoders:
                self._decoders[row.topic] = Decoder(row.topic, name.split(".")[-1], lambda: START_MS)
            given = self._decoders[row.topic].decode(row)
        self.inputs[name, partition].append(given)
        self._takers[name, partition].append(_takers(name, partition, row, given))

    def _positions(self, partition: int, offsets: dict[str, int]) -> None:
        """Positions pass an input only behind the counting record, or the dead letter, that took it."""
        for lane, upto in offsets.items():
            name = lane.rpartition("/")[0]
            done = self.proven[partition].get(lane, 0)
            if upto < done:
                raise Violation(f"positions of {lane} went back from {done} to {upto}")
            for offset, takers in enumerate(self._takers[name, partition][done:upto], done):
                missing = [taker for taker in takers if not self._taken(partition, taker)]
                if missing:
                    raise Violation(f"positions of {lane} are {upto}, but {offset} is not durable ({missing})")
        self.proven[partition].update(offsets)

    def _taken(self, partition: int, taker: Taker) -> bool:
        if taker.rejected:
            return taker.origin in self.letters
        record = self.records[partition].get(taker.key)
        return record is not None and record.applied.get(taker.origin, -1) >= taker.seq


def _takers(name: str, partition: int, row: Row, given: Event | Forward | Rejected) -> list[Taker]:
    if isinstance(given, Rejected):
        return [Taker(b"", f"{row.topic}/{partition}/{row.offset}", 0, rejected=True)]
    if isinstance(given, Forward):
        customer = given.event.customer
        return [Taker(FANOUTS if customer == EVERYONE else customer.encode(), given.source, given.seq)]
    if name == "ticks":
        return []
    origin = f"{name}/{partition}#{topic_id(name)[:8]}"
    if given.customer == EVERYONE:
        others = [router_key(str(other)) for other in range(PARTITIONS) if other != partition]
        return [Taker(key, origin, row.offset) for key in (FANOUTS, *others)]
    target = home(given.customer, PARTITIONS)
    key = given.customer.encode() if target == partition else router_key(str(target))
    return [Taker(key, origin, row.offset)]


def poisoned(given: Event | Forward | Rejected) -> bool:
    """Whether the engine breaks on this input."""
    event = given.event if isinstance(given, Forward) else given
    return isinstance(event, Event) and event.type == POISON

"""What one owner writes of one partition in one epoch: urgent records at once, the others lazily, then the
positions.
"""

import time
from collections.abc import Callable, Collection, Mapping, Sequence

import msgspec

from state.changelog import DEAD_LETTERS, POSITIONS, Positions, encode_positions, foreign
from state.codec import encode
from state.record import Entry, Record
from streams.broker.publish import Out, weight
from streams.partition import Partition

SLICE = 150
"""Records of lazy passes in one round of all writers together, so that the loop never pauses for long."""
SLICES = 40
"""Rounds that a long lazy pass is spread over."""
HURRIED_SLICE = 2_000
"""Records in one round of all writers together while too many are not written: small batches would cost more."""
PASS_SECONDS = 1.0
IDLE_SECONDS = 60.0
"""How long after a pass the next begins, and how long an idle owner goes without writing its positions."""


class Fenced(Exception):
    """Another owner's marker lies before a write of ours: the epoch is over, nothing of it may leave."""


class Leaving(msgspec.Struct):
    """An entry that may leave: the write of the record under `key` that holds it is proven, at `proven_at` (ms)."""

    key: bytes
    record: Record
    entry: Entry
    proven_at: int = 0


class Writer:
    """The writes of one partition and epoch (docs/protocol.md 1, lines 7 to 15), at most one round in flight.

    `take` encodes a round in one step; `landed` is told where it landed and gives what may leave now. `durable` holds
    positions that are proven and not yet handed to the source for its commit. `seconds` is a clock that never goes
    back.
    """

    def __init__(
        self, partition: Partition, epoch: int, expected: int, *, seconds: Callable[[], float] = time.monotonic
    ) -> None:
        self.partition = partition
        self.epoch = epoch
        self.expected = expected
        self.durable: Positions | None = None
        self.heals = 0
        self._seconds = seconds
        self._written: dict[bytes, bytes] = {}
        self._speaking: list[tuple[bytes, Record, int]] = []
        self._brief: Collection[bytes] = ()
        self._in_flight: Positions | None = None
        self._pass: list[bytes] | None = None
        self._pass_slice = 0
        self._pass_positions: Positions | None = None
        self._pass_dead: list[tuple[str, Out]] = []
        self._last: Positions | None = None
        self._last_at = 0.0

    def heal(self, keys: Sequence[bytes]) -> None:
        """These keys have an ignored record after their counting one; they are written again."""
        self.heals += len(keys)
        for key in keys:
            record = self.partition.processor.store.get(key)
            if record is not None:
                self.partition.processor.dirty[key] = record

    @property
    def pressing(self) -> bool:
        """Whether something waits that goes with the next round."""
        return self.partition.processor.pressing

    def lazy(self, *, hurried: bool = False) -> bool:
        """Whether a pass is under way or due; where it is `hurried`, that is as soon as anything is dirty."""
        if self._pass is not None or (hurried and self.partition.processor.dirty):
            return True
        quiet = self._seconds() - self._last_at
        if quiet < PASS_SECONDS:
            return False
        processor = self.partition.processor
        if processor.dirty or self.partition.dead or quiet >= IDLE_SECONDS:
            return True
        return self._last is None or self.partition.positions(self.epoch).offsets != self._last.offsets

    def dead_letters(self) -> list[tuple[str, Out]]:
        """Dead letters that must be published before the pass under way can write its positions."""
        return self._pass_dead

    def dead_published(self) -> None:
        """Those of `dead_letters` are durable."""
        self.partition.processor.unpublished_bytes -= sum([weight(letter) for _, letter in self._pass_dead])
        self._pass_dead = []

    def take(self, *, lazy: bool, flush: bool = False, hurried: bool = False, share: int = 1) -> list[Out]:
        """The next round: all that is urgent, what is brief where there is enough, and with `lazy` a slice of the pass;
        with `flush` all of it.

        A `hurried` slice is long; so many writers `share` the round.
        """
        processor = self.partition.processor
        if lazy and self._pass is None:
            self._begin()
        records, processor.urgent = processor.urgent, {}
        if DEAD_LETTERS in records:
            # A round may be cut into batches: the letter comes before the record that says that its input was taken.
            records = {DEAD_LETTERS: records.pop(DEAD_LETTERS), **records}
        for key in records:
            processor.dirty.pop(key, None)
            processor.brief.pop(key, None)
        brief = processor.take_brief()
        self._brief = brief.keys()
        records |= brief
        if lazy and self._pass is not None:
            least = HURRIED_SLICE // share if hurried else self._pass_slice
            records |= self._slice(share, len(self._pass) if flush else least)
        outs = self._write(records)
        if lazy and self._pass == [] and not self._pass_dead and self._pass_positions is not None:
            outs.append(Out(POSITIONS, encode_positions(self._pass_positions)))
            self._in_flight, self._pass, self._pass_positions = self._pass_positions, None, None
            self._last_at = self._seconds()
        return outs

    def _begin(self) -> None:
        """Positions and the dirty set are taken at the start of a pass; what comes later waits for the next."""
        self._pass = list(reversed(self.partition.processor.dirty))
        self._pass_slice = len(self._pass) // SLICES
        self._pass_positions = self.partition.positions(self.epoch)
        self._pass_dead, self.partition.dead = self.partition.dead, []

    def _slice(self, share: int, least: int) -> dict[bytes, Record]:
        most = max(1, SLICE // share, least)
        dirty, brief, todo = self.partition.processor.dirty, self.partition.processor.brief, self._pass or []
        records: dict[bytes, Record] = {}
        while todo and len(records) < most:
            key = todo.pop()
            record = dirty.pop(key, None)
            brief.pop(key, None)
            if record is not None:
                records[key] = record
        return records

    def _write(self, records: Mapping[bytes, Record]) -> list[Out]:
        epoch, written = self.epoch, self._written
        outs = []
        for key, record in records.items():
            value = encode(record, epoch)
            record.size = len(value)
            written[key] = value
            if record.outbox:
                self._speaking.append((key, record, record.out_seq))
            outs.append(Out(key, value))
        return outs

    def landed(self, end: int, between: Sequence[tuple[bytes, int]]) -> list[Leaving]:
        """The round landed, its last record before `end`; `between` are key and offset of what others wrote in between.

        Gives what may leave. Raises Fenced where a marker is among `between`; then nothing of the round may.
        """
        if any(foreign(key) for key, _ in between):
            raise Fenced(f"partition {self.partition.number}: another owner began before offset {end}")
        self.heal([key for key, _ in between])
        self.expected = end
        speaking, self._speaking = self._speaking, []
        leaving = [Leaving(key, record, entry) for key, record, upto in speaking for entry in record.to_hand(upto)]
        self._settle(end, between)
        if self._in_flight is not None:
            self._last = self.durable = self._in_flight
            self._in_flight = None
        return leaving

    def _settle(self, end: int, between: Sequence[tuple[bytes, int]]) -> None:
        """The store takes what is proven, in one step with how far that is."""
        store = self.partition.processor.store
        mark = store.mark
        mark.offset = end
        if self._in_flight is not None:
            mark.positions, mark.positions_offset = self._in_flight, end - 1
        if mark.ignored or between:
            mark.ignored = [key for key in mark.ignored if key not in self._written]
            mark.meet(between)
        written, self._written = self._written, {}
        store.settle(written, mark)
        brief, self._brief = self._brief, ()
        store.trim(self._busy, brief)

    def _busy(self, key: bytes, record: Record) -> bool:
        processor = self.partition.processor
        return bool(record.outbox) or key in processor.dirty or key in processor.urgent or key in self._written

    def published(self, key: bytes, record: Record, upto: int) -> None:
        """Publication acknowledged the record's entries up to `upto`: they go, and it is written again in a while."""
        gone = record.published(upto)
        processor = self.partition.processor
        processor.unpublished -= len(gone)
        processor.unpublished_bytes -= sum([len(entry.value) for entry in gone])
        processor.change(key, record)

"""The order of play: each record is asked whose it is and when it happened, then all are brought into order."""

import heapq
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from operator import attrgetter
from typing import NamedTuple
from zlib import crc32

import msgspec

from streams.backtest.passed import EVERY_SHARD, NO_TIME, Passed, Source
from streams.backtest.rejects import Rejects
from streams.touchpoints.decoder import Decoder, Rejected
from streams.touchpoints.ids import EVERYONE
from streams.touchpoints.instants import AHEAD_MS, instant_ms
from streams.touchpoints.record import RefusalError
from streams.touchpoints.wire import DECODE_FAULTS

NEVER = 1 << 62
_SLOWLY = (*DECODE_FAULTS, RefusalError)


class Range(NamedTuple):
    """Instants (ms): events before `start`, or at `end` or later, are left out; none may name one beyond `horizon`."""

    start: int = 0
    end: int = NEVER
    horizon: int = NEVER


@dataclass
class Ordered:
    """What was met on the way: `late` events came too late to be put into order, the latest by `late_ms`."""

    read: int = 0
    outside: int = 0
    late: int = 0
    late_ms: int = 0
    clock: int = 0
    rejects: Rejects = field(default_factory=Rejects)


class _Who(msgspec.Struct, gc=False):
    """As little of a touchpoint as tells whose and when: the other fields are passed over, not decoded."""

    customer: str
    occurred_at: str | int | None = None
    specversion: msgspec.Raw | None = None


_who = msgspec.json.Decoder(_Who).decode


def in_play(sources: Sequence[Source], shards: int, window: int, span: Range, met: Ordered) -> Iterator[Passed]:
    """The events of all sources by instant, numbered in this order, those of one instant as they stand.

    Within a source an event that stands up to `window` records too late is put where it belongs. One that stands later
    than that is played when it comes, at the instant that the play has reached, which is its `clock`.
    """
    each = [_sorted(_Asked(source, shards, span, met), window) for source in sources]
    merged = each[0] if len(each) == 1 else heapq.merge(*each, key=attrgetter("at"))
    for offset, passed in enumerate(merged):
        passed.offset = offset
        if passed.at >= met.clock:
            met.clock = passed.at
        else:
            passed.clock = met.clock
            met.late += 1
            met.late_ms = max(met.late_ms, met.clock - passed.at)
        yield passed


def _sorted(found: Iterable[Passed], window: int) -> Iterator[Passed]:
    held: list[Passed] = []
    by_instant = attrgetter("at")
    for passed in found:
        held.append(passed)
        if len(held) >= 2 * window:
            held.sort(key=by_instant)
            yield from held[:window]
            del held[:window]
    held.sort(key=by_instant)
    yield from held


class _Asked:
    """The records of a source with `at`, `timestamp` and `shard` filled in; what is no event is counted and left out.

    An event that names no instant happened when it was appended, and in a file at the instant of the one before it.
    """

    def __init__(self, source: Source, shards: int, span: Range, met: Ordered) -> None:
        self._source = source
        self._shards = shards
        self._span = span
        self._met = met
        self._last_at = NO_TIME
        self._decoder = Decoder(source.name, "web", lambda: 0)

    def __iter__(self) -> Iterator[Passed]:
        met, shards, (start, end, horizon) = self._met, self._shards, self._span
        for passed in self._source:
            met.read += 1
            try:
                customer, at = self._quickly(passed)
                if at > horizon:
                    raise RefusalError("bad_instant", f"occurred_at is {at}, which lies in the future; say --until")
            except RefusalError as refusal:
                met.rejects.add(met.read, refusal.code, f"{passed.place}: {refusal}")
                continue
            self._last_at = passed.at = at
            if passed.timestamp == NO_TIME:
                passed.timestamp = at
                if not start <= at < end:
                    met.outside += 1
                    continue
            if customer == EVERYONE:
                passed.shard = EVERY_SHARD
            elif shards > 1:
                passed.shard = crc32(customer.encode()) % shards
            yield passed

    def _quickly(self, passed: Passed) -> tuple[str, int]:
        """Whose, and when in ms; most records need no more than a glance. Raises RefusalError."""
        value = passed.value
        if value and not passed.headers:
            try:
                who = _who(value)
                if who.specversion is None and who.occurred_at is not None and who.customer not in ("", EVERYONE):
                    named = who.occurred_at
                    at = named if type(named) is int and named >= 0 else instant_ms(named, "occurred_at")
                    late = passed.timestamp != NO_TIME and at > passed.timestamp + AHEAD_MS
                    return who.customer, passed.timestamp if late else at
            except _SLOWLY:
                pass  # The whole decoder says what it is, or what is wrong.
        return self._slowly(passed)

    def _slowly(self, passed: Passed) -> tuple[str, int]:
        found = self._decoder.decode(msgspec.structs.replace(passed, timestamp=NEVER))
        if isinstance(found, Rejected):
            raise RefusalError(found.code, found.reason.partition(": ")[2])
        if found.timed:
            late = passed.timestamp != NO_TIME and found.occurred_at > passed.timestamp + AHEAD_MS
            return found.customer, passed.timestamp if late else found.occurred_at
        at = passed.timestamp if passed.timestamp != NO_TIME else self._last_at
        if at == NO_TIME:
            raise RefusalError("bad_instant", "occurred_at is missing, and no event before it has one; send it")
        return found.customer, at

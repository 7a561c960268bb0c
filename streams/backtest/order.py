"""The order of play: each record is asked whose it is and when it happened, then all are brought into order."""

import heapq
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from operator import attrgetter
from typing import NamedTuple
from zlib import crc32

from streams.backtest.passed import EVERY_SHARD, NO_TIME, Passed, Source
from streams.backtest.rejects import Rejects
from streams.touchpoints.decoder import Decoder, Rejected
from streams.touchpoints.ids import EVERYONE
from streams.touchpoints.reserved import MODELS

NEVER = 1 << 62


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


def in_play(
    sources: Sequence[Source], shards: int, window: int, span: Range, met: Ordered, heard: frozenset[str]
) -> Iterator[Passed]:
    """The events of all sources by instant, numbered in this order, those of one instant as they stand.

    Those of a type that is not `heard` are marked as idle.

    Within a source an event that stands up to `window` records too late is put where it belongs. One that stands later
    than that is played when it comes, at the instant that the play has reached, which is its `clock`.
    """
    each = [_sorted(_Asked(source, shards, span, met, heard | MODELS.keys()), window) for source in sources]
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

    def __init__(self, source: Source, shards: int, span: Range, met: Ordered, heard: frozenset[str]) -> None:
        self._source = source
        self._shards = shards
        self._span = span
        self._met = met
        self._heard = heard
        self._last_at = NO_TIME

    def __iter__(self) -> Iterator[Passed]:
        met, shards, heard, (start, end, horizon) = self._met, self._shards, self._heard, self._span
        decode = Decoder(self._source.name, "web", lambda: 0).decode
        for passed in self._source:
            met.read += 1
            unstamped = passed.timestamp == NO_TIME
            if unstamped:
                passed.timestamp = NEVER
            event = decode(passed)
            if isinstance(event, Rejected):
                met.rejects.add(met.read, event.code, f"{passed.place}: {event.reason.partition(': ')[2]}")
                continue
            at = event.occurred_at if event.timed else self._last_at if unstamped else passed.timestamp
            if fault := _unplayable(at, horizon):
                met.rejects.add(met.read, "bad_instant", f"{passed.place}: {fault}")
                continue
            self._last_at = passed.at = at
            if unstamped:
                passed.timestamp = at
                if not start <= at < end:
                    met.outside += 1
                    continue
            passed.customer = event.customer
            if event.customer == EVERYONE:
                passed.shard = EVERY_SHARD
                yield passed
                continue
            if shards > 1:
                passed.shard = crc32(event.customer.encode()) % shards
            if event.type not in heard and event.named and event.timed and not event.identifiers:
                passed.idle, passed.value = event.id, None
            yield passed


def _unplayable(at: int, horizon: int) -> str:
    """Why an event of this instant cannot be played, empty where it can."""
    if at == NO_TIME:
        return "occurred_at is missing, and no event before it has one; send it"
    return f"occurred_at is {at}, which lies in the future; say --until" if at > horizon else ""

"""What the worker tells its metrics and its watchdog, per batch."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence

import msgspec

from state.record import Entry
from streams.metrics.metrics import Metrics
from streams.metrics.watchdog import Watchdog
from streams.partition import Partition
from streams.processor import Counts
from streams.touchpoints.decoder import Counts as Passed


class _Caused(msgspec.Struct):
    cause: str = ""


_caused = msgspec.json.Decoder(_Caused).decode


class WorkerObserver:
    """Turns what the worker's rooms report into metrics, and its progress into the watchdog's."""

    def __init__(self, metrics: Metrics, watchdog: Watchdog, now_ms: Callable[[], int]) -> None:
        self._metrics = metrics
        self._watchdog = watchdog
        self._now_ms = now_ms
        self._inputs = 0
        self._seconds = 0.0
        self._offsets: dict[int, Mapping[str, int]] = {}

    def published(self, published: Sequence[tuple[Entry, int]], now_ms: int) -> None:
        """These outputs, proven each at its instant (ms), were acknowledged by the broker at `now_ms`."""
        self._watchdog.progressed(now_ms)
        counts: dict[tuple[str, str], int] = defaultdict(int)
        caused: dict[tuple[str, str], list[tuple[Entry, int]]] = defaultdict(list)
        for entry, proven_at in published:
            if not entry.journey:
                continue
            label = (entry.journey, entry.channel)
            counts[label] += 1
            if entry.received_at:
                caused[label].append((entry, proven_at))
        for (journey, channel), count in counts.items():
            self._metrics.actions(journey, channel, count)
        for (journey, channel), found in caused.items():
            self._acknowledged(journey, channel, found, now_ms)

    def _acknowledged(self, journey: str, channel: str, found: Sequence[tuple[Entry, int]], now_ms: int) -> None:
        """The latencies of actions that an event caused, whole and in parts."""
        latencies = [_seconds(now_ms - entry.received_at) for entry, _ in found]
        slowest = latencies.index(max(latencies))
        self._metrics.action_acknowledged(journey, channel, latencies, _cause(found[slowest][0]))
        self._metrics.action_parts("fetch", [_seconds(entry.queued_at - entry.received_at) for entry, _ in found])
        self._metrics.action_parts("proof", [_seconds(proven_at - entry.queued_at) for entry, proven_at in found])
        self._metrics.action_parts("publish", [_seconds(now_ms - proven_at) for _, proven_at in found])

    def dead_lettered(self, count: int) -> None:
        """So many records went to dead-letter topics."""
        self._metrics.dead_letters("rejected", count)

    def stepped(self, partitions: Iterable[Partition]) -> None:
        """Inputs were applied: takes over and resets the counts of each partition."""
        self._watchdog.progressed(self._now_ms())
        self._metrics.applied(self._inputs, self._seconds)
        self._inputs, self._seconds = 0, 0.0
        for partition in partitions:
            processor = partition.processor
            counts, processor.counts = processor.counts, Counts()
            self._metrics.decisions(counts.decisions)
            self._metrics.held_proposals(counts.held)
            self._metrics.duplicates(counts.duplicates)
            self._metrics.linked_identities(counts.identities)
            self._metrics.repeated_inputs(counts.repeated)
            self._metrics.forwards(counts.forwards)
            if counts.faults:
                self._metrics.dead_letters("undecided", counts.faults)
            self._metrics.outbox(partition.number, processor.unpublished)
            self._decoded(partition)
            self._fanned_out(partition)
            refusals, processor.refusals = processor.refusals, {}
            for code, count in refusals.items():
                self._metrics.refusals(code, count)
            errors, processor.errors = processor.errors, {}
            for (journey, code), count in errors.items():
                self._metrics.errors(journey, code, count)
            if partition.lateness:
                lateness, partition.lateness = partition.lateness, []
                self._metrics.timers_fired([max(0, ms) / 1000 for ms in lateness])

    def _fanned_out(self, partition: Partition) -> None:
        fanouts = partition.fanouts
        for type_, count in fanouts.met.items():
            self._metrics.fanned_out(type_, count)
        fanouts.met.clear()
        if fanouts.skipped:
            self._metrics.runs_skipped(fanouts.skipped)
            fanouts.skipped = 0

    def _decoded(self, partition: Partition) -> None:
        for channel, count in partition.events.items():
            self._metrics.events(channel, count)
        partition.events.clear()
        for decoder in partition.decoders.values():
            counts, decoder.counts = decoder.counts, Passed()
            self._metrics.clamped_instants(counts.clamped_future)
            self._metrics.unnamed_events(counts.no_id)
            self._metrics.extra_fields(counts.extras)

    def proven(self, number: int, offsets: Mapping[str, int]) -> None:
        """The positions of a partition are durable. Those that an idle owner writes again are no progress."""
        if offsets != self._offsets.get(number):
            self._watchdog.progressed(self._now_ms())
        self._offsets[number] = offsets
        self._metrics.committed(number)

    def fenced(self) -> None:
        """An epoch ended by another owner."""
        self._metrics.fenced()

    def taken(self, number: int, seconds: float, records: int, heals: int) -> None:
        """A partition was taken over."""
        self._metrics.taken_over(seconds, records)
        self._metrics.heals(heals)
        self._metrics.committed(number)

    def applied(self, inputs: int, seconds: float) -> None:
        """Inputs were applied, and that took so long; told with the next `stepped`."""
        self._inputs += inputs
        self._seconds += seconds

    def rebalanced(self) -> None:
        """The group gave partitions anew."""
        self._metrics.rebalanced()

    def recovering(self, number: int, records: int) -> None:
        """A take-over still has to read so many records."""
        self._metrics.recovering(number, records)

    def left(self, number: int) -> None:
        """A partition is not ours any more."""
        self._metrics.partition_left(number)


def _seconds(ms: int) -> float:
    """Never below 0, since the clocks of broker and process differ by a little."""
    return ms / 1000 if ms > 0 else 0.0


def _cause(entry: Entry) -> str:
    """The id of the trace that says why this action was decided."""
    return _caused(entry.value).cause

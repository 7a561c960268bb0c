"""What the worker tells its metrics and its watchdog, per batch."""

from collections import defaultdict
from collections.abc import Callable, Iterable

from state.record import Entry
from streams.metrics.metrics import Metrics
from streams.metrics.watchdog import Watchdog
from streams.partition import Partition
from streams.processor import Counts
from streams.touchpoints.decoder import Counts as Passed


class WorkerObserver:
    """Turns what the worker's rooms report into metrics, and its progress into the watchdog's."""

    def __init__(self, metrics: Metrics, watchdog: Watchdog, now_ms: Callable[[], int]) -> None:
        self._metrics = metrics
        self._watchdog = watchdog
        self._now_ms = now_ms

    def published(self, entries: list[Entry], now_ms: int) -> None:
        """These outputs were acknowledged by the broker at `now_ms`."""
        self._watchdog.progressed(now_ms)
        counts: dict[tuple[str, str], int] = defaultdict(int)
        latencies: dict[tuple[str, str], list[float]] = defaultdict(list)
        for entry in entries:
            if not entry.journey:
                continue
            label = (entry.journey, entry.channel)
            counts[label] += 1
            if entry.received_at:
                latencies[label].append(max(0, now_ms - entry.received_at) / 1000)
        for (journey, channel), count in counts.items():
            self._metrics.actions(journey, channel, count)
        for (journey, channel), seconds in latencies.items():
            self._metrics.action_acknowledged(journey, channel, seconds)

    def dead_lettered(self, count: int) -> None:
        """So many records went to dead-letter topics."""
        self._metrics.dead_letters("rejected", count)

    def stepped(self, partitions: Iterable[Partition]) -> None:
        """Inputs were applied: takes over and resets the counts of each partition."""
        self._watchdog.progressed(self._now_ms())
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
            refusals, processor.refusals = processor.refusals, {}
            for code, count in refusals.items():
                self._metrics.refusals(code, count)
            if partition.lateness:
                lateness, partition.lateness = partition.lateness, []
                self._metrics.timers_fired([max(0, ms) / 1000 for ms in lateness])

    def _decoded(self, partition: Partition) -> None:
        for channel, count in partition.events.items():
            self._metrics.events(channel, count)
        partition.events.clear()
        for decoder in partition.decoders.values():
            counts, decoder.counts = decoder.counts, Passed()
            self._metrics.clamped_instants(counts.clamped_future)
            self._metrics.unnamed_events(counts.no_id)
            self._metrics.extra_fields(counts.extras)

    def proven(self, number: int) -> None:
        """The positions of a partition are durable."""
        self._watchdog.progressed(self._now_ms())
        self._metrics.committed(number)

    def fenced(self) -> None:
        """An epoch ended by another owner."""
        self._metrics.fenced()

    def taken(self, number: int, seconds: float, records: int, heals: int) -> None:
        """A partition was taken over."""
        self._metrics.taken_over(seconds, records)
        self._metrics.heals(heals)
        self._metrics.committed(number)

    def left(self, number: int) -> None:
        """A partition is not ours any more."""
        self._metrics.partition_left(number)

"""The floor: the worker as it ships, with the fixed work in the place of the engine."""

import asyncio
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AsyncExitStack
from typing import Any

from prometheus_client import CollectorRegistry

from bench.floor.gauge import Gauge, now, rss_mb
from bench.floor.part import Asked, Tell, play
from bench.floor.run import Run
from bench.floor.work import decide
from state.record import Entry
from streams.broker.assigned import AssignedSource, JoinedSource
from streams.broker.source import Source, Spot
from streams.faust.app import Group
from streams.metrics.gauges import look
from streams.metrics.metrics import Metrics
from streams.metrics.observer import WorkerObserver
from streams.metrics.watchdog import Watchdog
from streams.partition import Partition
from streams.process import PATIENCE_MS, find_inputs, freeze_restored, until
from streams.processor import Decide
from streams.touchpoints.record import Record
from streams.worker import Worker, wall_ms

READY_TICK_SECONDS = 0.01
TOLD_SECONDS = 0.5


class Observer(WorkerObserver):
    """The worker's own observer, which also tells the gauge."""

    def __init__(self, metrics: Metrics, watchdog: Watchdog, gauge: Gauge) -> None:
        super().__init__(metrics, watchdog, wall_ms)
        self.lateness: list[int] = []
        self.last_fired_at = 0.0
        self._gauge = gauge

    def published(self, published: Sequence[tuple[Entry, int]], now_ms: int) -> None:
        super().published(published, now_ms)
        self._gauge.published(sum(entry.topic == "actions" for entry, _ in published))

    def stepped(self, partitions: Iterable[Partition]) -> None:
        found = list(partitions)
        for partition in found:
            if partition.lateness:
                self.lateness += partition.lateness
                self.last_fired_at = time.time()
        super().stepped(found)


class GatedSource(JoinedSource):
    """The worker's own source, which also tells the gauge, and opens nothing before `go`.

    So no partition works off its backlog while others still read their changelogs.
    """

    def __init__(self, first: Source, other: Source, topics: Iterable[str], gauge: Gauge) -> None:
        super().__init__(first, other, topics)
        self.gauge = gauge
        self._waiting: dict[Spot, int] | None = {}

    def go(self) -> None:
        """Opens what waits, and from now on everything at once."""
        waiting, self._waiting = self._waiting, None
        self.open(waiting or {})

    def open(self, starts: Mapping[Spot, int]) -> None:
        if self._waiting is not None:
            self._waiting.update(starts)
            return
        self.gauge.opened(_touchpoints(starts))
        super().open(starts)

    def close(self, spots: Iterable[Spot]) -> None:
        found = list(spots)
        for spot in found:
            if self._waiting is not None:
                self._waiting.pop(spot, None)
        super().close(found)

    def commit(self, offsets: Mapping[Spot, int]) -> None:
        super().commit(offsets)
        self.gauge.durable(_touchpoints(offsets))


def _touchpoints(offsets: Mapping[Spot, int]) -> dict[Spot, int]:
    """Of the events' topics alone: forwards and ticks are no events of the run."""
    return {spot: at for spot, at in offsets.items() if spot[0].rpartition(".")[2] not in ("rekeyed", "ticks")}


class Floor:
    """One worker with its group, and what is known of it."""

    def __init__(self, run: Run, tell: Tell, decide: Decide) -> None:
        self.gauge = Gauge(run)
        self._run = run
        self._tell = tell
        self._decide = decide
        self._given: tuple[float, float] | None = None

    async def work(self, asked: Asked) -> None:
        """Works until all is durable, or asked to stop; then leaves cleanly."""
        settings = self._run.settings()
        metrics, watchdog = Metrics(CollectorRegistry()), Watchdog(PATIENCE_MS, wall_ms())
        self.observer = Observer(metrics, watchdog, self.gauge)
        inputs = await find_inputs(settings)
        worker = self.worker = Worker(settings, inputs, self._decide, self.observer)
        group = Group(settings, "worker", inputs.co_partitioned, self._offer, self._assigned, worker.pause)
        beside = AssignedSource(settings.brokers, self._offer)
        self._source = worker.source = GatedSource(group.source, beside, inputs.beside, self.gauge)

        async def leave() -> None:
            await worker.stop()
            await group.commit()

        async with AsyncExitStack() as stack:
            stack.push_async_callback(beside.stop)
            await beside.start()
            looking = look(worker, metrics, watchdog, wall_ms)
            works = [worker.run(), group.run(), beside.run(), looking, freeze_restored(worker), self._report(asked)]
            await until(asked.stop, works, leave)

    def figures(self) -> dict[str, Any]:
        """All that was measured."""
        lateness = sorted(self.observer.lateness)
        timers = {
            "timers_fired": len(lateness),
            "timer_lateness_p99_ms": lateness[int(len(lateness) * 0.99)] if lateness else 0,
            "timer_lateness_most_ms": lateness[-1] if lateness else 0,
            "last_fired_at": self.observer.last_fired_at,
        }
        return {**self.gauge.figures(), **(timers if lateness else {})}

    def _offer(self, topic: str, partition: int, rows: Sequence[Record]) -> None:
        self.gauge.taken(len(rows))
        self.worker.offer(topic, partition, rows)

    def _assigned(self, numbers: Iterable[int]) -> None:
        self._given = self._given or now()
        self.worker.assigned(numbers)

    async def _report(self, asked: Asked) -> None:
        """Tells when all partitions are taken over, waits to go, tells the progress, and stops when all is done."""
        self._tell("started", rss_mb=rss_mb())
        while self._given is None or not (self.worker.ready and self.worker.partitions):
            await asyncio.sleep(READY_TICK_SECONDS)
        wall, cpu = now()
        taken = {"seconds": wall - self._given[0], "cpu_seconds": cpu - self._given[1]}
        self._tell("ready", **taken, rss_mb=rss_mb(), partitions=len(self.worker.partitions))
        telling = asyncio.create_task(self._progress())
        await asked.go.wait()
        self._source.go()
        await self.gauge.done.wait()
        telling.cancel()
        asked.stop.set()

    async def _progress(self) -> None:
        while True:
            fired, owned = len(self.observer.lateness), len(self.worker.partitions)
            self._tell("progress", events=self.gauge.events, timers=fired, partitions=owned)
            await asyncio.sleep(TOLD_SECONDS)


async def work(run: Run, tell: Tell, asked: Asked) -> None:
    """The floor with the fixed work."""
    floor = Floor(run, tell, decide)
    await floor.work(asked)
    tell("result", **floor.figures())


if __name__ == "__main__":
    play(work)

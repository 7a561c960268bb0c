"""What is looked at once a second: lag of every input, outboxes, and what the watchdog has to say."""

import asyncio
from collections.abc import Callable

from streams.metrics.metrics import Metrics
from streams.metrics.watchdog import Watchdog
from streams.worker import Worker

LOOK_SECONDS = 1.0


class ProcessEnded(Exception):
    """The process ends itself; the message is the reason."""


async def look(worker: Worker, metrics: Metrics, watchdog: Watchdog, now_ms: Callable[[], int]) -> None:
    """Sets the gauges once a second, until cancelled. Raises ProcessEnded with the watchdog's verdict."""
    while True:
        await asyncio.sleep(LOOK_SECONDS)
        now = now_ms()
        waiting = 0
        oldest = worker.session.oldest_leaving_at if worker.session is not None else None
        metrics.publication_age(0.0 if oldest is None else max(0, now - oldest) / 1000)
        metrics.fanouts(sum(partition.fanouts.active for partition in worker.partitions.values()))
        for partition in worker.partitions.values():
            processor = partition.processor
            overdue, late_ms = partition.overdue()
            metrics.timers(partition.number, len(processor.timers), overdue, late_ms / 1000)
            metrics.state(partition.number, processor.store.about())
            metrics.unwritten(partition.number, processor.unwritten)
            for lane in partition.lanes.values():
                head = lane.head
                seconds = max(0, now - head.timestamp) / 1000 if head is not None else 0.0
                metrics.lag(lane.name, lane.partition, len(lane), seconds)
                waiting += len(lane)
        if not worker.ready:
            watchdog.progressed(now)
        elif waiting and not await worker.broker_answers():
            watchdog.broker(answers=False, at=now)
        else:
            watchdog.broker(answers=True, at=now)
        watchdog.lagging(waiting, now)
        reason = watchdog.verdict(now)
        if reason:
            raise ProcessEnded(reason)

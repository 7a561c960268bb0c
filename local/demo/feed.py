"""Publishes touchpoints in order at a steady rate, in one batch a slice and partition; and the last tick."""

import asyncio
import time
from collections import defaultdict
from collections.abc import Sequence

from local.demo.progress import Progress
from local.demo.touchpoints import Sent, clock_record
from streams.broker.publish import Out, Publisher
from streams.settings import Settings

SLICE_SECONDS = 0.1


async def feed(
    publisher: Publisher,
    settings: Settings,
    given: Sequence[Sent],
    progress: Progress,
    rate: float,
) -> None:
    """Publishes `given` at `rate` touchpoints a second.

    A slice is acknowledged before the next is sent, so each partition keeps its order. Raises PublishError.
    """
    topic = settings.topic("touchpoints.web")
    size = max(1, int(rate * SLICE_SECONDS))
    began = time.monotonic()
    for start in range(0, len(given), size):
        part = given[start : start + size]
        await _append(publisher, topic, part)
        progress.published += len(part)
        progress.instant_at = part[-1].at
        ahead = progress.published / rate - (time.monotonic() - began)
        await asyncio.sleep(max(0.0, ahead))


async def tick(publisher: Publisher, settings: Settings, at: int) -> None:
    """Brings the clock of every partition to `at` (ms). Raises PublishError."""
    topic = settings.topic("ticks")
    record = [clock_record(at)]
    await asyncio.gather(*(publisher.append(topic, partition, record) for partition in range(settings.partitions)))


async def _append(publisher: Publisher, topic: str, part: Sequence[Sent]) -> None:
    batches: dict[int, list[Out]] = defaultdict(list)
    for touchpoint in part:
        batches[touchpoint.partition].append(touchpoint.out)
    await asyncio.gather(*(publisher.append(topic, partition, batch) for partition, batch in batches.items()))

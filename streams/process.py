"""A worker as a process: its definitions, its group, its metrics, from the start to a clean end."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from typing import Any

from prometheus_client import CollectorRegistry

from streams.assigned import AssignedSource, JoinedSource
from streams.definitions import Definitions
from streams.faust.app import Group
from streams.gauges import look
from streams.inputs import Inputs
from streams.metrics import Metrics, serve
from streams.observer import WorkerObserver
from streams.publish import KafkaPublisher
from streams.settings import Settings
from streams.topics import topic_ids, touchpoint_topics
from streams.watchdog import Watchdog
from streams.worker import Worker, wall_ms

log = logging.getLogger("sillage.process")

PATIENCE_MS = 60_000


async def find_inputs(settings: Settings) -> Inputs:
    """The input topics as they are now. Raises TopicsError where they are not migrated."""
    counts = await asyncio.to_thread(touchpoint_topics, settings)
    ids = await asyncio.to_thread(topic_ids, settings)
    own = {settings.topic(name): settings.partitions for name in ("touchpoints.rekeyed", "ticks")}
    return Inputs(settings, {**counts, **own}, ids)


async def run_worker(settings: Settings, stop: asyncio.Event) -> None:
    """Runs a worker until `stop` is set; then drains, commits and leaves. Raises what ended it otherwise."""
    registry = CollectorRegistry()
    metrics = Metrics(registry)
    page = serve(registry, settings.metrics_port)
    watchdog = Watchdog(PATIENCE_MS, wall_ms())
    publisher = KafkaPublisher(settings.kafka, client_id=f"{settings.prefix}-definitions")
    await publisher.start()
    definitions = Definitions(settings, publisher, metrics)
    try:
        await definitions.start()
        inputs = await find_inputs(settings)
        observer = WorkerObserver(metrics, watchdog, wall_ms)
        worker = Worker(settings, inputs, lambda: definitions.catalog, observer)
        others = AssignedSource(settings.kafka, worker.offer)
        await others.start()
        try:
            group = Group(settings, "worker", inputs.co_partitioned, worker.offer, worker.assigned, worker.pause)

            async def leave() -> None:
                await worker.stop()
                await group.commit()

            worker.source = JoinedSource(group.source, others, inputs.others)
            log.info("worker %s: reads %d topics of %d partitions", settings.prefix, len(inputs.co_partitioned),
                     settings.partitions)  # fmt: skip
            await until(
                stop,
                [worker.run(), group.run(), others.run(), look(worker, metrics, watchdog, wall_ms)],
                leave,
            )
        finally:
            await others.stop()
    finally:
        await definitions.stop()
        await publisher.stop()
        if page is not None:
            page.close()


async def until(
    stop: asyncio.Event, works: Iterable[Coroutine[Any, Any, None]], leave: Callable[[], Awaitable[None]]
) -> None:
    """Runs `works` until `stop` is set or one of them ends; on `stop`, `leave` comes before they are cancelled.

    Raises what ended a work.
    """
    tasks = [asyncio.create_task(work) for work in works]
    stopping = asyncio.create_task(stop.wait())
    try:
        done, _ = await asyncio.wait([stopping, *tasks], return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
        await leave()
    finally:
        for task in (stopping, *tasks):
            task.cancel()
        await asyncio.gather(stopping, *tasks, return_exceptions=True)

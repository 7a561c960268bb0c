"""Worker and dispatcher as processes: definitions, group, metrics, from the start to a clean end."""

import asyncio
import gc
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

from aiokafka.errors import KafkaError
from prometheus_client import CollectorRegistry

from state.redis_ledger import RedisLedger
from state.redis_rates import RedisRates
from streams.broker.assigned import AssignedSource, JoinedSource
from streams.broker.publish import KafkaPublisher, Publisher, PublishError
from streams.broker.quiet import quiet
from streams.broker.topics import topic_ids, touchpoint_topics
from streams.budgets.running import Budgets
from streams.calls.running import Calls
from streams.context.follower import Surroundings
from streams.definitions.follower import Definitions
from streams.dispatch.ahead import Ahead, note_of
from streams.dispatch.book import Book, Note, dispatches_log
from streams.dispatch.channels import channels_of, limits_of
from streams.dispatch.desk import Desk
from streams.dispatch.dispatcher import Dispatcher
from streams.dispatch.parking import Parking
from streams.faust.app import Group
from streams.inputs import Inputs
from streams.links.links import links_of
from streams.loop import loop_factory
from streams.metrics.gauges import look
from streams.metrics.metrics import Metrics
from streams.metrics.observer import WorkerObserver
from streams.metrics.page import Page
from streams.metrics.watchdog import Watchdog
from streams.observing.traces import traces_of
from streams.processor import deciding
from streams.redis_access import redis_options, refuse_redis
from streams.settings import Settings
from streams.touchpoints.deadletters import dead_letter
from streams.touchpoints.record import Record
from streams.worker import FAILED_SESSIONS, Worker, wall_ms

log = logging.getLogger("sillage.process")

GARBAGE_THRESHOLDS = (200_000, 500, 10)
"""Nearly nothing here is cyclic, and most of what is looked at is customers: among the young once they are many, which
takes some ms (at a tenth of that a tenth of the CPU went there), and hardly ever among all, which takes seconds."""

PATIENCE_MS = 60_000
LOOK_READY_SECONDS = 1.0
AGAIN_SECONDS = 1.0
"""How long a dispatcher rests between two sessions."""


def run(work: Coroutine[Any, Any, None]) -> None:
    """Runs a process's work on the fastest event loop that this machine has."""
    gc.set_threshold(*GARBAGE_THRESHOLDS)
    with asyncio.Runner(loop_factory=loop_factory()) as runner:
        runner.run(work)


async def find_inputs(settings: Settings) -> Inputs:
    """The input topics as they are now. Raises TopicsError where they are not migrated."""
    counts = await asyncio.to_thread(touchpoint_topics, settings)
    ids = await asyncio.to_thread(topic_ids, settings)
    own = {settings.topic(name): settings.partitions for name in ("touchpoints.rekeyed", "ticks")}
    return Inputs(settings, {**counts, **own}, ids)


class Shared:
    """What every process holds: metrics and their page, traces where they are on, a publisher, the definitions."""

    def __init__(self, settings: Settings, role: str) -> None:
        registry = CollectorRegistry()
        self.metrics = Metrics(registry)
        self.traces = traces_of(settings, role)
        self._page = Page(registry, settings.metrics_port, settings.metrics_host) if settings.metrics_port else None
        self.publisher = KafkaPublisher(settings.brokers, client_id=f"{settings.prefix}-{role}")
        self.definitions = Definitions(settings, self.publisher, self.metrics)
        self._quiet = quiet(role, settings.kafka, self.publisher.broker_answers)
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> "Shared":
        async with AsyncExitStack() as stack:
            if self._page is not None:
                stack.callback(self._page.close)
            if self.traces is not None:
                stack.push_async_callback(asyncio.to_thread, self.traces.close)
            stack.push_async_callback(self.publisher.stop)
            await self.publisher.start()
            await stack.enter_async_context(self._quiet)
            stack.push_async_callback(self.definitions.stop)
            await self.definitions.start()
            self._stack = stack.pop_all()
        return self

    async def __aexit__(self, *_fault: object) -> None:
        await self._stack.aclose()

    def ready_once(self, condition: Callable[[], bool], otherwise: str) -> None:
        """The process is ready while `condition` holds, and says what it waits for otherwise."""
        if self._page is not None:
            self._page.waits_for = lambda: "" if condition() else otherwise

    async def broker_is_there(self, stop: asyncio.Event) -> None:
        """Waits for a broker that is away, however long it takes, or until `stop` is set."""
        while not stop.is_set() and not await self.publisher.broker_answers():
            await asyncio.sleep(0.5)


async def run_worker(settings: Settings, stop: asyncio.Event) -> None:
    """Runs a worker until `stop` is set; then drains, commits and leaves. Raises what ended it otherwise."""
    async with Shared(settings, "worker") as shared:
        inputs = await find_inputs(settings)
        watchdog = Watchdog(PATIENCE_MS, wall_ms())
        observer = WorkerObserver(shared.metrics, watchdog, wall_ms)
        around = Surroundings(settings, shared.publisher, shared.metrics)
        catalog, trace_all = (lambda: shared.definitions.catalog), settings.trace == "all"
        budgets = Budgets(settings, catalog, shared.metrics, wall_ms)
        around.context.budgets = budgets.leases
        decide = deciding(catalog, around.context, trace_all=trace_all, redacting=True)
        worker = Worker(
            settings, inputs, decide, observer, traces=shared.traces, plan=catalog,
            give_back=budgets.leases.give_back,
        )  # fmt: skip
        group = Group(settings, "worker", inputs.co_partitioned, worker.offer, worker.assigned, worker.pause)
        beside = AssignedSource(settings.brokers, worker.offer)
        worker.source = JoinedSource(group.source, beside, inputs.beside)
        shared.ready_once(lambda: worker.ready, "not every partition given is taken over")

        async def leave() -> None:
            await worker.stop()
            await group.commit()
            await budgets.leases.stop()

        try:
            await around.start()
            await beside.start()
            looking = look(worker, shared.metrics, watchdog, wall_ms)
            following = [shared.definitions.until_fault(), around.until_fault(), budgets.leases.run()]
            works = [worker.run(), group.run(), beside.run(), looking, *following, freeze_restored(worker)]
            await until(stop, works, leave)
        finally:
            await beside.stop()
            await around.stop()
            await budgets.close()


async def freeze_restored(worker: Worker) -> None:
    """What was restored stays: a collector that looks through it again and again costs more than all decisions."""
    while True:
        while not worker.ready:
            await asyncio.sleep(LOOK_READY_SECONDS)
        gc.freeze()
        while worker.ready:
            await asyncio.sleep(LOOK_READY_SECONDS)


async def run_dispatcher(settings: Settings, stop: asyncio.Event) -> None:
    """Runs a dispatcher until `stop` is set; then winds up and leaves. Raises what ended it otherwise.

    A write of unknown fate ends its session, and so does a broker that answers nothing for long: it begins anew once
    the broker is there, and the ledger knows what has left.
    """
    failures = 0
    while True:
        began_at = wall_ms()
        try:
            return await _dispatch(settings, stop)
        except (PublishError, KafkaError) as fault:
            failures = failures + 1 if wall_ms() - began_at < PATIENCE_MS else 1
            if stop.is_set() or failures >= FAILED_SESSIONS:
                raise
            log.warning("dispatcher: %s; it begins anew", fault)
        await asyncio.sleep(AGAIN_SECONDS)


async def _dispatch(settings: Settings, stop: asyncio.Event) -> None:
    limits = limits_of(settings)
    channels, links = channels_of(settings, time.time, limits), links_of(settings)
    await refuse_redis(settings.redis_access)
    async with Shared(settings, "dispatcher") as shared:
        ledger = RedisLedger(**redis_options(settings.redis_access), prefix=settings.prefix)
        rates = RedisRates(**redis_options(settings.redis_access), prefix=settings.prefix)
        book = Book(settings, shared.publisher, ledger, wall_ms, dispatches_log(settings), shared.metrics.redis_away)
        ahead: Ahead[Note] = Ahead(settings, settings.topic("actions"), book.note, note_of)
        calls = calls_of(settings, shared)
        try:
            await ahead.start()
            await calls.start()
            async with _parking(settings, ahead) as parking:
                dispatcher = Dispatcher(
                    settings, shared.publisher, book, ahead, channels, shared.definitions.message, wall_ms,
                    dead_letters(settings, shared.publisher, "actions"), shared.metrics, traces=shared.traces,
                    links=links, limits=limits, rates=rates, parking=parking,
                )  # fmt: skip
                desk = Desk(settings.topic("actions"), dispatcher, book, ahead, parking)
                await _carry(settings, stop, shared, desk, calls, parking.topics)
        except (PublishError, KafkaError):
            await shared.broker_is_there(stop)
            raise
        finally:
            await ahead.stop()
            await asyncio.gather(calls.close(), *(channel.close() for channel in channels.values()))
            await asyncio.gather(ledger.close(), rates.close(), *([links.close()] if links else []))


@asynccontextmanager
async def _parking(settings: Settings, ahead: Ahead[Note]) -> AsyncIterator[Parking]:
    """Writes over a connection of its own: one write at a time is under way on each, and no other waits for these."""
    publisher = KafkaPublisher(settings.brokers, client_id=f"{settings.prefix}-parking")
    await publisher.start()
    try:
        parking = Parking(settings, publisher, await ahead.topics())
        if parking.missing:
            told = ", ".join(parking.missing)
            log.warning("%s: not there, so what would wait there waits in memory; run `sillage topics apply`", told)
        yield parking
    finally:
        await publisher.stop()


async def _carry(
    settings: Settings, stop: asyncio.Event, shared: Shared, desk: Desk, calls: Calls, parked: Sequence[str]
) -> None:
    """Joins the group, and works until `stop` is set; actions and what is parked of them have the same owner."""
    topics = [settings.topic("actions"), *parked]
    group = Group(settings, "dispatcher", topics, desk.offer, desk.assigned, desk.pause)
    desk.source = group.source
    shared.ready_once(lambda: desk.ready and calls.ready, "not every partition given is open")

    async def leave() -> None:
        await asyncio.gather(desk.stop(), calls.leave())
        await group.commit()

    await until(stop, [desk.run(), group.run(), *calls.works(), shared.definitions.until_fault()], leave)


def calls_of(settings: Settings, shared: Shared) -> Calls:
    """What makes calls, on what the process holds already."""
    dead = dead_letters(settings, shared.publisher, "calls")
    return Calls(settings, shared.publisher, shared.definitions, wall_ms, dead, shared.metrics)


def dead_letters(settings: Settings, publisher: Publisher, name: str) -> Callable[[Record, str, str], Awaitable[None]]:
    """Puts a record of the topic of this name that is none of its kind among its dead letters."""

    async def bury(record: Record, code: str, reason: str) -> None:
        topic = settings.topic(f"{name}.dead")
        await publisher.append(topic, record.partition, [dead_letter(record, code, reason)])

    return bury


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

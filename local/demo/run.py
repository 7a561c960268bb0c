"""The demo from first to last: whatever it starts is stopped and removed at the end, whatever happens."""

import asyncio
import secrets
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import NamedTuple

from journeys.load import Folder
from local import services
from local.demo.feed import feed, tick
from local.demo.forget import forget
from local.demo.outcome import summary
from local.demo.processes import DemoError, Kept
from local.demo.progress import Progress
from local.demo.touchpoints import Sent, touchpoints
from local.demo.view import View
from local.demo.watch import Watch
from local.mailbox import Mailbox
from local.orders.facts import Orders
from streams.broker import topics
from streams.broker.publish import KafkaPublisher
from streams.definitions.deploy import deploy
from streams.settings import Settings

PROCESSES = ("worker", "dispatcher")
PARTITIONS = 4
RATE = 2_500.0
"""Touchpoints a second: slow enough that latencies are those of a stream and not of a backlog."""
CHECK_SECONDS = 0.5
STALL_SECONDS = 60.0


class Plan(NamedTuple):
    """What to replay, and with what.

    `command` starts a process when a name such as `worker` is added; `data` is the folder of the local services.
    """

    orders: Orders
    definitions: Folder
    command: Sequence[str]
    data: Path
    rate: float = RATE


async def replay(plan: Plan, view: View) -> Progress:
    """Replays the orders through fresh topics and gives what came of them once every message has left.

    Raises DemoError when it cannot go on, LocalError when services do not start.
    """
    given = list(touchpoints(plan.orders, PARTITIONS))
    progress = Progress(total=len(given), customers=len({order.customer for order in plan.orders.orders}))
    with view:
        async with alongside([show(view, progress)]), _house(plan, progress) as settings:
            await _play(plan, settings, given, progress)
        view.end(progress, summary(plan.orders, progress))
    return progress


@asynccontextmanager
async def _house(plan: Plan, progress: Progress) -> AsyncIterator[Settings]:
    """Services, a mailbox, fresh topics and definitions; gone again at the end."""
    async with AsyncExitStack() as stack:
        found = services.status(plan.data)
        if not found or not all(found.values()):
            stack.push_async_callback(asyncio.to_thread, services.down, plan.data)
        running = await asyncio.to_thread(services.up, plan.data)
        progress.notes.append(running.chosen)
        mailbox = stack.enter_context(Mailbox(progress.receive))
        settings = _settings(plan, running, mailbox)
        stack.push_async_callback(forget, settings)
        await asyncio.to_thread(topics.migrate, settings)
        await deploy(settings, plan.definitions, time.time_ns() // 1_000_000, "demo")
        yield settings


def _settings(plan: Plan, running: services.Services, mailbox: Mailbox) -> Settings:
    return Settings.model_validate(
        {
            "kafka": running.kafka,
            "redis": running.redis,
            "smtp": mailbox.url,
            "prefix": f"demo-{secrets.token_hex(4)}",
            "partitions": PARTITIONS,
            "channels": "web,email",
            "clock": "event",
            "start": "earliest",
            "data": plan.data,
        }
    )


async def _play(plan: Plan, settings: Settings, given: Sequence[Sent], progress: Progress) -> None:
    """Worker and dispatcher run while the touchpoints are published, until nothing is left to do."""
    watch = Watch(settings, progress)
    publisher = KafkaPublisher(settings.kafka, client_id="sillage-demo")
    async with AsyncExitStack() as stack:
        logs = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="sillage-demo-")))
        stack.push_async_callback(watch.stop)
        await watch.start()
        stack.push_async_callback(publisher.stop)
        await publisher.start()
        kept = [Kept(name, plan.command, environment(settings), logs, progress) for name in PROCESSES]
        for process in kept:
            stack.push_async_callback(process.stop)
        async with alongside([watch.follow(), *(process.keep() for process in kept)]):
            await until(watch.ready, progress, kept, "the worker takes its partitions")
            progress.phase = "replaying"
            progress.publishing_since = time.monotonic()
            await feed(publisher, settings, given, progress, plan.rate)
            progress.phase = "settling"
            # Kafka gives no order between topics: a tick that is read before the last orders would make them late.
            await until(watch.inputs_durable, progress, kept, "the last order is applied")
            await tick(publisher, settings, plan.orders.ends_at)
            progress.instant_at = plan.orders.ends_at
            await until(watch.settled, progress, kept, "the last message leaves")
            progress.settled_seconds = time.monotonic() - progress.publishing_since
            progress.phase = "clearing away"


async def until(condition: Callable[[], Awaitable[bool]], progress: Progress, kept: Sequence[Kept], what: str) -> None:
    """Waits until `condition` holds. Raises DemoError once nothing at all has changed for a minute."""
    last = progress.signature()
    since = time.monotonic()
    while not await condition():
        if progress.signature() != last:
            last, since = progress.signature(), time.monotonic()
        elif time.monotonic() - since > STALL_SECONDS:
            raise DemoError(
                f"nothing moved for {STALL_SECONDS:.0f} s while waiting until {what}: "
                f"{progress.applied:,} of {progress.total:,} touchpoints applied, {progress.unsettled:,} of "
                f"{len(progress.actions):,} actions not gone\n"
                + "\n".join(f"last lines of the {each.name}:\n{each.tail()}" for each in kept)
            )
        await asyncio.sleep(CHECK_SECONDS)


async def show(view: View, progress: Progress) -> None:
    """Shows the progress again and again, until cancelled."""
    while True:
        view.show(progress)
        await asyncio.sleep(view.interval_seconds)


@asynccontextmanager
async def alongside(work: Iterable[Coroutine[None, None, None]]) -> AsyncIterator[None]:
    """Runs endless `work` beside the body; a fault in any of it ends the body and is raised here."""
    body = asyncio.current_task()
    tasks = [asyncio.ensure_future(each) for each in work]
    faults: list[BaseException] = []

    def ended(task: "asyncio.Task[None]") -> None:
        fault = None if task.cancelled() else task.exception()
        if fault is not None:
            faults.append(fault)
            if body is not None and len(faults) == 1:
                body.cancel()

    for task in tasks:
        task.add_done_callback(ended)
    try:
        yield
    except asyncio.CancelledError:
        if not faults or body is None:
            raise
        body.uncancel()
        raise faults[0] from None
    finally:
        for task in tasks:
            task.remove_done_callback(ended)
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def environment(settings: Settings) -> dict[str, str]:
    """The settings as the environment of a process."""
    return {f"SILLAGE_{name.upper()}": str(value) for name, value in settings.model_dump().items()}

"""The house of a demo: services, topics, definitions and processes, gone again at the end, whatever happens."""

import asyncio
import secrets
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any, Protocol

from pydantic import SecretStr

from journeys.load import Folder
from local.demo.forget import forget
from local.demo.processes import DemoError, Kept
from local.demo.progress import Progress
from local.demo.watch import Watch
from local.loan import Loan
from local.mailbox import Mail, Mailbox
from local.observe import observed
from streams.broker import topics
from streams.broker.publish import KafkaPublisher
from streams.definitions.deploy import deploy
from streams.settings import Settings

PROCESSES = ("worker", "dispatcher")
CHECK_SECONDS = 0.5
STALL_SECONDS = 60.0


class House(Protocol):
    """What both demos are given: `command` starts a process when a name such as `worker` is added; `data` is the
    folder of the local services, and `observe` asks for Prometheus beside the processes.
    """

    @property
    def definitions(self) -> Folder: ...

    @property
    def command(self) -> Sequence[str]: ...

    @property
    def data(self) -> Path: ...

    @property
    def observe(self) -> bool: ...


@asynccontextmanager
async def housed(
    plan: House, name: str, progress: Progress, mailed: Callable[[Mail], None], told: Mapping[str, Any]
) -> AsyncIterator[Settings]:
    """Services, a mailbox, fresh topics and definitions; gives the settings, in event time, with what is `told`.

    `mailed` hears of each e-mail, in the thread of the mailbox.
    """
    async with AsyncExitStack() as stack:
        loan = await asyncio.to_thread(Loan, plan.data)
        stack.push_async_callback(asyncio.to_thread, loan.give_back)
        running = loan.services
        progress.notes.append(running.chosen)
        mailbox = stack.enter_context(Mailbox(mailed))
        settings = Settings.model_validate(
            {
                "kafka": running.kafka,
                "redis": running.redis,
                "smtp": mailbox.url,
                "prefix": f"{name}-{secrets.token_hex(4)}",
                "clock": "event",
                "start": "earliest",
                "data": plan.data,
                **told,
            }
        )
        stack.push_async_callback(forget, settings)
        await asyncio.to_thread(topics.migrate, settings)
        await deploy(settings, plan.definitions, time.time_ns() // 1_000_000, name)
        yield settings


@asynccontextmanager
async def working(
    plan: House, settings: Settings, watch: Watch, progress: Progress, processes: Sequence[str] = PROCESSES
) -> AsyncIterator[tuple[KafkaPublisher, list[Kept]]]:
    """The `processes` run and have their partitions, `watch` follows; gives a publisher, and the processes.

    Raises what ends any of it.
    """
    publisher = KafkaPublisher(settings.brokers, client_id="sillage-demo")
    async with AsyncExitStack() as stack:
        logs = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="sillage-demo-")))
        stack.push_async_callback(watch.stop)
        await watch.start()
        stack.push_async_callback(publisher.stop)
        await publisher.start()
        ports = await stack.enter_async_context(observed(processes, progress.notes)) if plan.observe else {}
        each = [(name, settings.model_copy(update={"metrics_port": ports.get(name, 0)})) for name in processes]
        kept = [Kept(name, plan.command, environment(own), logs, progress) for name, own in each]
        for process in kept:
            stack.push_async_callback(process.stop)
        async with alongside([watch.follow(), *(process.keep() for process in kept)]):
            await until(watch.ready, progress, kept, "the worker takes its partitions")
            yield publisher, kept


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
    return {f"SILLAGE_{name.upper()}": _told(value) for name, value in settings.model_dump().items()}


def _told(value: Any) -> str:
    return value.get_secret_value() if isinstance(value, SecretStr) else str(value)

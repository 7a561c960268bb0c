"""`sillage worker`, `dispatcher`, `learner` and `all`: the processes that decide, send and learn."""

import asyncio
import logging
import os
import signal
from collections.abc import Awaitable, Callable

import click

from cli.errors import CliError, one_line
from cli.settings import load_settings
from streams import process
from streams.broker.topics import migrate
from streams.metrics.gauges import ProcessEnded
from streams.observing.logs import configure, loop_fault, redacted, secrets_of
from streams.process import run_dispatcher, run_worker
from streams.settings import Settings

log = logging.getLogger("sillage")

LEAVE_SECONDS = 12.0
"""How long a process asked to end may take; with Kafka away it would wait for ever."""

Run = Callable[[Settings, asyncio.Event], Awaitable[None]]


@click.command()
@click.option("--clock", type=click.Choice(["wall", "event"]), help="What moves the clocks; SILLAGE_CLOCK.")
@click.option(
    "--from",
    "start",
    type=click.Choice(["latest", "earliest"]),
    help="Where the very first start begins; SILLAGE_START.",
)
def worker(clock: str | None, start: str | None) -> None:
    """Decide: take touchpoints and timers of some partitions, and publish actions and decisions."""
    _run("worker", run_worker, clock=clock, start=start)


@click.command()
def dispatcher() -> None:
    """Send: take actions of some partitions to their channels, each once."""
    _run("dispatcher", run_dispatcher)


@click.command()
@click.option("--clock", type=click.Choice(["wall", "event"]), help="What moves the clocks; SILLAGE_CLOCK.")
def learner(clock: str | None) -> None:
    """Learn what became of what was decided, and publish it as the models that workers ask."""
    # Imported where it runs, as commands are: a worker and a dispatcher start sooner without it.
    from streams.learner.process import run_learner

    _run("learner", run_learner, clock=clock)


@click.command()
def serve() -> None:
    """Answer links of messages, calls of providers and the app's inbox, each where it is set up (docs/messages.md)."""
    from streams.links.process import run_serve

    _run("serve", run_serve)


@click.command("all")
@click.option("--clock", type=click.Choice(["wall", "event"]), help="What moves the clocks; SILLAGE_CLOCK.")
@click.option(
    "--from",
    "start",
    type=click.Choice(["latest", "earliest"]),
    help="Where the very first start begins; SILLAGE_START.",
)
def all_(clock: str | None, start: str | None) -> None:
    """Worker, dispatcher and learner in one process, for small use."""
    _run("worker, dispatcher and learner", _all, clock=clock, start=start)


async def _all(settings: Settings, stop: asyncio.Event) -> None:
    from streams.learner.process import run_learner

    others = settings.model_copy(update={"metrics_port": 0})
    await asyncio.gather(run_worker(settings, stop), run_dispatcher(others, stop), run_learner(others, stop))


def _run(role: str, run: Run, **given: str | None) -> None:
    settings = load_settings(**{name: value for name, value in given.items() if value is not None})
    configure(settings, click.get_current_context().info_name or role)
    for warning in settings.open_secrets():
        log.warning("%s", warning)
    try:
        with one_line():
            process.run(_until_signal(role, run, settings))
    except CliError as reason:
        if settings.log == "json":
            log.critical("%s", reason.message)
            raise click.exceptions.Exit(1) from reason
        raise CliError(redacted(reason.message, secrets_of(settings))) from reason


async def _until_signal(role: str, run: Run, settings: Settings) -> None:
    """Migrates the topics, runs, and ends cleanly on SIGTERM and SIGINT."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(loop_fault)
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, _ask, role, stop, loop)
    await asyncio.to_thread(migrate, settings)
    log.info("%s: prefix %s, Kafka %s", role, settings.prefix, settings.kafka)
    try:
        await run(settings, stop)
    except ProcessEnded as reason:
        raise CliError(f"{role}: {reason}") from reason


def _ask(role: str, stop: asyncio.Event, loop: asyncio.AbstractEventLoop) -> None:
    """Asks the process to end; one that cannot ends as a crash would, after which nothing is lost either."""
    stop.set()
    loop.call_later(LEAVE_SECONDS, _insist, role)


def _insist(role: str) -> None:
    log.error(
        "%s: could not end cleanly within %.0f s, and ends now; what was not written is done again", role, LEAVE_SECONDS
    )
    logging.shutdown()
    os._exit(1)

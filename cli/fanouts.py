"""`sillage fanouts`: what is being taken to every customer, how far it is, and how to stop it."""

import asyncio

import click

from cli.errors import CliError
from cli.settings import load_settings
from cli.terminal import plain, plain_json
from cli.topics import aligned
from journeys.lives import local
from streams.broker.topics import partition_counts
from streams.operations.fanouts import Found, read_fanouts, stop
from streams.operations.sweep import Sweep
from streams.settings import Settings

HEAD = ("fanout", "type", "partition", "state", "met", "of about", "since", "pace")


@click.group()
def fanouts() -> None:
    """List what is being taken to every customer, and stop it."""


@fanouts.command("list")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
def list_(as_json: bool) -> None:
    """List the fan-outs that go or wait, partition by partition.

    It is what the changelog says, read from its start to its end, so it may take a while, and is at most about a second
    older than what the workers know. `since` is in UTC, `pace` in customers a second of that partition.
    """
    found = asyncio.run(_read(load_settings()))
    if as_json:
        for each in found:
            click.echo(plain_json(as_tree(each)))
        return
    if not found:
        click.echo("no fan-out goes or waits", err=True)
        return
    for line in aligned([HEAD, *(_row(each) for each in found)]):
        click.echo(line)


@fanouts.command("stop")
@click.argument("fanout", metavar="ID")
def stop_(fanout: str) -> None:
    """Stop the fan-out ID in every partition: whom it has not met it will not meet.

    What it led to already goes on. One that has not come to every partition yet begins nowhere else.
    """
    settings = load_settings()
    if all(each.walk.id != fanout for each in asyncio.run(_read(settings))):
        raise CliError(f"fan-out {plain(fanout)}: none goes or waits; `sillage fanouts list` shows those that do")
    asyncio.run(stop(settings, fanout))
    click.echo(f"fan-out {plain(fanout)}: told to stop")


async def _read(settings: Settings) -> list[Found]:
    topics = await asyncio.to_thread(partition_counts, settings)
    if settings.topic("state") not in topics:
        raise CliError(f"topic {settings.topic('state')}: not there; `sillage topics apply` makes it")
    async with Sweep(settings.brokers) as sweep:
        return await read_fanouts(sweep, settings, topics)


def as_tree(found: Found) -> dict[str, object]:
    """One fan-out as JSON; `since` in milliseconds, `pace` null where it has none."""
    walk, walked = found.walk, found.walked
    return {
        "fanout": walk.id, "type": walk.event.type, "partition": found.partition, "state": found.state,
        "met": walked.met, "of_about": walked.about, "since": walk.begun_at, "pace": walk.pace or None,
    }  # fmt: skip


def _row(found: Found) -> tuple[str, ...]:
    walk, walked = found.walk, found.walked
    pace = f"{walk.pace:g}/s" if walk.pace else "none"
    since = local(walk.begun_at, "UTC")
    name, type_ = plain(walk.id), plain(walk.event.type)
    return name, type_, str(found.partition), found.state, str(walked.met), str(walked.about), since, pace

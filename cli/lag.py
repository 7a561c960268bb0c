"""`sillage lag`: how far behind the engine is, partition by partition."""

import asyncio
import time
from collections.abc import Sequence

import click

from cli.errors import CliError
from cli.settings import load_settings
from cli.terminal import plain, plain_json
from cli.topics import aligned
from streams.broker.topics import partition_counts, topic_ids
from streams.operations.groups import read_groups
from streams.operations.lag import Lag, Lags
from streams.operations.sweep import Sweep
from streams.settings import Settings

HEAD = ("reader", "topic", "partition", "end", "applied", "records", "seconds", "owner")
EVERY_SECONDS = 2.0


@click.command()
@click.option("--watch", is_flag=True, help="Look again every two seconds, until Ctrl-C.")
@click.option("--behind", is_flag=True, help="Only partitions that are behind, or have no owner.")
@click.option("--max-seconds", type=click.FloatRange(0), help="Exit status 1 where a lag is greater.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
def lag(watch: bool, behind: bool, max_seconds: float | None, as_json: bool) -> None:
    """Show for each input and partition its end, what is applied, and the lag in records and in seconds.

    `applied` is the position in the topic `state`, which is what a worker goes on from and at most about a second old
    under load, and for the dispatcher what its group committed; `seconds` is the age of the oldest record not applied;
    `owner` is who has the partition in its group, `-` for nobody. Exit status 0, but for --max-seconds, and 1 where
    nothing answers.
    """
    if watch and max_seconds is not None:
        raise CliError("--watch goes on until Ctrl-C, and --max-seconds is one look; give one of them")
    found = asyncio.run(_look(load_settings(), watch=watch, behind=behind, as_json=as_json))
    if max_seconds is not None:
        _refuse_beyond(found, max_seconds)


def _refuse_beyond(found: Sequence[Lag], max_seconds: float) -> None:
    """What is not known is no small lag."""
    unknown = [each for each in found if each.applied < 0 and each.end > 0]
    if unknown:
        raise CliError(f"of {len(unknown)} partitions nothing says how far they are; start workers, or see their log")
    worst = max((each.seconds(_now()) for each in found), default=0.0)
    if worst > max_seconds:
        raise CliError(f"the greatest lag is {worst:.1f} s, expected at most {max_seconds:g} s")


def _now() -> int:
    return time.time_ns() // 1_000_000


async def _look(settings: Settings, *, watch: bool, behind: bool, as_json: bool) -> list[Lag]:
    """Looks once or for ever, and gives what was found."""
    counts = await asyncio.to_thread(partition_counts, settings)
    if settings.topic("state") not in counts:
        raise CliError(f"topic {settings.topic('state')}: not there; `sillage topics apply` makes it")
    ids = await asyncio.to_thread(topic_ids, settings)
    async with Sweep(settings.brokers) as sweep:
        lags = Lags(settings, sweep, counts, ids)
        while True:
            found = await lags.look(await asyncio.to_thread(read_groups, settings))
            wanted = [each for each in found if not behind or each.records or each.applied < 0 or not each.owner]
            _show(wanted, _now(), as_json, watch)
            if not watch:
                return found
            await asyncio.sleep(EVERY_SECONDS)


def _show(lags: Sequence[Lag], now: int, as_json: bool, watch: bool) -> None:
    if as_json:
        for each in lags:
            click.echo(plain_json(as_tree(each, now)))
        return
    if watch:
        click.clear()
    for line in aligned([HEAD, *(_row(each, now) for each in lags)]):
        click.echo(line)


def as_tree(found: Lag, now: int) -> dict[str, object]:
    """One input as JSON; `applied` is null where nothing says how far it is."""
    return {
        "reader": found.reader, "topic": found.topic, "partition": found.partition, "end": found.end,
        "applied": found.applied if found.applied >= 0 else None, "records": found.records,
        "seconds": found.seconds(now), "owner": found.owner or None,
    }  # fmt: skip


def _row(found: Lag, now: int) -> tuple[str, ...]:
    applied = str(found.applied) if found.applied >= 0 else "?"
    seconds = f"{found.seconds(now):.1f}"
    owner = plain(found.owner) or "-"
    return found.reader, found.topic, str(found.partition), str(found.end), applied, str(found.records), seconds, owner

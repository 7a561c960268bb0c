"""`sillage pause` and `sillage resume`: a journey stands still, and goes on."""

import asyncio
import time

import click

from cli.deploy import tell
from cli.settings import load_settings
from cli.topics import aligned
from streams.broker.topics import migrate
from streams.definitions import deploy as deployment
from streams.definitions.inside import waiting_in
from streams.definitions.pausing import OVERDUE, PACE, Waiting, plan_pause, plan_resume
from streams.definitions.shelf_reader import read_shelf
from streams.settings import Settings

HEAD = ("journey", "inside", "past due")
_WAYS = {
    "go": "they go on as if their time were up now",
    "skip": "they go on behind the node that they stand at",
    "exit": "they leave as paused, and what is queued for them is voided",
}


@click.command()
@click.argument("name", metavar="JOURNEY")
@click.option("--entries-only", is_flag=True, help="Those inside go on.")
@click.option("--note", default="", help="Why, kept with the release.")
@click.option("--dry-run", is_flag=True, help="Print how many are inside and past due; publish nothing.")
def pause(name: str, entries_only: bool, note: str, dry_run: bool) -> None:
    """Pause JOURNEY: nobody enters, and those inside stand where they are until `sillage resume`.

    Exits and goals still count, the ttl goes on, and what is queued leaves. What they wait for meanwhile is met on
    resume.
    """
    settings, at = load_settings(), _now_ms()
    if dry_run:
        plan_pause(asyncio.run(read_shelf(settings)), name, at, note, "", entries_only=entries_only)
        _ahead(settings, name, at)
        return
    migrate(settings)
    tell(asyncio.run(deployment.pause(settings, name, at, note, entries_only=entries_only)))


@click.command()
@click.argument("name", metavar="JOURNEY")
@click.option(
    "--overdue", type=click.Choice(OVERDUE),
    help="Those whose time was up meanwhile go on now, skip the node that they stand at, or leave (exit).",
)  # fmt: skip
@click.option(
    "--pace", type=click.IntRange(min=1), default=PACE, show_default=True,
    help="Customers a second, over all partitions, that are taken on.",
)  # fmt: skip
@click.option("--note", default="", help="Why, kept with the release.")
@click.option("--dry-run", is_flag=True, help="Print how many are inside and past due; publish nothing.")
def resume(name: str, overdue: str | None, pace: int, note: str, dry_run: bool) -> None:
    """Resume JOURNEY: people enter again, and those inside go on.

    Whose time is not up yet waits on as if nothing had been. The others are met one after the other, at the pace.
    """
    settings, at = load_settings(), _now_ms()
    if dry_run:
        plan_resume(asyncio.run(read_shelf(settings)), name, at, note, "", overdue=overdue or "go", pace=pace)
        found = _ahead(settings, name, at)
        if overdue is not None and found.overdue:
            seconds = -(-found.overdue // pace)
            click.echo(f"{name}: {found.overdue} are past due; {_WAYS[overdue]}, in about {seconds} s")
        return
    migrate(settings)
    tell(asyncio.run(deployment.resume(settings, name, at, note, overdue=overdue, pace=pace)))


def _ahead(settings: Settings, name: str, at: int) -> Waiting:
    found = asyncio.run(waiting_in(settings, name, at))
    for line in aligned([HEAD, (name, str(found.inside), str(found.overdue))]):
        click.echo(line)
    click.echo("dry run: nothing was changed", err=True)
    return found


def _now_ms() -> int:
    return time.time_ns() // 1_000_000

"""`sillage backtest`: plays a definition over recorded events and prints what it would have done."""

import os
import tempfile
from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any, NamedTuple

import click

from cli.backtest import differs, shown
from cli.backtest.definition import Read, refuse_unknown
from cli.backtest.progress import told
from cli.backtest.sources import orders as orders_source
from cli.backtest.sources import source_of
from cli.errors import CliError
from cli.settings import load_settings
from cli.terminal import instant
from streams.backtest.around import read_context
from streams.backtest.compare import Person, persons
from streams.backtest.crew import Parts, spool_path
from streams.backtest.order import NEVER
from streams.backtest.passed import Source
from streams.backtest.rows import DIFFERS, HAPPENED, of_happened, of_persons
from streams.backtest.run import WINDOW, Plan, Played, run
from streams.backtest.spool import read_back
from streams.backtest.table import refuse_unwritable, write
from streams.backtest.topics import Topics

SMALL_EVENTS = 40_000
"""A recording that one process plays sooner than others start."""
FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
OUT = click.Path(dir_okay=False, writable=True, path_type=Path)


class Asked(NamedTuple):
    """The options, as they were given."""

    orders: bool
    topics: tuple[str, ...]
    start: str | None
    end: str | None
    until: str | None
    journeys: tuple[str, ...]
    against: Path | None
    context: Path | None
    channel: str
    prices: tuple[str, ...]
    out: Path | None
    diff: Path | None
    jobs: int | None
    window: int


@click.command()
@click.argument("definitions", type=click.Path(exists=True, path_type=Path))
@click.argument("events", nargs=-1, metavar="[EVENTS]...", type=FILE)
@click.option("--orders", is_flag=True, help="Play the Online Retail orders that ship.")
@click.option("--topic", "topics", multiple=True, metavar="NAME", help="Play a topic, as touchpoints.web; repeatable.")
@click.option("--from", "start", metavar="TIME", help="From here on: ISO 8601, or how long ago, as 3d.")
@click.option("--to", "end", metavar="TIME", help="Up to here, this instant left out.")
@click.option("--until", metavar="TIME", help="Where the play ends; else with the recording.")
@click.option("--journey", "journeys", multiple=True, metavar="NAME", help="Play only this one; repeatable.")
@click.option(
    "--against", type=click.Path(exists=True, path_type=Path), help="Compare with the version in this folder."
)
@click.option("--context", type=FILE, help="Places and weather, JSON lines.")
@click.option("--channel", default="web", help="Of events in files that do not say theirs; web.")
@click.option("--price", "prices", multiple=True, metavar="CHANNEL=PRICE", help="Of one message; repeatable.")
@click.option("--out", type=OUT, metavar="FILE", help="Write all that happened, .csv or .parquet.")
@click.option("--diff", type=OUT, metavar="FILE", help="Write each person that differs, .csv or .parquet.")
@click.option("--limit", default=10, type=click.IntRange(0), help="Persons that differ to show; 10.")
@click.option("--jobs", type=click.IntRange(1, 64), help="Processes; else one a core, and one for what is small.")
@click.option("--window", default=WINDOW, type=click.IntRange(1), help=f"Records within which order is made; {WINDOW}.")
@click.option("--plain", is_flag=True, help="Lines instead of a progress bar.")
def backtest(definitions: Path, events: tuple[Path, ...], limit: int, plain: bool, **options: Any) -> None:
    """Play DEFINITIONS, a designer's folder, over recorded EVENTS, and print what it would have done.

    EVENTS are files of touchpoints, one JSON object a line, also .gz and .xz, or .csv of the Online Retail orders.
    Nothing leaves and nothing is stored. The clock is that of the events; policy is asked as in the running system.
    Exit status 1 where nothing could be played.
    """
    asked = Asked(**options)
    _refuse(asked)
    prices = _prices(asked.prices)
    read, other = Read(definitions), None if asked.against is None else Read(asked.against)
    refuse_unknown(asked.journeys, read, *([] if other is None else [other]))
    sources = _sources(events, asked)
    jobs = asked.jobs or _jobs(sources)
    with tempfile.TemporaryDirectory(prefix="sillage-backtest-") as folder:
        plan = _plan(asked, read, other, sources, jobs, folder)
        with told(plain) as progress:
            played = run(plan, progress)
        differing = _write(asked, plan, played)
    for line in shown.summary(played, plan.parts.definition.journeys, prices, jobs):
        click.echo(line)
    for line in shown.unknown(played.outcome, *_known(asked, read, plan)):
        click.echo(line)
    if other is not None:
        for line in differs.report(played.outcome, differing, prices, limit, str(asked.against)):
            click.echo(line)


def _refuse(asked: Asked) -> None:
    """What can be told before any work is done."""
    if asked.diff is not None and asked.against is None:
        raise CliError("--diff is of two versions; say --against FOLDER too")
    for path in (asked.out, asked.diff):
        if path is not None:
            refuse_unwritable(path)


def _sources(events: Sequence[Path], asked: Asked) -> list[Source]:
    sources = [source_of(path, asked.channel) for path in events]
    if asked.orders:
        sources.append(orders_source(None))
    if asked.topics:
        end = None if asked.end is None else instant(asked.end)
        sources.append(Topics(load_settings(), asked.topics, _instant(asked.start), end))
    if not sources:
        raise CliError("nothing to play: expected EVENTS, --orders or --topic; give one of them")
    return sources


def _plan(asked: Asked, read: Read, other: Read | None, sources: list[Source], jobs: int, folder: str) -> Plan:
    parts = Parts(
        read.definition(asked.journeys),
        None if other is None else other.definition(asked.journeys),
        {name: channel for source in sources for name, channel in source.channels.items()},
        f"{folder}/" if asked.out is not None else "",
    )
    context = [] if asked.context is None else read_context(asked.context)
    end = NEVER if asked.end is None else instant(asked.end)
    return Plan(parts, sources, jobs, _instant(asked.start), end, _instant(asked.until), asked.window, context)


def _write(asked: Asked, plan: Plan, played: Played) -> list[Person]:
    """Writes the files asked for, and gives the persons for whom the versions differ."""
    if asked.out is not None:
        paths = [spool_path(plan.parts, number) for number in range(plan.jobs)]
        write(asked.out, HAPPENED, of_happened(read_back(paths)))
    differing = persons(played.outcome.rests.items())
    if asked.diff is not None:
        write(asked.diff, DIFFERS, of_persons(differing))
    return differing


def _known(asked: Asked, read: Read, plan: Plan) -> tuple[bool, bool, bool]:
    """Whether there is a context, whether a journey asks for one, and whether other journeys were left out."""
    names = plan.parts.definition.journeys
    return asked.context is not None, read.asks(names), len(names) < len(read.folder.journeys)


def _jobs(sources: Sequence[Source]) -> int:
    return 1 if sum(source.events for source in sources) < SMALL_EVENTS else os.cpu_count() or 1


def _instant(text: str | None) -> int:
    return 0 if text is None else instant(text)


def _prices(given: Sequence[str]) -> dict[str, Decimal]:
    found: dict[str, Decimal] = {}
    for text in given:
        channel, _, price = text.partition("=")
        try:
            found[channel] = Decimal(price)
        except InvalidOperation:
            found[channel] = Decimal("NaN")
        if not channel or not found[channel].is_finite() or found[channel] < 0:
            raise CliError(f"--price {text}: expected a channel and its price, as email=0.001")
    return found

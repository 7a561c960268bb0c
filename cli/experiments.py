"""`sillage experiments`: what the arms of splits and the control groups show, from decisions or from a backtest."""

import asyncio
from collections.abc import Iterable, Sequence
from pathlib import Path

import click
import msgspec

from cli.backtest.definition import Read
from cli.counts import COLUMNS, rows_of
from cli.errors import CliError
from cli.experimentsshown import factors_shown, holdouts_shown, listed, split_shown
from cli.settings import load_settings
from cli.terminal import instant, plain, plain_json
from streams.broker.topics import partition_counts
from streams.definitions.shelf_reader import NoDefinitionsTopic, read_shelf
from streams.learner.planned import Plans, plans_of
from streams.learner.report import of_factors, of_holdouts, of_splits
from streams.operations.experiments import Counted, count_rows, plans_on_shelf, read_decisions
from streams.operations.sweep import Sweep
from streams.settings import Settings

ROWS = ("customer", *COLUMNS, "at", "revenue")


@click.command()
@click.argument("split", required=False)
@click.option("--journey", default="", help="Only this journey.")
@click.option("--since", metavar="TIME", help="Only decisions from here on: ISO 8601, or how long ago, as 3d.")
@click.option(
    "--rows",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Count what `sillage backtest --out` wrote, instead of the topic.",
)
@click.option(
    "--definitions",
    type=click.Path(exists=True, path_type=Path),
    help="The designer's folder that says how splits were written; with --rows, whose file does not.",
)
@click.option("--per", type=click.Choice(["person", "enrollment"]), default="person", help="What is counted; person.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
def experiments(
    split: str | None,
    journey: str,
    since: str | None,
    rows: Path | None,
    definitions: Path | None,
    per: str,
    as_json: bool,
) -> None:
    """List experiments and control groups, or show the one of SPLIT with its arms.

    It counts what the topic `decisions` holds, so its 30 days, or the rows of a backtest. A person counts in the arm
    met first, and converts with the goal of an enrollment that had met the split.
    """
    counted, plans = _counted(since, rows, definitions)
    among = [each for each in counted.experiments if journey in ("", each.journey) and split in (None, each.split)]
    found = of_splits(among, plans, by_enrollment=per == "enrollment")
    if split is not None and not found:
        raise CliError(_unknown(split, [each.split for each in of_splits(counted.experiments, plans)]))
    factors = list(of_factors(each for each in counted.experiments if journey in ("", each.journey)))
    factors = [each for each in factors if split is None or split in each.splits]
    holdouts = [each for each in of_holdouts(counted.holdouts) if journey in ("", each.journey)] if not split else []
    if as_json:
        for kind, values in (("split", found), ("factors", factors), ("holdout", holdouts)):
            for each in values:
                click.echo(plain_json({"kind": kind, **msgspec.to_builtins(each)}))
    elif split is not None:
        for each in found:
            _say(split_shown(each))
        _say(line for each in factors for line in factors_shown(each))
    elif found or holdouts:
        _say(listed(found))
        _say(holdouts_shown(holdouts))
    else:
        click.echo("nobody has met a split, and nobody is held out", err=True)
    if counted.unreadable:
        click.echo(f"{counted.unreadable} records of decisions could not be read, and count nowhere", err=True)


def _say(lines: Iterable[str]) -> None:
    for line in lines:
        click.echo(line)


def _unknown(split: str, known: Sequence[str]) -> str:
    there = ", ".join(sorted(set(map(plain, known)))) or "none"
    return f"split {plain(split)}: nobody has met it; those that people met: {there}"


def _counted(since: str | None, rows: Path | None, definitions: Path | None) -> tuple[Counted, Plans]:
    folder = {} if definitions is None else plans_of(each.model for each in Read(definitions).folder.journeys.values())
    if rows is not None:
        if since is not None:
            raise CliError("--since is of the topic `decisions`; a file of rows is counted whole")
        return count_rows(rows_of(rows, ROWS), folder), folder
    counted, shelved = asyncio.run(_read(load_settings(), None if since is None else instant(since)))
    return counted, shelved | folder


async def _read(settings: Settings, since: int | None) -> tuple[Counted, Plans]:
    topics = await asyncio.to_thread(partition_counts, settings)
    if settings.topic("decisions") not in topics:
        raise CliError(f"topic {settings.topic('decisions')}: not there; `sillage topics apply` makes it")
    async with Sweep(settings.brokers) as sweep:
        counted = await read_decisions(sweep, settings, topics, since)
    try:
        return counted, plans_on_shelf(await read_shelf(settings))
    except NoDefinitionsTopic:
        return counted, {}

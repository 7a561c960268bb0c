"""`sillage schema`: what a company's events hold, inferred from what happened."""

import itertools
from collections.abc import Iterable, Iterator
from pathlib import Path

import click

from cli.errors import CliError
from cli.settings import load_settings
from journeys.schemas.inferred import Inferring
from streams.backtest.files import JsonLines
from streams.backtest.passed import Passed
from streams.backtest.topics import Topics
from streams.touchpoints.decoder import Decoder, Rejected

SHOWN = 20
"""Reasons of what could not be read that are shown."""


@click.group()
def schema() -> None:
    """Declare what events and customers hold."""


@schema.command()
@click.argument("file", required=False, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--topic", default="", help="Read a topic of touchpoints, as touchpoints.web, from its first record on.")
@click.option("--events", default=100_000, type=click.IntRange(min=1), help="Read at most so many; default 100000.")
@click.option(
    "--folder",
    default=".",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="The designer's folder that schemas/ is written into; default here.",
)
@click.option("--force", is_flag=True, help="Write over files that are there.")
def infer(file: Path | None, topic: str, events: int, folder: Path, force: bool) -> None:
    """Write schemas/*.yaml from touchpoints: FILE, one JSON a line (.gz and .xz too), or a topic.

    Says what is rare or of several types. What might be of a person (names, addresses, numbers of phones) is not
    written down as an example.
    """
    if (file is None) == (not topic):
        raise CliError("expected FILE or --topic; give one of them")
    source = JsonLines(file) if file else Topics(load_settings(), [topic], 0, None)
    inferring, refused = Inferring(), []
    for event in _decoded(itertools.islice(source, events), source.channels):
        if isinstance(event, Rejected):
            refused.append(event.reason)
        else:
            inferring.take(*event)
    files = inferring.files()
    there = [name for name in files if (folder / name).exists()]
    if there and not force:
        raise CliError(f"{', '.join(there)} there already; nothing was written, --force writes over")
    if not files:
        raise CliError(f"nothing to infer from: {inferring.events} events, {len(refused)} refused{_first(refused)}")
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
        click.echo(f"wrote {folder / name}")
    for line in (*inferring.report(), *(f"refused: {reason}" for reason in refused[:SHOWN])):
        click.echo(line)
    click.echo(f"{inferring.events:,} events of {len(inferring.seen)} types, {len(refused):,} refused", err=True)


def _first(refused: list[str]) -> str:
    return f", the first because {refused[0]}" if refused else ""


def _decoded(passed: Iterable[Passed], channels: dict[str, str]) -> Iterator[tuple[str, dict[str, object]] | Rejected]:
    """Type and properties of each touchpoint as the engine reads it, or why it is none."""
    decoders = {topic: Decoder(topic, channel, lambda: 0) for topic, channel in channels.items()}
    for each in passed:
        event = decoders[each.topic].decode(each)
        yield event if isinstance(event, Rejected) else (event.type, event.properties)

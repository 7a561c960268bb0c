"""`sillage topics`: the table of topics, what a broker lacks of it, and a broker brought to it."""

from collections.abc import Iterator, Sequence

import click

from cli.settings import load_settings
from streams.broker.topics import Topic, declare, migrate, planned

HEAD = ("topic", "partitions", "cleanup", "kept", "largest message")
DIFFERS = 3
"""Exit status of `plan` where something would change; 1 is a fault, and 2 a command that was mistyped."""


@click.group(invoke_without_command=True)
@click.option("--migrate", "wanted", is_flag=True, help="As `apply`, after the table.")
@click.pass_context
def topics(ctx: click.Context, wanted: bool) -> None:
    """Print every topic of the prefix as it is declared."""
    if ctx.invoked_subcommand is not None:
        return
    settings = load_settings()
    for line in aligned([HEAD, *(_row(topic) for topic in declare(settings))]):
        click.echo(line)
    if wanted:
        for line in migrate(settings):
            click.echo(line)


@topics.command()
@click.pass_context
def plan(ctx: click.Context) -> None:
    """Print each change that `apply` would make, and change nothing.

    Exit status 0 and no line where the broker agrees, 3 where something would change, 1 where it cannot be brought to
    the table: no broker, or another number of partitions.
    """
    lines = planned(load_settings())
    for line in lines:
        click.echo(line)
    if lines:
        click.echo("`sillage topics apply` makes these changes", err=True)
        ctx.exit(DIFFERS)


@topics.command()
def apply() -> None:
    """Create what is missing and correct what differs, with a line for each change; none where the broker agrees."""
    for line in migrate(load_settings()):
        click.echo(line)


def aligned(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Rows of texts in columns, two blanks apart."""
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    for row in rows:
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()


def _row(topic: Topic) -> tuple[str, ...]:
    return topic.name, str(topic.partitions), topic.config["cleanup.policy"], topic.kept, f"{topic.largest_mib} MiB"

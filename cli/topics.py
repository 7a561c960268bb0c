"""`sillage topics`: the table of topics, and with `--migrate` a broker that agrees with it."""

from collections.abc import Iterator, Sequence

import click

from cli.settings import load_settings
from streams.broker.topics import Topic, declare, migrate

HEAD = ("topic", "partitions", "cleanup", "kept", "largest message")


@click.command()
@click.option("--migrate", "wanted", is_flag=True, help="Create what is missing and correct what differs.")
def topics(wanted: bool) -> None:
    """Print every topic of the prefix as it is declared.

    With --migrate a line for each change follows, or none where the broker agrees already.
    """
    settings = load_settings()
    for line in aligned([HEAD, *(_row(topic) for topic in declare(settings))]):
        click.echo(line)
    if wanted:
        for line in migrate(settings):
            click.echo(line)


def aligned(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Rows of texts in columns, two blanks apart."""
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    for row in rows:
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()


def _row(topic: Topic) -> tuple[str, ...]:
    return topic.name, str(topic.partitions), topic.config["cleanup.policy"], topic.kept, f"{topic.largest_mib} MiB"

"""`sillage up` and `sillage down`: a broker and a Redis for this project."""

import click

from cli.settings import load_settings
from local import services


@click.command()
def up() -> None:
    """Start Kafka and Redis for this project, or find those that are given.

    SILLAGE_KAFKA and SILLAGE_REDIS are taken as they are; else Docker is used where it answers, else local processes.
    Data lies in .sillage (SILLAGE_DATA) and survives a restart.
    """
    found = services.up(load_settings().data)
    click.echo(found.chosen)
    click.echo(f"export SILLAGE_KAFKA={found.kafka}")
    click.echo(f"export SILLAGE_REDIS={found.redis}")


@click.command()
def down() -> None:
    """Stop what `sillage up` started in this project; the data stays."""
    folder = load_settings().data
    stopped = services.down(folder)
    click.echo(f"{folder}: stopped, the data stays" if stopped else f"{folder}: nothing was running")

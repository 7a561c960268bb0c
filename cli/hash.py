"""`sillage hash`: a customer or an event's id as logs and traces name it."""

import click

from cli.settings import load_settings
from streams.observing.customers import hasher


@click.command("hash")
@click.argument("id_", metavar="ID")
def hash_(id_: str) -> None:
    """Print the hash by which logs and traces name a customer, or an event's id; `-` reads it from standard input.

    It depends on SILLAGE_LOG_KEY, or SILLAGE_PREFIX where there is no key: give those of the processes.
    """
    found = click.get_text_stream("stdin").readline().rstrip("\n") if id_ == "-" else id_
    click.echo(hasher(load_settings())(found))

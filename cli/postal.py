"""`sillage postal`: the letters that wait, and the batch for the print house that has them."""

import time
from pathlib import Path

import click

from channels.batches import BatchError, make_batch, waiting_letters
from cli.errors import CliError
from cli.settings import load_settings
from cli.terminal import plain, utc
from cli.topics import aligned

HEAD = ("since", "until", "action", "letter", "to")


@click.group()
def postal() -> None:
    """Make batches of letters for the print house (docs/channels.md)."""


@postal.command()
def batch() -> None:
    """Write all letters that are in no batch yet into one: a CSV file and a file of JSON lines, in `print/`.

    Run it once a day, by cron. A batch whose making was cut off is ended first, under its own name.
    """
    folder = _folder()
    try:
        made = make_batch(folder, time.time_ns() // 1_000_000)
    except BatchError as fault:
        raise CliError(str(fault)) from fault
    except OSError as fault:
        raise CliError(f"{folder}: {fault.strerror}; see that it can be written, and run this again") from fault
    for each in made:
        late = f", {each.late} were worth nothing any more" if each.late else ""
        click.echo(f"{' and '.join(map(str, each.files)) or 'no file'}: {each.letters} letters{late}")
    if not made:
        click.echo("no letter waits", err=True)


@postal.command("list")
def list_() -> None:
    """List the letters that are in no batch yet, the oldest first: personal data."""
    try:
        letters = waiting_letters(_folder())
    except BatchError as fault:
        raise CliError(str(fault)) from fault
    rows = [
        (utc(each.at), utc(each.until) if each.until else "-", each.action_id, each.letter, plain(each.address[0]))
        for each in letters
    ]
    for line in aligned([HEAD, *rows]) if rows else ():
        click.echo(line)
    if not rows:
        click.echo("no letter waits", err=True)


def _folder() -> Path:
    found = load_settings().postal
    if not found:
        raise CliError("SILLAGE_POSTAL: is not set; set it to the folder of the letters")
    return Path(found)

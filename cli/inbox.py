"""`sillage inbox`: what lies in a customer's inbox of the app, which one is read, and one taken out."""

import asyncio
import json
import time

import click
import msgspec
from redis.exceptions import RedisError

from channels.inapp import Item
from cli.errors import CliError
from cli.settings import load_settings
from cli.terminal import plain, utc
from cli.topics import aligned
from streams.dispatch.channels import inbox_of
from streams.settings import Settings

HEAD = ("since", "until", "read", "message", "title")


@click.command()
@click.argument("customer")
@click.option("--read", "read_", default="", metavar="MESSAGE", help="Mark this one as read.")
@click.option("--dismiss", default="", metavar="MESSAGE", help="Take this one out; it does not come again.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a message, with its text.")
def inbox(customer: str, read_: str, dismiss: str, as_json: bool) -> None:
    """Show what CUSTOMER sees in the app's inbox, the newest first: personal data.

    A message goes by the id of its action. Exit status 1 where --read or --dismiss names one that is not there.
    """
    try:
        items = asyncio.run(_shown(load_settings(), customer, read_, dismiss))
    except (RedisError, OSError) as fault:
        raise CliError(f"Redis does not answer ({type(fault).__name__}); see SILLAGE_REDIS") from fault
    if as_json:
        for item in items:
            click.echo(json.dumps(msgspec.to_builtins(item)))
    elif not items:
        click.echo("nothing lies there", err=True)
    else:
        for line in aligned([HEAD, *map(_row, items)]):
            click.echo(line)


async def _shown(settings: Settings, customer: str, read_: str, dismiss: str) -> list[Item]:
    found, now = inbox_of(settings), time.time_ns() // 1_000_000
    try:
        there = (not read_ or await found.read(customer, read_, now)) and (
            not dismiss or await found.dismiss(customer, dismiss)
        )
        if not there:
            raise CliError(
                f"customer {plain(customer)}: has no such message in the inbox; leave the option away to see"
            )
        return await found.items(customer, now)
    finally:
        await found.close()


def _row(item: Item) -> tuple[str, ...]:
    until = utc(item.until) if item.until else "-"
    read_ = utc(item.read_at) if item.read_at else "-"
    return utc(item.at), until, read_, plain(item.id), plain(item.title)

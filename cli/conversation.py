"""`sillage conversation`: what was said lately with one customer, over every channel."""

import asyncio
from collections.abc import Iterator

import click

from cli.errors import CliError
from cli.settings import load_settings
from cli.state import looked_up
from cli.terminal import plain, plain_json, utc
from engine.conversations import transcript
from engine.customer import Conversation, Customer, positions


@click.command()
@click.argument("customer")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def conversation(customer: str, as_json: bool) -> None:
    """Show what was said lately with CUSTOMER, one turn a line, instants in UTC: personal data.

    It is what the changelog says, as `sillage state inspect` reads it. Exit status 1 where nothing is known of them, or
    no conversation is open.
    """
    settings = load_settings()
    if not customer.isprintable():
        raise CliError(f"customer {plain(customer)}: expected an id of UTF-8 text without control characters")
    seen = asyncio.run(looked_up(settings, customer))
    record = None if seen is None else seen.record
    known = None if record is None else record.customer
    if known is None or not known.conversations:
        what = "nothing is known of them" if known is None else "no conversation is open"
        raise CliError(f"customer {plain(customer)}: {what}; `sillage state inspect` shows what is remembered")
    if as_json:
        click.echo(plain_json({brand: _whole(known, each) for brand, each in known.conversations.items()}))
        return
    for brand, each in known.conversations.items():
        for line in told(known, brand, each):
            click.echo(plain(line))


def told(known: Customer, brand: str, found: Conversation) -> Iterator[str]:
    """The lines of one conversation: where the person is, who has it, then the turns."""
    task = _holder(known, found)
    holder = f"with the people of task {task[:12]}" if task else "with the bot"
    yield f"{f'brand {brand}, ' if brand else ''}on {found.channel}, {holder}, since {utc(found.began_at)}"
    if found.dropped:
        yield f"  {found.dropped} older turns are not kept"
    for turn in found.turns:
        lost = f" [not delivered: {turn.code}]" if turn.code else ""
        yield f"  {utc(turn.at)}  {turn.who} ({turn.channel}): {turn.text}{lost}"


def _whole(known: Customer, found: Conversation) -> dict[str, object]:
    return {
        "channel": found.channel,
        "address": found.address,
        "began_at": found.began_at,
        "task": _holder(known, found),
        "dropped": found.dropped,
        "turns": transcript(found.turns),
    }


def _holder(known: Customer, found: Conversation) -> str:
    """The task whose people have it: the one named, while an enrollment stands at it."""
    open_tasks = {spot.task.id for each in known.enrollments for spot in positions(each) if spot.task is not None}
    return found.task if found.task in open_tasks else ""

"""`sillage why`: what came in of a person, what was decided of it, and why nothing was."""

import asyncio
import json
import time

import click
import msgspec

from cli.errors import CliError
from cli.settings import load_settings
from cli.terminal import instant, plain, reading
from engine.why import page
from engine.why.account import Account
from engine.why.story import nearest
from streams.broker.topics import partition_counts
from streams.definitions.shelf import Shelf
from streams.definitions.shelf_reader import NoDefinitionsTopic, read_shelf
from streams.operations.sweep import Sweep
from streams.operations.why import Asked, Person, account, read_person
from streams.settings import Settings

DAYS_MS = 7 * 86_400_000
"""How far back is looked where nobody says how far."""


@click.command()
@click.argument("customer")
@click.option("--at", default="", help="Only the decision nearest to then, in full: 2h, 3d, or 2026-03-02T18:00Z.")
@click.option("--journey", default="", help="Only this journey, and why it did nothing where it did nothing.")
@click.option("--since", default="", help="How far back: 2h, 30d, or an instant; by default 7 days.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object (docs/schemas/why.schema.json).")
def why(customer: str, at: str, journey: str, since: str, as_json: bool) -> None:
    """Say what came in of CUSTOMER, what was decided of it, why, and what became of it: personal data.

    It reads the customer's home partitions of the topics `decisions`, touchpoints and `state`, so it may take a while;
    instants are those of the customer's zone. Exit status 1 where nothing is known, or no such journey is in use.
    """
    settings = load_settings()
    if not customer.isprintable():
        raise CliError(f"customer {plain(customer)}: expected an id of UTF-8 text without control characters")
    now, wanted = time.time_ns() // 1_000_000, instant(at) if at else 0
    begin = instant(since) if since else min(now, wanted or now) - DAYS_MS
    asked = Asked(customer, begin, now, journey)
    shelf, person = asyncio.run(_read(settings, asked))
    found = account(shelf, person, asked)
    _refuse_unknown(found, person, settings)
    if wanted:
        moment = nearest(found.moments, wanted)
        found = msgspec.structs.replace(found, moments=[] if moment is None else [moment])
    if as_json:
        click.echo(json.dumps(msgspec.to_builtins(found), sort_keys=True))
        return
    for line in page.whole(found.moments[0], found.zone) if wanted and found.moments else page.lines(found):
        click.echo(plain(line))


def _refuse_unknown(found: Account, person: Person, settings: Settings) -> None:
    name, absence = plain(found.customer), found.absence
    if person.customer is None and not found.moments:
        raise CliError(
            f"customer {name}: nothing is known of them in {settings.prefix}, {person.read} records were looked at; "
            "see the spelling of the id, or look further back with --since"
        )
    if absence is not None and not found.moments and any(each.code == "not_deployed" for each in absence.causes):
        raise CliError(f"journey {plain(absence.journey)}: not in use; `sillage journeys` lists those that are")


async def _read(settings: Settings, asked: Asked) -> tuple[Shelf, Person]:
    topics = await asyncio.to_thread(partition_counts, settings)
    try:
        shelf = await read_shelf(settings)
    except NoDefinitionsTopic:
        shelf = Shelf()
    async with Sweep(settings.brokers) as sweep:
        return shelf, await read_person(sweep, settings, topics, asked, reading())

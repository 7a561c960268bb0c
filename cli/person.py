"""`sillage person`: all that is kept of one person as a document, and their erasure with its proof."""

import asyncio
import json
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import click
import msgspec
from redis.exceptions import RedisError

from cli.errors import CliError
from cli.settings import load_settings
from cli.terminal import plain, reading, utc
from cli.topics import aligned
from streams.broker.topics import partition_counts
from streams.operations.erasure import Check, Proof, UnknownPerson, erase
from streams.operations.inboxes import inbox_items
from streams.operations.kept import Kept
from streams.operations.personal import Export, exported
from streams.operations.sweep import Sweep
from streams.settings import Settings


@click.group()
def person() -> None:
    """Export all that is kept of a person, or erase it, with a proof (docs/privacy.md)."""


@person.command()
@click.argument("customer")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="Write it here, readable by you alone.")
def export(customer: str, out: Path | None) -> None:
    """Write all that is kept of CUSTOMER as one JSON document (docs/schemas/person.schema.json): personal data.

    It reads their home partition of every topic, and of touchpoints and dead letters all partitions, so it may take a
    while. What it read, and what it does not hold, stands at its end. Exit status 1 where nothing is kept.
    """
    settings = _checked(customer)
    found = asyncio.run(_export(settings, customer))
    items = sum(each.found for each in found.read)
    if not items:
        read = f"{sum(each.records for each in found.read):,} records of {len(found.read)} partitions"
        raise CliError(f"customer {plain(customer)}: nothing is kept of them; read {read}; see the spelling of the id")
    text = json.dumps(msgspec.to_builtins(found), indent=2)
    if out is None:
        click.echo(text)
        return
    out.touch(mode=0o600)
    out.write_text(text + "\n", encoding="utf-8")
    click.echo(f"{out}: {items} records of {plain(customer)}; personal data")


@person.command("erase")
@click.argument("customer")
@click.option(
    "--reason", default="", help="Why, as a reference that is no personal data; kept with the event for 7 days."
)
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option(
    "--timeout",
    type=float,
    help="Seconds to wait for the proof. By default as long as it takes at most where a dispatcher was killed with a "
    "message to them in hand: 180 by the settings as they ship (docs/privacy.md).",
)
@click.option(
    "--json", "as_json", is_flag=True, help="The proof as one JSON object (docs/schemas/erasure.schema.json)."
)
def erase_(customer: str, reason: str, yes: bool, timeout: float | None, as_json: bool) -> None:
    """Erase CUSTOMER for good, and wait until it is proven that nothing leaves for them any more.

    A worker, a dispatcher and Redis must be at work. What is waited for is told, and of what a dispatcher has in hand
    until when at most. Again for somebody who was erased, it shows the proof. Exit status 1 where something is missing
    after the timeout: then it is not proven, and the same command looks again.
    """
    settings = _checked(customer)
    if not yes:
        click.confirm(f"Erase {plain(customer)} in {settings.prefix}? Nothing brings them back. Go on?", abort=True)
    try:
        proof = asyncio.run(erase(settings, customer, reason, timeout, reading(), _waiting()))
    except UnknownPerson:
        raise CliError(f"customer {plain(customer)}: nothing is kept of them; see the spelling of the id") from None
    if as_json:
        click.echo(json.dumps(msgspec.to_builtins(proof), sort_keys=True))
    else:
        for line in shown(proof):
            click.echo(plain(line))
    if not proof.complete:
        click.echo("not proven yet: run the same command again, which publishes nothing a second time", err=True)
    sys.exit(0 if proof.complete else 1)


def shown(proof: Proof) -> Iterator[str]:
    """The lines of a proof."""
    state = f"erased {utc(proof.erased_at)}" if proof.erased_at else "not erased"
    yield f"{proof.customer}: {state}, {'proven' if proof.complete else 'NOT proven'} {utc(proof.at)}"
    yield from aligned([("  ok" if each.holds else "  MISSING", each.name, each.seen) for each in proof.checks])
    if proof.remains:
        yield "what remains, and until when:"
        yield from aligned(
            [
                (f"  {each.topic}", f"{each.records} records", utc(each.until), f"under {each.under}: {each.what}")
                for each in proof.remains
            ]
        )


def _checked(customer: str) -> Settings:
    if not customer.isprintable():
        raise CliError(f"customer {plain(customer)}: expected an id of UTF-8 text without control characters")
    return load_settings()


async def _export(settings: Settings, customer: str) -> Export:
    topics = await asyncio.to_thread(partition_counts, settings)
    kept = Kept(settings, topics, customer)
    async with Sweep(settings.brokers) as sweep:
        await kept.advance(sweep, progress=reading())
    now = time.time_ns() // 1_000_000
    try:
        inbox = await inbox_items(settings, customer, now)
    except (RedisError, OSError) as fault:
        raise CliError(f"Redis does not answer ({type(fault).__name__}); see SILLAGE_REDIS") from fault
    return exported(kept, inbox, now)


def _waiting() -> Callable[[Sequence[Check]], None]:
    """Tells once of each thing that is waited for."""
    told: set[str] = set()

    def tell(missing: Sequence[Check]) -> None:
        for each in missing:
            if each.seen not in told:
                told.add(each.seen)
                click.echo(f"waiting for {each.name}: {plain(each.seen)}", err=True)

    return tell

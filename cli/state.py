"""`sillage state`: a look into a customer's record, and what to do when a log is not what it was."""

import asyncio

import click

from cli.customer import lines, whole
from cli.errors import CliError
from cli.settings import load_settings
from cli.terminal import plain, plain_json
from state.changelog import ACCEPT
from streams.broker.publish import KafkaPublisher, Out
from streams.broker.topics import partition_counts
from streams.operations.customer import Seen, look_up
from streams.operations.sweep import Sweep
from streams.settings import Settings


@click.group()
def state() -> None:
    """Look into a customer's stored record, or accept logs that are not what they were."""


@state.command()
@click.argument("customer")
@click.option("--journey", default="", help="Of enrollments, goals and entries remembered, only those of this journey.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def inspect(customer: str, journey: str, as_json: bool) -> None:
    """Show all that is remembered of CUSTOMER, with where it was read: personal data.

    It is what the changelog says, the customer's home partition of the topic `state` read from its start to its end, so
    it may take a while, and is at most about a second older than what the worker knows. Exit status 1 where nothing is
    known.
    """
    settings = load_settings()
    if not customer.isprintable():
        raise CliError(f"customer {plain(customer)}: expected an id of UTF-8 text without control characters")
    seen = asyncio.run(looked_up(settings, customer))
    if seen is None:
        raise CliError(f"topic {settings.topic('state')}: not there; `sillage topics apply` makes it")
    read = f"{seen.topic}/{seen.partition}, offsets {seen.first} to {seen.end}"
    if seen.record is None:
        raise CliError(f"customer {plain(customer)}: nothing is known of them; read {read}; see the spelling of the id")
    if as_json:
        click.echo(plain_json(whole(seen, seen.record, journey)))
        return
    click.echo(f"customer {plain(customer)}, read from {read}")
    for line in lines(seen, seen.record, journey):
        click.echo(line)


@state.command("reset-positions")
@click.confirmation_option(prompt="Inputs between the stored positions and what the logs hold now are given up. Go on?")
def reset_positions() -> None:
    """Accept logs that no longer hold the stored positions; stop all workers first.

    A worker stops when a stored position lies outside its log, or a topic was created anew. After this, the next
    take-over goes on at the nearest offset that the log holds, or at the start of a topic created anew.
    """
    settings = load_settings()
    asyncio.run(_accept(settings))
    click.echo(f"accepted for {settings.partitions} partitions; start the workers")


async def _accept(settings: Settings) -> None:
    publisher = KafkaPublisher(settings.brokers)
    await publisher.start()
    try:
        for partition in range(settings.partitions):
            await publisher.append(settings.topic("state"), partition, [Out(ACCEPT, b"")])
    finally:
        await publisher.stop()


async def looked_up(settings: Settings, customer: str) -> Seen | None:
    """What the changelog says of a customer; None where it is not there."""
    topics = await asyncio.to_thread(partition_counts, settings)
    async with Sweep(settings.brokers) as sweep:
        return await look_up(sweep, settings, topics, customer)

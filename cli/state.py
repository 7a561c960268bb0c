"""`sillage state`: what an operator does to stored state when a log is not what it was."""

import asyncio

import click

from cli.settings import load_settings
from state.changelog import ACCEPT
from streams.broker.publish import KafkaPublisher, Out
from streams.settings import Settings


@click.group()
def state() -> None:
    """Look after the stored state; stop all workers first."""


@state.command("reset-positions")
@click.confirmation_option(prompt="Inputs between the stored positions and what the logs hold now are given up. Go on?")
def reset_positions() -> None:
    """Accept logs that no longer hold the stored positions.

    A worker stops when a stored position lies outside its log, or a topic was created anew. After this, the next
    take-over goes on at the nearest offset that the log holds, or at the start of a topic created anew.
    """
    settings = load_settings()
    asyncio.run(_accept(settings))
    click.echo(f"accepted for {settings.partitions} partitions; start the workers")


async def _accept(settings: Settings) -> None:
    publisher = KafkaPublisher(settings.kafka)
    await publisher.start()
    try:
        for partition in range(settings.partitions):
            await publisher.append(settings.topic("state"), partition, [Out(ACCEPT, b"")])
    finally:
        await publisher.stop()

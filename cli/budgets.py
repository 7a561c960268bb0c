"""`sillage budgets`: what journeys have spent of their budgets, period by period."""

import asyncio

import click

from cli.errors import CliError
from cli.settings import load_settings
from cli.terminal import plain, plain_json
from cli.topics import aligned
from state.budgets import CountAway, Counted, NeedsShares
from state.redis_budgets import RedisBudgets
from streams.redis_access import redis_options
from streams.settings import Settings

HEAD = ("journey", "of", "period", "limit", "spent", "leased", "left")
MICROS = 1_000_000


@click.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
def budgets(as_json: bool) -> None:
    """List budgets and periods: spent, leased and left.

    It is what Redis counts. `leased` is what workers hold unspent, about a second old; of a worker that died it is
    lost. Money is in the project's currency.
    """
    found = asyncio.run(_read(load_settings()))
    if as_json:
        for each in found:
            click.echo(plain_json(as_tree(each)))
        return
    if not found:
        click.echo("nothing was drawn of any budget", err=True)
        return
    for line in aligned([HEAD, *(tuple(plain(_shown(value)) for value in as_tree(each).values()) for each in found)]):
        click.echo(line)


def as_tree(counted: Counted) -> dict[str, object]:
    """One budget and period as JSON: numbers of messages, or amounts of money."""
    journey, of, period = counted.name.split("/")
    left = max(0, counted.limit - counted.drawn)
    amounts = {
        "limit": counted.limit, "spent": counted.drawn - counted.free, "leased": counted.free, "left": left,
    }  # fmt: skip
    told = {name: units / MICROS if of == "cost" else units for name, units in amounts.items()}
    return {"journey": journey, "of": of, "period": period, **told}


def _shown(value: object) -> str:
    return f"{value:.2f}" if isinstance(value, float) else str(value)


async def _read(settings: Settings) -> list[Counted]:
    shared = RedisBudgets(**redis_options(settings.redis_access), prefix=settings.prefix)
    try:
        return await shared.counted()
    except NeedsShares:
        return []
    except CountAway as fault:
        raise CliError(f"{fault}; look at SILLAGE_REDIS") from fault
    finally:
        await shared.close()

"""`sillage demo`: real orders, or a town that is made up, through a real Kafka, worker and dispatcher."""

import asyncio
import sys
from importlib.resources import files
from pathlib import Path

import click
from rich.console import Console

from cli.errors import CliError
from cli.folder import read_files
from cli.settings import load_settings
from journeys.load import load_project
from local.demo.outcome import write_actions
from local.demo.processes import DemoError
from local.demo.run import Plan, replay
from local.demo.view import LiveView, PlainView, View
from local.errors import LocalError
from local.orders.facts import Orders, OrdersError
from local.orders.read import read_orders
from local.town.outcome import summary
from local.town.outcome import write_actions as write_town
from local.town.run import Plan as TownPlan
from local.town.run import live
from streams.broker.publish import PublishError
from streams.broker.topics import TopicsError
from streams.definitions.deploy import DeployFailed
from streams.definitions.plan import DeployRefused

SHIPPED = "shipped"
FAULTS = (DemoError, DeployFailed, DeployRefused, LocalError, OrdersError, PublishError, TopicsError, OSError)
START = "import sys; from cli.main import main; sys.exit(main())"


@click.command()
@click.option(
    "--orders",
    metavar="[FILE]",
    is_flag=False,
    flag_value=SHIPPED,
    default=SHIPPED,
    help="The Online Retail set, .csv or .csv.xz; without FILE the facts that ship, with the same result.",
)
@click.option(
    "--actions-out",
    type=click.Path(dir_okay=False, writable=True, path_type=Path),
    metavar="OUT",
    help="Write one JSON object a line for each message that left.",
)
@click.option("--plain", is_flag=True, help="Plain lines instead of a live page.")
@click.option("--town", is_flag=True, help="A town that is made up instead of the orders.")
@click.option("--seconds", type=click.FloatRange(1, 3600), default=60.0, help="How long the town lives; 60.")
@click.option("--speed", type=click.FloatRange(0.05, 4), default=1.0, help="Hours of the town a second; 1.")
@click.option("--customers", type=click.IntRange(1, 5000), default=300, help="People in the town; 300.")
@click.option("--seed", type=int, default=1, help="Which town; 1.")
def demo(orders: str, actions_out: Path | None, plain: bool, town: bool, **lived: float) -> None:
    """Replay a year of real orders in event time and see e-mails leave; or let a town live, with --town.

    In the town customers browse, fill baskets, call, walk past stores in the rain, read what they get and order; agents
    call back. Kafka and Redis are started if they do not run, worker and dispatcher as two processes, all on fresh
    topics that are deleted at the end. Exit status 0 once every message that was due has left, 1 with the reason
    otherwise.
    """
    if actions_out is not None and not actions_out.absolute().parent.is_dir():
        raise CliError(
            f"--actions-out {actions_out}: there is no folder {actions_out.absolute().parent}; make it first"
        )
    try:
        if town:
            _live(actions_out, **lived)
            return
        plan = Plan(
            orders=_orders(orders),
            definitions=load_project(read_files([_definitions()])[1]),
            command=[sys.executable, "-c", START],
            data=load_settings().data.absolute(),
        )
        progress = asyncio.run(replay(plan, _view(plain)))
        if actions_out is not None:
            write_actions(progress, actions_out)
    except FAULTS as fault:
        raise CliError(str(fault)) from fault
    except KeyboardInterrupt:
        raise CliError("stopped by hand; all that the demo started is stopped and removed") from None


def _live(actions_out: Path | None, *, seconds: float, speed: float, customers: float, seed: float) -> None:
    plan = TownPlan(
        seed=int(seed),
        customers=int(customers),
        seconds=seconds,
        speed=speed,
        definitions=load_project(read_files([_definitions()])[1]),
        command=[sys.executable, "-c", START],
        data=load_settings().data.absolute(),
    )
    progress, tally = asyncio.run(live(plan, lambda line: click.echo(line)))
    for mail in list(progress.latest):
        click.echo(f"\nTo: {', '.join(mail.recipients)}\nSubject: {mail.message['Subject']}")
    click.echo("")
    for subject, fact in summary(progress, tally):
        click.echo(f"{subject:<20}{fact}")
    if actions_out is not None:
        write_town(progress, tally, actions_out)


def _orders(given: str) -> Orders:
    return read_orders(None if given == SHIPPED else Path(given))


def _definitions() -> Path:
    return Path(str(files("journeys"))) / "definitions"


def _view(plain: bool) -> View:
    console = Console()
    return PlainView(lambda line: click.echo(line)) if plain or not console.is_terminal else LiveView(console)

"""`sillage demo`: a town that is made up, or a year of real orders, through a real Kafka, worker and dispatcher."""

import asyncio
import sys
from importlib.resources import files
from pathlib import Path

import click
from rich.console import Console

from cli.errors import CliError
from cli.folder import read_files
from cli.settings import load_settings
from journeys.load import Folder, load_project
from local.demo import page as orders_page
from local.demo.outcome import write_actions
from local.demo.processes import DemoError
from local.demo.run import Plan, replay
from local.demo.view import LiveView, PlainView
from local.errors import LocalError
from local.orders.facts import OrdersError
from local.orders.read import read_orders
from local.town import lines as town_lines
from local.town.outcome import write_actions as write_town
from local.town.record import page as record_page
from local.town.record.recorder import Recorder, titles
from local.town.run import Plan as TownPlan
from local.town.run import live
from local.town.scene import Onlooker
from local.town.view.page import Page
from local.town.view.picture import Picture
from streams.broker.publish import PublishError
from streams.broker.topics import TopicsError
from streams.definitions.deploy import DeployFailed
from streams.definitions.plan import DeployRefused

SHIPPED = "shipped"
REPLAYED = ("first-order-thanks", "win-back")
"""The journeys that the orders are replayed with, so that plain SQL can say what must leave."""
LEFT_OUT = ("appointment", "order-ahead")
"""Journeys that ship and do not go with the quiet hours of the town, where nobody begins them."""
FAULTS = (DemoError, DeployFailed, DeployRefused, LocalError, OrdersError, PublishError, TopicsError, OSError)
START = "import sys; from cli.main import main; sys.exit(main())"
OF_THE_TOWN = {"seconds": 60.0, "speed": 1.0, "customers": 300, "seed": 1}
"""What is taken where an option of the town is not given."""
LONGEST_SECONDS = 3600.0
"""So long a town lives in a terminal, unless Ctrl-C ends it."""


@click.command()
@click.option(
    "--seconds",
    type=click.FloatRange(1, LONGEST_SECONDS),
    help="How long the town lives; 60, in a terminal until Ctrl-C.",
)
@click.option("--speed", type=click.FloatRange(0.05, 4), help="Hours of the town a second; 1.")
@click.option("--customers", type=click.IntRange(1, 5000), help="People in the town; 300.")
@click.option("--seed", type=int, help="Which town; 1.")
@click.option(
    "--orders",
    metavar="[FILE]",
    is_flag=False,
    flag_value=SHIPPED,
    help="Replay the Online Retail set instead, .csv or .csv.xz; without FILE the facts that ship, with one result.",
)
@click.option(
    "--actions-out",
    type=click.Path(dir_okay=False, writable=True, path_type=Path),
    metavar="OUT",
    help="Write one JSON object a line for each message that left, and each task.",
)
@click.option(
    "--picture",
    type=click.Path(dir_okay=False, writable=True, path_type=Path),
    metavar="FILE.svg",
    help="Draw the town at its liveliest, as an SVG.",
)
@click.option(
    "--record",
    type=click.Path(dir_okay=False, writable=True, path_type=Path),
    metavar="FILE.html",
    help="Write one page: the town replayed, charts over its time, and each person's why.",
)
@click.option("--observe", is_flag=True, help="Start Prometheus beside it where installed, and say where to look.")
@click.option("--plain", is_flag=True, help="Plain lines instead of a live page.")
def demo(
    orders: str | None,
    actions_out: Path | None,
    picture: Path | None,
    record: Path | None,
    observe: bool,
    plain: bool,
    **town: float | None,
) -> None:
    """Let a town live and watch the engine at work; or replay a year of real orders in event time, with --orders.

    In the town customers browse, fill baskets, call, walk past stores in the rain, read what they get and order;
    agents call back. Kafka and Redis are started if they do not run, worker and dispatcher (and, for the town, a
    learner) as processes, all on fresh topics that are deleted at the end. Ctrl-C ends the town's life early, and a
    second one everything. Exit status 0 once every message that was due has left, 1 with the reason otherwise.
    """
    for option, out in (("--actions-out", actions_out), ("--picture", picture), ("--record", record)):
        if out is not None and not out.absolute().parent.is_dir():
            raise CliError(f"{option} {out}: there is no folder {out.absolute().parent}; make it first")
    given = {name: value for name, value in town.items() if value is not None}
    shown = {name: out for name, out in (("picture", picture), ("record", record)) if out is not None}
    if orders is not None and (given or shown):
        raise CliError(f"--{next(iter({**given, **shown}))} is of the town; --orders replays what happened, without it")
    try:
        if orders is None:
            _live(actions_out, picture, record, observe, plain, given)
        else:
            _replay(orders, observe, plain, actions_out)
    except FAULTS as fault:
        raise CliError(str(fault)) from fault
    except KeyboardInterrupt:
        raise CliError("stopped by hand; all that the demo started is stopped and removed") from None


def _live(
    actions_out: Path | None,
    picture: Path | None,
    record: Path | None,
    observe: bool,
    plain: bool,
    given: dict[str, float],
) -> None:
    console = Console()
    told = {**OF_THE_TOWN, **({"seconds": LONGEST_SECONDS} if console.is_terminal else {}), **given}
    plan = TownPlan(
        seed=int(told["seed"]),
        customers=int(told["customers"]),
        seconds=told["seconds"],
        speed=told["speed"],
        definitions=town_folder(),
        command=[sys.executable, "-c", START],
        data=load_settings().data.absolute(),
        observe=observe,
    )
    page, painter = Page(), Picture()
    live_page = LiveView(console, page.page, page.last, screen=True)
    lines = PlainView(_say, town_lines.line, town_lines.letters)
    recorder = Recorder(plan.seed, plan.speed, titles(plan.definitions))
    asked: list[tuple[Onlooker, Path | None]] = [(painter, picture), (recorder, record)]
    onlookers = tuple(each for each, out in asked if out is not None)
    scene = asyncio.run(live(plan, lines if plain or not console.is_terminal else live_page, onlookers))
    if picture is not None:
        painter.write(scene, picture)
    if record is not None:
        record_page.write(recorder, scene, record)
    if actions_out is not None:
        write_town(scene.progress, scene.tally, actions_out)


def _replay(orders: str, observe: bool, plain: bool, actions_out: Path | None) -> None:
    plan = Plan(
        orders=read_orders(None if orders == SHIPPED else Path(orders)),
        definitions=load_project(read_files([_definitions() / "journeys" / f"{name}.yaml" for name in REPLAYED])[1]),
        command=[sys.executable, "-c", START],
        data=load_settings().data.absolute(),
        observe=observe,
    )
    console = Console()
    live_page = LiveView(console, orders_page.page, orders_page.last)
    lines = PlainView(_say, orders_page.line, orders_page.letters)
    progress = asyncio.run(replay(plan, lines if plain or not console.is_terminal else live_page))
    if actions_out is not None:
        write_actions(progress, actions_out)


def town_folder() -> Folder:
    """What the town lives by: the journeys that ship, its own beside them, and its own project in place of theirs.

    Left out are those whose messages are worth nothing any more when the quiet hours of the town end (J087).
    """
    shipped = read_files([_definitions()])[1]
    own = read_files([Path(str(files("local.town"))) / "definitions"])[1]
    kept = {path: text for path, text in shipped.items() if Path(path).stem not in LEFT_OUT}
    return load_project({**kept, **own})


def _say(line: str) -> None:
    click.echo(line)


def _definitions() -> Path:
    return Path(str(files("journeys"))) / "definitions"

"""`sillage deploy`, `sillage undeploy` and `sillage journeys`: what is in use, and how it gets there."""

import asyncio
import time
from collections.abc import Iterable
from pathlib import Path

import click

from cli.check import faults
from cli.errors import CliError
from cli.folder import Reading, read_folders
from cli.settings import load_settings
from cli.topics import aligned
from journeys.load import Folder, load_project
from journeys.problem import Problem
from streams.broker.topics import migrate
from streams.definitions import deploy as deployment
from streams.definitions.inside import Inside, people_inside
from streams.definitions.plan import DeployRefused, Released, messages_of
from streams.definitions.shelf import Release, Shelf
from streams.definitions.shelf_reader import read_shelf
from streams.settings import Settings

HEAD = ("journey", "version", "state", "inside")


@click.command()
@click.argument("paths", nargs=-1, required=True, metavar="PATH...", type=click.Path(path_type=Path))
@click.option("--note", default="", help="Why, kept with the release.")
def deploy(paths: tuple[Path, ...], note: str) -> None:
    """Check the definitions at PATH, a folder or journey files of one, and put them into use without a restart.

    Journeys of the folder are added or replaced, all others stay; people inside finish on the version that they are in.
    With any fault nothing changes: its line goes to stdout as with `check`, and the exit status is 1.
    """
    readings = read_folders(paths)
    _refuse([problem for reading in readings for problem in faults(reading)[0]])
    if len(readings) != 1:
        roots = ", ".join(str(reading.root) for reading in readings)
        raise CliError(f"definitions stand in {len(readings)} folders ({roots}); deploy one after the other")
    settings = load_settings()
    migrate(settings)
    try:
        _tell(asyncio.run(deployment.deploy(settings, _folder(readings[0]), _now_ms(), note)))
    except DeployRefused as refusal:
        _refuse(refusal.problems)


@click.command()
@click.argument("name")
def undeploy(name: str) -> None:
    """Close the journey NAME: nobody enters any more, those inside finish. A deploy opens it again."""
    _tell(asyncio.run(deployment.undeploy(load_settings(), name, _now_ms())))


@click.command()
def journeys() -> None:
    """List the journeys in use: name, version, whether people enter, and how many are inside.

    Versions that are no longer in use are listed while people are inside.
    """
    settings = load_settings()
    shelf, inside = asyncio.run(_look(settings))
    release = shelf.release
    if release is None:
        click.echo(f"{settings.prefix}: no journey is deployed; `sillage deploy PATH` does it", err=True)
        return
    for line in aligned([HEAD, *rows(release, inside)]):
        click.echo(line)


def rows(release: Release, inside: Inside) -> list[tuple[str, ...]]:
    """One row a journey and version: name, version, open, closed or old, people inside; the one in use comes first."""
    deployed = {(name, one.version): "open" if one.open else "closed" for name, one in release.journeys.items()}
    states = {**dict.fromkeys(inside, "old"), **deployed}
    order = sorted(states, key=lambda key: (key[0], states[key] == "old", key[1]))
    return [(*key, states[key], str(inside[key])) for key in order]


def _folder(reading: Reading) -> Folder:
    """The folder to deploy; for single files, without what they do not use."""
    folder = load_project(reading.files)
    if reading.whole:
        return folder
    sent = {f"messages/{name}/" for loaded in folder.journeys.values() for name in messages_of(loaded)}
    given = {name.rpartition("/")[0] + "/" for name in reading.asked if name.startswith("messages/")}
    used = ("project.yaml", *reading.asked, *sent, *given)
    return load_project({path: text for path, text in reading.files.items() if path.startswith(used)})


async def _look(settings: Settings) -> tuple[Shelf, Inside]:
    return await read_shelf(settings), await people_inside(settings)


def _refuse(problems: Iterable[Problem]) -> None:
    """Ends with the lines of `check` where there are any."""
    lines = sorted(set(problems))
    for line in lines:
        click.echo(str(line))
    if lines:
        count = "1 fault" if len(lines) == 1 else f"{len(lines)} faults"
        click.echo(f"{count}; nothing was changed", err=True)
        raise SystemExit(1)


def _tell(released: Released) -> None:
    click.echo(f"release {released.n}")
    for what, names in (("added", released.added), ("changed", released.changed), ("unchanged", released.unchanged)):
        if names:
            click.echo(f"{what}: {', '.join(names)}")


def _now_ms() -> int:
    return time.time_ns() // 1_000_000

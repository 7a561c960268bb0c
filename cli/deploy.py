"""`sillage deploy`, `sillage undeploy` and `sillage journeys`: what is in use, and how it gets there."""

import asyncio
import time
from collections.abc import Iterable, Sequence
from pathlib import Path

import click
import msgspec

from cli.check import faults
from cli.errors import CliError
from cli.folder import Reading, read_folders
from cli.movemap import read_map
from cli.settings import load_settings
from cli.topics import aligned
from journeys.load import Folder, load_project
from journeys.problem import Problem
from journeys.uses import needed
from streams.broker.topics import migrate
from streams.definitions import deploy as deployment
from streams.definitions.inside import Inside, people_inside
from streams.definitions.moving import FOLLOW, MIGRATE, MODES, PIN, MapRefused, Moving
from streams.definitions.plan import DeployRefused, Released
from streams.definitions.rehearsal import Gone, Rehearsal
from streams.definitions.shelf import Release, Shelf, Shelved
from streams.definitions.shelf_reader import read_shelf
from streams.settings import Settings

HEAD = ("journey", "version", "state", "inside")
FATES = ("journey", "mode", "stay", "move", "leave")


@click.command()
@click.argument("paths", nargs=-1, metavar="[PATH]...", type=click.Path(path_type=Path))
@click.option("--note", default="", help="Why, kept with the release.")
@click.option(
    "--mode", type=click.Choice(MODES), default=PIN, show_default=True,
    help="Who is inside finishes on the version entered (pin), goes on in the new one and leaves where the node is "
    "gone (follow), or goes on by a map of nodes (migrate).",
)  # fmt: skip
@click.option("--map", "map_", type=click.Path(path_type=Path), help="For migrate: journey: {old id: new id or null}.")
@click.option("--release", "number", type=click.IntRange(min=1), help="Instead of PATH: this release once more.")
@click.option("--dry-run", is_flag=True, help="Print who would stay, move or leave; publish nothing.")
def deploy(paths: tuple[Path, ...], note: str, mode: str, map_: Path | None, number: int | None, dry_run: bool) -> None:
    """Check the definitions at PATH, a folder or journey files of one, and put them into use without a restart.

    Journeys of the folder are added or replaced, all others stay. With any fault nothing changes: its line goes to
    stdout as with `check`, and the exit status is 1. Those inside are counted by enrollment.
    """
    if (mode == MIGRATE) != (map_ is not None):
        raise CliError("--mode migrate and --map belong together; give both, or neither")
    if bool(paths) == (number is not None):
        raise CliError("expected definitions at PATH, or the number of a release behind --release; give one of them")
    moving = Moving(mode, read_map(map_) if map_ is not None else {})
    reading = _checked(paths) if number is None else None
    what = _folder(reading) if reading is not None else number or 0
    settings = load_settings()
    try:
        if dry_run:
            _tell_ahead(asyncio.run(deployment.look_ahead(settings, what, _now_ms(), moving)))
        else:
            migrate(settings)
            tell(asyncio.run(deployment.deploy(settings, what, _now_ms(), note, moving)))
    except DeployRefused as refusal:
        _refuse(_shown(refusal.problems, reading))
    except MapRefused as refusal:
        _end([*map(str, _shown(refusal.problems, reading)), *refusal.faults])


def _checked(paths: tuple[Path, ...]) -> Reading:
    """What is to be deployed; ends with the lines of `check` where there are any."""
    readings = read_folders(paths)
    _refuse([problem for reading in readings for problem in faults(reading)[0]])
    if len(readings) != 1:
        roots = ", ".join(str(reading.root) for reading in readings)
        raise CliError(f"definitions stand in {len(readings)} folders ({roots}); deploy one after the other")
    return readings[0]


def _shown(problems: Iterable[Problem], reading: Reading | None) -> list[Problem]:
    """With the files named as a person at this terminal sees them."""
    if reading is None:
        return list(problems)
    return [msgspec.structs.replace(problem, file=reading.shown(problem.file)) for problem in problems]


@click.command()
@click.argument("name")
def undeploy(name: str) -> None:
    """Close the journey NAME: nobody enters any more, those inside finish. A deploy opens it again."""
    tell(asyncio.run(deployment.undeploy(load_settings(), name, _now_ms())))


@click.command()
def journeys() -> None:
    """List the journeys in use: name, version, whether people enter, and how many are inside.

    A `paused` journey stands still, with `no entries` only those inside go on. Versions that are no longer in use are
    listed while people are inside.
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
    """One row a journey and version: name, version, state, people inside; the one in use comes first."""
    deployed = {(name, one.version): _state(one) for name, one in release.journeys.items()}
    states = {**dict.fromkeys(inside, "old"), **deployed}
    order = sorted(states, key=lambda key: (key[0], states[key] == "old", key[1]))
    return [(*key, states[key], str(inside[key])) for key in order]


def _state(one: Shelved) -> str:
    if not one.open:
        return "closed"
    pause = one.pause
    if pause is None or not pause.closed:
        return "open"
    return "paused" if pause.stands else "no entries"


def _folder(reading: Reading) -> Folder:
    """The folder to deploy; for single files, without what they do not use."""
    if reading.whole:
        return load_project(reading.files)
    given = {name.rpartition("/")[0] + "/" for name in reading.asked if name.startswith("messages/")}
    return load_project(needed(reading.files, {*reading.asked, *given}))


async def _look(settings: Settings) -> tuple[Shelf, Inside]:
    return await read_shelf(settings), await people_inside(settings)


def _refuse(problems: Iterable[Problem]) -> None:
    """Ends with the lines of `check` where there are any."""
    _end([str(each) for each in sorted(set(problems))])


def _end(lines: Sequence[str]) -> None:
    for line in lines:
        click.echo(line)
    if lines:
        count = "1 fault" if len(lines) == 1 else f"{len(lines)} faults"
        click.echo(f"{count}; nothing was changed", err=True)
        raise SystemExit(1)


def _tell_ahead(rehearsal: Rehearsal) -> None:
    _tell_journeys(rehearsal.plan.released)
    for line in aligned([FATES, *((*each[:2], *map(str, each[2:])) for each in rehearsal.fates)]):
        click.echo(line)
    modes = {each.journey: each.mode for each in rehearsal.fates}
    for gone in rehearsal.gone:
        click.echo(_said(gone, modes[gone.journey]))
    click.echo("dry run: nothing was changed", err=True)


def _said(gone: Gone, mode: str) -> str:
    leaves = "they finish on their version" if mode == PIN else "they leave"
    what = f"they go on at {gone.to}" if gone.to else leaves
    if mode not in (PIN, FOLLOW) and gone.to is None and not gone.standing:
        what = "the map may leave it out"
    return f"{gone.journey}: node {gone.node} is gone, {gone.standing} stand there; {what}"


def tell(released: Released) -> None:
    """Says which release is in use now, and what it did."""
    click.echo(f"release {released.n}")
    _tell_journeys(released)


def _tell_journeys(released: Released) -> None:
    for what, names in (("added", released.added), ("changed", released.changed), ("unchanged", released.unchanged)):
        if names:
            click.echo(f"{what}: {', '.join(names)}")


def _now_ms() -> int:
    return time.time_ns() // 1_000_000

"""`sillage test`: plays the lives beside the journeys in virtual time, through the processor that workers run."""

from collections.abc import Iterator
from pathlib import Path

import click
import msgspec

from cli.errors import CliError
from cli.folder import Reading, read_folders
from cli.lives import differences, play
from journeys.checks import check
from journeys.lives import Life, read_lives
from journeys.load import Folder, load_project
from journeys.problem import Problem
from streams.driver import catalog_of

DEFAULT = Path("journeys/definitions")


@click.command("test")
@click.argument("paths", nargs=-1, metavar="[PATH]...", type=click.Path(path_type=Path))
def test(paths: tuple[Path, ...]) -> None:
    """Play the lives beside the journeys at PATH: folders, journey files or files of lives; else journeys/definitions.

    A life that does not go as its `expect` says is shown as a diff. The last line counts; exit status 1 if any failed.
    """
    passed = failed = 0
    for path in paths or (DEFAULT,):
        for title, lines in _played(path):
            passed, failed = (passed, failed + 1) if lines else (passed + 1, failed)
            click.echo(f"{'FAIL' if lines else 'ok  '}  {title}")
            for line in lines:
                click.echo(f"      {line}")
    click.echo(f"{passed} passed, {failed} failed")
    if failed:
        raise SystemExit(1)


def _played(path: Path) -> Iterator[tuple[str, list[str]]]:
    """Each life of a path as its title, and what differs. Raises CliError with every fault of the definitions."""
    root, wanted, journey = _meant(path)
    reading = read_folders([root])[0]
    folder = load_project(reading.files)
    lives, problems = _lives(folder, wanted, journey)
    problems = sorted({*reading.problems, *check(folder), *problems})
    if problems:
        shown = [msgspec.structs.replace(problem, file=reading.shown(problem.file)) for problem in problems]
        raise CliError("\n".join(["the definitions have faults", *map(str, shown)]))
    if not lives:
        raise CliError(f"{path}: no life found; write lives/NAME.yaml beside the journeys")
    catalogs = {name: catalog_of(folder, [name]) for name in {life.journey for life in lives}}
    for life in lives:
        yield _title(reading, life), differences(life.expect, play(life, catalogs[life.journey]))


def _meant(path: Path) -> tuple[Path, str, str]:
    """The designer's folder, the one file of lives meant, and the one journey meant; empty for all."""
    if path.is_dir() and path.name not in ("lives", "journeys"):
        return path, "", ""
    if path.is_dir():
        return path.absolute().parent, "", ""
    root = path.absolute().parent.parent
    if path.absolute().parent.name == "lives":
        return root, f"lives/{path.name}", ""
    return root, "", path.stem


def _lives(folder: Folder, wanted: str, journey: str) -> tuple[list[Life], list[Problem]]:
    lives: list[Life] = []
    problems: list[Problem] = []
    for file, text in sorted(folder.lives.items()):
        if wanted and file != wanted:
            continue
        found, faults = read_lives(file, text, folder.project.zone)
        problems += faults
        problems += [_unknown(life) for life in found if life.journey not in folder.journeys]
        lives += [life for life in found if not journey or life.journey == journey]
    return lives, problems


def _unknown(life: Life) -> Problem:
    what = f"no journey `{life.journey}` stands in this folder"
    return Problem(life.file, 1, 1, "J012", what, "name one of journeys/")


def _title(reading: Reading, life: Life) -> str:
    return f"{life.journey}: {life.name}  ({reading.shown(life.file)}:{life.line})"

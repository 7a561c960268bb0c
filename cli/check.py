"""`sillage check`: every fault of definitions at once, one line each."""

import time
from pathlib import Path

import click
import msgspec

from cli.folder import Reading, read_folders
from journeys.checks import check as check_folder
from journeys.checks.fixing import fixed
from journeys.load import Folder, load_project
from journeys.outline import nodes
from journeys.problem import Problem
from journeys.tree import Scalar


@click.command()
@click.argument("paths", nargs=-1, required=True, metavar="PATH...", type=click.Path(path_type=Path))
@click.option("--fix", is_flag=True, help="First write ids into journeys where two nodes would have one.")
def check(paths: tuple[Path, ...], fix: bool) -> None:
    """Find every fault of the definitions at PATH: folders, or single journey files.

    Faults go to stdout, sorted, one line each, `file:line:column: CODE what is wrong; hint: the cure`; their count goes
    to stderr. Exit status 1 if there is any.
    """
    problems: set[Problem] = set()
    checked = 0
    for reading in read_folders(paths):
        if fix:
            _fix(reading)
        found, files = faults(reading)
        problems.update(found)
        checked += files
    for problem in sorted(problems):
        click.echo(str(problem))
    if problems:
        where = len({problem.file for problem in problems})
        click.echo(f"{_counted(len(problems), 'fault')} in {_counted(where, 'file')}", err=True)
        raise SystemExit(1)
    click.echo(f"no fault in {_counted(checked, 'file')}", err=True)


def _fix(reading: Reading) -> None:
    """Writes what has one cure into the files; comments and form stay."""
    for draft in load_project(reading.files).drafts:
        text = reading.files[draft.path]
        cured = fixed(draft, text)
        if cured != text:
            (reading.root / draft.path).write_text(cured, encoding="utf-8", newline="")
            reading.files[draft.path] = cured
            click.echo(f"fixed {reading.shown(draft.path)}", err=True)


def faults(reading: Reading) -> tuple[list[Problem], int]:
    """All faults of one folder, its files named as a person at this terminal sees them, and how many were checked."""
    folder = load_project(reading.files)
    found = [*reading.problems, *check_folder(folder, time.time_ns() // 1_000_000)]
    files = list(reading.files)
    if not reading.whole:
        meant = tuple(_meant(reading, folder))
        # The journeys beside one that was given alone are not read, so none can be told as missing.
        found = [each for each in found if each.file.startswith(meant) and not _is_elsewhere(each)]
        files = [file for file in files if file.startswith(meant)]
    return [msgspec.structs.replace(problem, file=reading.shown(problem.file)) for problem in found], len(files)


def _is_elsewhere(problem: Problem) -> bool:
    return problem.code == "J052" and problem.message.startswith("unknown")


def _meant(reading: Reading, folder: Folder) -> set[str]:
    """What single files are held against: themselves, the project, their lives and the messages they send."""
    lives = {f"lives/{Path(name).stem}.yaml" for name in reading.asked}
    values = [node.get("send") for draft in folder.drafts for node in nodes(draft.positions.root)]
    sent = {f"messages/{value.text}/" for value in values if isinstance(value, Scalar)}
    given = {name.rpartition("/")[0] + "/" for name in reading.asked if name.startswith("messages/")}
    return {"project.yaml", *reading.asked, *lives, *sent, *given}


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"

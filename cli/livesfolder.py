"""The lives that a path on the command line means, with the definitions that they are played with."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import msgspec

from cli.errors import CliError
from cli.folder import Reading, read_folders
from engine.catalog import Catalog
from journeys.checks import check
from journeys.lives import Life, read_lives
from journeys.load import Folder, load_project
from journeys.model import Split, Start
from journeys.model.walk import all_nodes
from journeys.problem import Problem, did_you_mean, listed
from streams.driver import catalogs_from

Catalogs = dict[tuple[str, tuple[str, ...]], Catalog]


class Lives(NamedTuple):
    """The lives meant and the definitions beside them; `journeys` names those that the lives are to reach."""

    reading: Reading
    folder: Folder
    lives: list[Life]
    journeys: list[str]


def read_lives_at(path: Path, named: str = "") -> Lives:
    """The lives of a folder, of a file of lives, or of a journey, whose journey or name holds the text `named`.

    Raises CliError with every fault of the definitions, and where there is no life at all.
    """
    found = definitions_at(path)
    if not found.lives:
        raise CliError(f"{path}: no life found; write lives/NAME.yaml beside the journeys")
    kept = [life for life in found.lives if named.lower() in f"{life.journey}: {life.name}".lower()]
    return found._replace(lives=kept, journeys=sorted({life.journey for life in kept}) if named else found.journeys)


def definitions_at(path: Path) -> Lives:
    """As `read_lives_at`, of all lives and also where there is none."""
    root, wanted, journey = _meant(path)
    reading = read_folders([root])[0]
    # Lives are read once, here: reading YAML takes most of the time that a test of thousands does.
    texts = {file: text for file, text in reading.files.items() if file.startswith("lives/")}
    folder = load_project({file: text for file, text in reading.files.items() if file not in texts})
    lives, problems = _lives(folder, texts, wanted, journey)
    problems = sorted({*reading.problems, *check(folder), *problems})
    if problems:
        shown = [msgspec.structs.replace(problem, file=reading.shown(problem.file)) for problem in problems]
        raise CliError("\n".join(["the definitions have faults", *map(str, shown)]))
    return Lives(
        reading, folder, lives, sorted({life.journey for life in lives} if wanted or journey else folder.journeys)
    )


def _meant(path: Path) -> tuple[Path, str, str]:
    """The designer's folder, the one file of lives meant, and the one journey meant; empty for all.

    Raises CliError where nothing is there, whose parent would else be read.
    """
    if not path.exists():
        raise CliError(f"{path}: no such file or folder; check the spelling of the path")
    if path.is_dir() and path.name not in ("lives", "journeys"):
        return path, "", ""
    if path.is_dir():
        return path.absolute().parent, "", ""
    root = path.absolute().parent.parent
    if path.absolute().parent.name == "lives":
        return root, f"lives/{path.name}", ""
    return root, "", path.stem


def _lives(folder: Folder, texts: dict[str, str], wanted: str, journey: str) -> tuple[list[Life], list[Problem]]:
    lives: list[Life] = []
    problems: list[Problem] = []
    for file, text in sorted(texts.items()):
        if wanted and file != wanted:
            continue
        found, faults = read_lives(file, text, folder.project.zone)
        problems += faults
        named = {name for life in found for name in (life.journey, *life.beside)}
        problems += [_unknown(file, name) for name in sorted(named - set(folder.journeys))]
        problems += [fault for life in found if life.journey in folder.journeys for fault in _arms(folder, life)]
        lives += [life for life in found if not journey or life.journey == journey]
    return lives, problems


def started_by(folder: Folder, journey: str) -> list[str]:
    """The journey and those that it starts, those that they start included, which its lives are played with."""
    found, open_ = [journey], [journey]
    while open_:
        nodes = all_nodes(folder.journeys[open_.pop()].model)
        started = {node.start for _, node in nodes if isinstance(node, Start) and node.start in folder.journeys}
        open_ += sorted(started - set(found))
        found += sorted(started - set(found))
    return found


def played_with(folder: Folder, life: Life) -> list[str]:
    """The journeys that are open in a life: its own, those beside it, and what any of them starts."""
    return sorted({each for name in (life.journey, *life.beside) for each in started_by(folder, name)})


def catalogs_of(folder: Folder, lives: Iterable[Life]) -> Catalogs:
    """What each life is played with, by its journey and those beside it."""
    first = {(life.journey, life.beside): life for life in lives}
    if not first:
        return {}
    made = catalogs_from(folder)
    return {named: made(played_with(folder, life)) for named, life in first.items()}


def _arms(folder: Folder, life: Life) -> Iterator[Problem]:
    """Arms that no split of the life's journey has."""
    nodes = all_nodes(folder.journeys[life.journey].model)
    arms = {node.split: list(node.arms) for _, node in nodes if isinstance(node, Split)}
    for name, arm in life.arms.items():
        if arm not in arms.get(name, ()):
            what = f"the life `{life.name}` draws the arm `{arm}` of the split `{name}`, which {life.journey} has not"
            known = arms.get(name, list(arms))
            yield Problem(life.file, life.line, 1, "J012", what, did_you_mean(arm, known, f"it has {listed(known)}"))


def _unknown(file: str, name: str) -> Problem:
    what = f"no journey `{name}` stands in this folder"
    return Problem(file, 1, 1, "J012", what, "name one of journeys/")

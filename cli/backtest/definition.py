"""The definitions that are played: read, checked, and the journeys asked for found among them."""

import re
from collections.abc import Sequence
from pathlib import Path

import msgspec

from cli.errors import CliError
from cli.folder import Reading, read_folders
from journeys.checks import check
from journeys.load import Folder, load_project
from journeys.problem import did_you_mean
from streams.backtest.crew import Definition

_AROUND = re.compile(r"\b(?:weather|near|nearest|inside)\s*\(")


class Read:
    """One designer's folder, sound. Raises CliError with every fault."""

    def __init__(self, path: Path) -> None:
        readings = read_folders([path])
        self._reading: Reading = readings[0]
        self.folder: Folder = load_project(self._reading.files)
        problems = sorted({*self._reading.problems, *check(self.folder)})
        if problems:
            shown = [msgspec.structs.replace(each, file=self._reading.shown(each.file)) for each in problems]
            raise CliError("\n".join([f"{path}: the definitions have faults", *map(str, shown)]))

    def definition(self, journeys: Sequence[str]) -> Definition:
        """What players are made from: of these journeys the ones that the folder holds, or all of them for none."""
        held = self.folder.journeys
        return Definition(self._reading.files, sorted(name for name in held if not journeys or name in journeys))

    def asks(self, journeys: Sequence[str]) -> bool:
        """Whether a condition of these journeys asks for places or weather."""
        return any(_AROUND.search(self.folder.journeys[name].text) for name in journeys)


def refuse_unknown(journeys: Sequence[str], *read: Read) -> None:
    """Whether each journey asked for stands in one of the folders. Raises CliError."""
    known = sorted({name for each in read for name in each.folder.journeys})
    for name in journeys:
        if name not in known:
            raise CliError(f"journey {name}: not in the folder; {did_you_mean(name, known, ', '.join(known))}")

"""The journeys that a person named on the command line, by path or by name."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec

from cli.errors import CliError
from cli.folder import Reading, read_folders
from journeys.load import Folder, LoadedJourney, load_project
from journeys.problem import did_you_mean

DEFAULT = Path("journeys/definitions")


class Chosen(NamedTuple):
    """One journey whose every key and value fits, with the folder that it stands in."""

    reading: Reading
    folder: Folder
    loaded: LoadedJourney


def chosen(names: Sequence[str], default: Path = DEFAULT) -> list[Chosen]:
    """The journeys of files and folders; a name that is no path is that of a journey in the folder `default`.

    Raises CliError for what is not there, and with every fault of form of those that are meant.
    """
    found: dict[str, Chosen] = {}
    for name in names:
        for each in _of_path(Path(name)) if Path(name).exists() else [_of_name(name, default)]:
            found[each.reading.shown(each.loaded.path)] = each
    return list(found.values())


def _of_path(path: Path) -> Iterator[Chosen]:
    for reading in read_folders([path]):
        folder = load_project(reading.files)
        meant = {file for file in reading.files if file in reading.asked or reading.whole}
        faults = [fault for fault in sorted({*reading.problems, *folder.problems}) if fault.file in meant]
        if faults:
            shown = [msgspec.structs.replace(fault, file=reading.shown(fault.file)) for fault in faults]
            raise CliError("\n".join([f"{path}: cannot be read", *map(str, shown)]))
        for loaded in folder.journeys.values():
            if loaded.path in meant:
                yield Chosen(reading, folder, loaded)


def _of_name(name: str, default: Path) -> Chosen:
    file = default / "journeys" / f"{name}.yaml"
    for each in _of_path(file) if file.is_file() else ():
        return each
    known = sorted(path.stem for path in (default / "journeys").glob("*.yaml"))
    raise CliError(f"{name}: no such file, and no journey in {default}; {did_you_mean(name, known, 'give a path')}")

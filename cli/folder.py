"""Designers' files, from paths on the command line to texts by their place in the folder."""

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from cli.errors import CliError
from journeys.problem import Problem

FILE_LIMIT = 1024 * 1024
_MARKS = ("project.yaml", "journeys", "messages", "lives", "segments", "offers", "faq", "brands", "schemas")
_BESIDE = ("lives", "segments", "offers", "faq", "brands", "schemas")
_YAML = (".yaml", ".yml")
_TEXTS = (*_YAML, ".html", ".txt")


@dataclass
class Reading:
    """What stands in one designer's folder: texts by relative path, and what could not be read.

    `asked` names the journey files that were given one by one; it is empty where the whole folder was.
    """

    root: Path
    absolute: bool
    files: dict[str, str] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    asked: set[str] = field(default_factory=set)
    whole: bool = False

    def shown(self, file: str) -> str:
        """A file of the folder as a person can click it: seen from here, or whole if given so and elsewhere."""
        path = self.root / file
        here = Path.cwd()
        return str(path) if self.absolute and not path.is_relative_to(here) else os.path.relpath(path, here)


def read_files(paths: Iterable[Path]) -> tuple[Path, dict[str, str]]:
    """The root of one designer's folder and its texts by relative path, for `load_project`.

    `paths` are a folder, or journey files of one folder. Raises CliError for what cannot be read, and for two folders.
    """
    readings = read_folders(paths)
    for reading in readings:
        for problem in reading.problems:
            raise CliError(f"{reading.shown(problem.file)}: {problem.message}; {problem.hint}")
    if len(readings) != 1:
        roots = ", ".join(str(reading.root) for reading in readings)
        raise CliError(f"definitions stand in {len(readings)} folders ({roots}); give those of one")
    return readings[0].root, readings[0].files


def read_folders(paths: Iterable[Path]) -> list[Reading]:
    """One reading for each designer's folder that the paths are, or lie in. What cannot be read is a Problem there."""
    readings: dict[Path, Reading] = {}
    for path in paths:
        for place, names in _places(path):
            reading = readings.setdefault(place, Reading(place, path.is_absolute()))
            reading.whole = reading.whole or names is None
            reading.asked |= names or set()
    for reading in readings.values():
        _read_all(reading)
    return list(readings.values())


def _places(path: Path) -> Iterator[tuple[Path, set[str] | None]]:
    """The root for a path, with the files meant; None means all that the layout holds."""
    full = Path(os.path.abspath(path))  # noqa: PTH100 - resolve() would follow links away from what was typed.
    if not full.is_dir():
        root = _root_of(full)
        yield root, {full.relative_to(root).as_posix()}
    elif any((full / mark).exists() for mark in _MARKS):
        yield full, None
    else:
        root = _root_of(full / "any.yaml")
        names = {file.relative_to(root).as_posix() for file in _inside(full) if file.suffix in _YAML}
        yield root, names or None


def _root_of(file: Path) -> Path:
    """The top of the designer's folder that a file lies in, else the folder beside it."""
    if file.parent.parent.name == "messages":
        return file.parent.parent.parent
    above = file.parent.parent
    laid_out = (above / "project.yaml").exists() or (above / "messages").exists()
    return above if file.parent.name in ("journeys", *_BESIDE) and laid_out else file.parent


def _read_all(reading: Reading) -> None:
    for name in sorted({*reading.asked, *_layout(reading)}):
        try:
            reading.files[name] = _text(reading.root / name)
        except _UnreadableError as error:
            reading.problems.append(Problem(name, error.line, 1, "J023", error.what, error.hint))
    for name in sorted(reading.asked):
        if _is_journey(name) and not name.endswith(".yaml") and name in reading.files:
            what = "a journey stands in a file NAME.yaml"
            reading.problems.append(Problem(name, 1, 1, "J023", what, "name it so, or give another file"))
    if reading.whole and not any(_is_journey(name) for name in reading.files) and not reading.problems:
        hint = "write journeys/NAME.yaml, and the messages it sends into messages/"
        reading.problems.append(Problem(".", 1, 1, "J023", "no journey stands in this folder", hint))


def _is_journey(name: str) -> bool:
    return name.startswith("journeys/") or ("/" not in name and name != "project.yaml")


def _layout(reading: Reading) -> Iterator[str]:
    """What a folder holds by its layout; its journeys only where the whole folder was given."""
    root = reading.root
    yield from (name for name in ("project.yaml", "project.yml") if (root / name).exists())
    folders: list[tuple[Path, tuple[str, ...]]] = [(root / name, _YAML) for name in _BESIDE]
    folders += [(root / "layouts", _TEXTS)]
    folders += [(root / "journeys", _YAML)] if reading.whole else []
    folders += [(folder, _TEXTS) for folder in _inside(root / "messages") if folder.is_dir()]
    for folder, endings in folders:
        yield from (file.relative_to(root).as_posix() for file in _inside(folder) if file.suffix in endings)


def _inside(folder: Path) -> list[Path]:
    """The visible entries of a folder; one that is not there, or may not be read, has none."""
    try:
        return sorted(file for file in folder.iterdir() if not file.name.startswith("."))
    except OSError:
        return []


class _UnreadableError(Exception):
    def __init__(self, what: str, hint: str, line: int = 1) -> None:
        super().__init__(what)
        self.what, self.hint, self.line = what, hint, line


def _text(path: Path) -> str:
    try:
        if not path.exists():
            raise _UnreadableError("no such file or folder", "check the spelling of the path")
        # Opening a pipe or a device could wait for ever.
        if not path.is_file():
            raise _UnreadableError("this is not a file", "remove it, or give a file")
        with path.open("rb") as file:
            data = file.read(FILE_LIMIT + 1)
    except OSError as error:
        raise _UnreadableError(f"the file cannot be read: {error.strerror or error}", "check its permissions") from None
    if len(data) > FILE_LIMIT:
        raise _UnreadableError(f"the file holds more than {FILE_LIMIT} bytes", "split it")
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        what = f"the byte {data[error.start]:#04x} is not UTF-8"
        raise _UnreadableError(what, "save the file as UTF-8", line) from None

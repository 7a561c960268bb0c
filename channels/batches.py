"""Batches of letters for the print house: each letter in one batch, also where the making of one was killed.

In the folder of letters, `batches/NAME.ids` says which letters a batch has. It is written first, as `NAME.open`; then
the print files; then it is given its name. A batch that is found open is written again, under the same name, from the
same letters, so that the print house may drop a name that it had.
"""

import csv
import fcntl
import io
import json
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from channels.postal import LETTERS, Letter, one_line, write_whole
from journeys.messages.parts import MAX_LINES

BATCHES, PRINT = "batches", "print"
KEPT_MS = 7 * 24 * 3_600_000
"""How long a letter is kept after its batch: longer than its action may come again (docs/protocol.md 1.21)."""
_FORMULA = re.compile(r"[=+\-@]")
_NAME = re.compile(r"letters-([0-9]{8})-([0-9]{3,})")


class BatchError(Exception):
    """The folder of letters cannot be used: which, what is wrong, and the cure."""


@dataclass(frozen=True)
class Batch:
    """What was written: the print files, how many letters they hold, and how many were worth nothing any more."""

    files: Sequence[Path]
    letters: int
    late: int = 0


def make_batch(folder: Path, now: int) -> list[Batch]:
    """Makes one batch of all letters that are in none, and ends those that were begun; `now` is in ms.

    Raises BatchError where the folder is not there, or another makes one now, and OSError.
    """
    with _alone(folder):
        begun = sorted((folder / BATCHES).glob("*.open"))
        made = [_finish(folder, path) for path in begun]
        waiting = _waiting(folder)
        if waiting:
            late = [path.name for path, letter in waiting if letter.until and letter.until <= now]
            names = [path.name for path, _ in waiting if path.name not in late]
            opened = folder / BATCHES / f"{_next_name(folder, now)}.open"
            write_whole(opened, json.dumps({"letters": names, "late": late, "at": now}).encode())
            made.append(_finish(folder, opened))
        _clear(folder, now)
        return made


def waiting_letters(folder: Path) -> list[Letter]:
    """Those that are in no batch yet, in the order in which they were taken. Raises BatchError."""
    if not folder.is_dir():
        raise BatchError(f"{folder}: is no folder; set SILLAGE_POSTAL to that of the letters")
    return [letter for _, letter in _waiting(folder)]


def to_csv(letters: Sequence[Letter]) -> str:
    """A row a letter (RFC 4180); a cell that a spreadsheet would take for a formula has an apostrophe before it."""
    fields = sorted({name for letter in letters for name in letter.fields})
    lines = [f"address_{number}" for number in range(1, MAX_LINES + 1)]
    out = io.StringIO(newline="")
    rows = csv.writer(out, quoting=csv.QUOTE_ALL)
    rows.writerow(["action_id", "letter", *lines, "code", *fields])
    for letter in letters:
        address = [*letter.address, *[""] * MAX_LINES][:MAX_LINES]
        filled = [letter.fields.get(each, "") for each in fields]
        texts = [letter.action_id, letter.letter, *address, letter.code, *filled]
        rows.writerow([_defused(one_line(text)) for text in texts])
    return out.getvalue()


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    if not folder.is_dir():
        raise BatchError(f"{folder}: is no folder; set SILLAGE_POSTAL to that of the letters")
    with (folder / ".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise BatchError(f"{folder}: another process makes a batch; wait until it has ended") from None
        yield


def _finish(folder: Path, opened: Path) -> Batch:
    """Writes the print files of a batch that was begun, and closes it."""
    told = json.loads(opened.read_bytes())
    paths = [folder / LETTERS / name for name in told["letters"]]
    letters = sorted((letter for path in paths if (letter := _read(path))), key=_order)
    base = folder / PRINT / opened.stem
    files = []
    if letters:
        rows = "".join(json.dumps(_printed(letter), ensure_ascii=False) + "\n" for letter in letters)
        write_whole(base.with_suffix(".jsonl"), rows.encode())
        write_whole(base.with_suffix(".csv"), to_csv(letters).encode())
        files = [base.with_suffix(".csv"), base.with_suffix(".jsonl")]
    opened.replace(opened.with_suffix(".ids"))
    return Batch(files, len(letters), len(told["late"]))


def _waiting(folder: Path) -> list[tuple[Path, Letter]]:
    had: set[str] = set()
    for path in (folder / BATCHES).glob("*.*"):
        if path.suffix in (".ids", ".open"):
            told = json.loads(path.read_bytes())
            had.update(told["letters"], told["late"])
    # A hidden name is a draft that a process left which was killed.
    paths = [path for path in (folder / LETTERS).glob("[!.]*.json") if path.name not in had]
    found = [(path, letter) for path in paths if (letter := _read(path))]
    return sorted(found, key=lambda pair: _order(pair[1]))


def _clear(folder: Path, now: int) -> None:
    """Removes letters that were in a batch for long, what says so, and drafts of processes that were killed."""
    for path in (folder / BATCHES).glob("*.ids"):
        told = json.loads(path.read_bytes())
        if now - told["at"] > KEPT_MS:
            for name in (*told["letters"], *told["late"]):
                (folder / LETTERS / name).unlink(missing_ok=True)
            path.unlink()
    for draft in folder.glob("*/.*.draft"):
        with suppress(FileNotFoundError):
            # A dispatcher may give it its name meanwhile.
            if now - draft.stat().st_mtime * 1000 > KEPT_MS:
                draft.unlink()


def _next_name(folder: Path, now: int) -> str:
    """The name of a batch: its day, and a number above those of the day."""
    day = _day(now)
    found = [_NAME.fullmatch(path.stem) for path in (folder / BATCHES).glob(f"letters-{day}-*")]
    last = max((int(match[2]) for match in found if match), default=0)
    return f"letters-{day}-{last + 1:03d}"


def _day(now: int) -> str:
    return datetime.fromtimestamp(now / 1000, UTC).strftime("%Y%m%d")


def _read(path: Path) -> Letter | None:
    """None where an erasure took it away."""
    try:
        return Letter(**json.loads(path.read_bytes()))
    except FileNotFoundError:
        return None


def _printed(letter: Letter) -> dict[str, object]:
    return {name: value for name, value in asdict(letter).items() if name not in ("at", "until")}


def _order(letter: Letter) -> tuple[int, str]:
    return letter.at, letter.action_id


def _defused(text: str) -> str:
    return f"'{text}" if _FORMULA.match(text) else text

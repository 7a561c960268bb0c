"""Dead letters as an operator sees them: each with its origin, why it died, and what was done about it."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

import msgspec

from streams.broker.source import Spot
from streams.operations.sweep import Sweep
from streams.touchpoints.deadletters import ORIGINAL_HEADER
from streams.touchpoints.record import Record

DEAD = ".dead"
BEGUN, DONE = "replaying", "replayed"
"""The codes of notes: records beside the letters, under the key of their letter's origin and without a value, of which
the first says that a replay begins and the second that the record is back on its topic."""


class Note(NamedTuple):
    """What became of a replay: `nonce` names it, `to` is where the record is now (empty while it is not known)."""

    code: str
    nonce: str
    to: str
    at: int


class Letter(msgspec.Struct):
    """One dead letter. `place` and `origin` are topic/partition/offset, of itself and of what died; instants in ms.

    `size` is that of the raw bytes; `told` holds its headers but for those of the original, as text; `repeats` counts
    the copies that a crash left beside it; `notes` are in the order of the log.
    """

    topic: str
    partition: int
    offset: int
    origin: str
    at: int
    code: str
    reason: str
    size: int
    told: dict[str, str]
    repeats: int = 0
    notes: list[Note] = []

    @property
    def place(self) -> str:
        return f"{self.topic}/{self.partition}/{self.offset}"

    @property
    def replayed(self) -> Note | None:
        """The last replay that was begun, None where there is none; without `to` its fate is not known."""
        begun: dict[str, Note] = {}
        for note in self.notes:
            begun[note.nonce] = note
        return list(begun.values())[-1] if begun else None


class Letters:
    """Letters in the order of their logs, without repeats; `ends` says how far each partition was read."""

    def __init__(self) -> None:
        self.ends: dict[Spot, int] = {}
        self._found: dict[tuple[str, str], Letter] = {}

    def take(self, rows: Iterable[Record]) -> None:
        """Takes the next records of one partition."""
        for row in rows:
            letter = read_letter(row)
            known = self._found.get((row.topic, letter.origin))
            if letter.code in (BEGUN, DONE):
                if known is not None:
                    known.notes.append(note_of(letter))
            elif known is None:
                self._found[row.topic, letter.origin] = letter
            else:
                known.repeats += 1

    def find(self, place: str) -> Letter | None:
        """The letter whose own place or origin is `place`."""
        return next((letter for letter in self._found.values() if place in (letter.place, letter.origin)), None)

    def listed(self) -> list[Letter]:
        """All of them by when they were appended."""
        return sorted(self._found.values(), key=lambda letter: (letter.at, letter.place))


def read_letter(row: Record) -> Letter:
    """What a record of a dead-letter topic says; one that is not of our making has no code and is its own origin."""
    told = {name: text(raw) for name, raw in row.headers if not name.startswith(ORIGINAL_HEADER) and name != "key"}
    place = f"{row.topic}/{row.partition}/{row.offset}"
    code, reason = told.pop("code", ""), told.pop("reason", "")
    origin = text(row.key) if row.key is not None and code else place
    size = len(row.value or b"")
    return Letter(row.topic, row.partition, row.offset, origin, row.timestamp, code, reason, size, told)


def note_of(letter: Letter) -> Note:
    """The note that a record with the code BEGUN or DONE is."""
    return Note(letter.code, letter.told.get("nonce", letter.place), letter.told.get("to", ""), letter.at)


def text(raw: bytes | None) -> str:
    """Bytes that should be UTF-8, with escapes where they are not."""
    return (raw or b"").decode("utf-8", "backslashreplace")


async def read_letters(sweep: Sweep, topics: Mapping[str, int], since: int = 0) -> Letters:
    """The letters of those of `topics` (full name to partitions) that hold dead letters, appended at or after `since`.

    Only what no replay needs is kept of them in memory: their raw bytes are not.
    """
    letters = Letters()
    spots = [(name, number) for name, count in topics.items() if name.endswith(DEAD) for number in range(count)]
    bounds = await sweep.bounds(spots)
    letters.ends = {spot: end for spot, (_, end) in bounds.items()}
    if since:
        bounds = await sweep.since(bounds, since)
    async for _, rows in sweep.read(bounds):
        letters.take(rows)
    return letters


def parsed(place: str, prefix: str) -> tuple[str, int, int] | None:
    """Topic with the prefix, partition and offset of `topic/partition/offset`; None where it is nothing such."""
    topic, _, rest = place.partition("/")
    partition, _, offset = rest.partition("/")
    if not topic or not (partition.isdecimal() and offset.isdecimal()):
        return None
    return (topic if topic.startswith(prefix) else prefix + topic), int(partition), int(offset)

"""Putting dead letters back on the topics that they came from, once each, with their bytes, key, headers and id."""

import secrets
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from streams.broker.publish import Out, Publisher
from streams.broker.source import Spot
from streams.operations.letters import BEGUN, DONE, Letter, note_of, parsed, read_letter
from streams.operations.sweep import Sweep
from streams.touchpoints.deadletters import ORIGINAL_HEADER
from streams.touchpoints.record import REPLAYED_FROM, Row

SLICE_LETTERS = 500
SLICE_BYTES = 32 << 20


class Outcome(NamedTuple):
    """What became of one letter: `to` is where it is now, empty where `why` says why it was not put back."""

    letter: Letter
    to: str = ""
    why: str = ""


def hindrance(letter: Letter, prefix: str, topics: Mapping[str, int]) -> str:
    """Why a letter cannot be put back, with the cure; empty where it can. `prefix` ends with a dot."""
    told = letter.told
    if not letter.code:
        return "no process of ours wrote it; publish what it holds by hand"
    if "first_offset" in told:
        span = f"{told['first_offset']} to {told.get('last_offset', '?')}"
        return (
            f"it is a whole batch that was damaged, offsets {span}, which cannot be put back by record; look for them "
            "on another replica or in a backup, and publish them again"
        )
    if "value_bytes" in told or "beside_bytes" in told:
        return "it was too large to be kept whole; publish the record again where it came from"
    place = parsed(letter.origin, prefix)
    if place is None or not letter.origin.startswith(prefix) or place[1] >= topics.get(place[0], 0):
        return f"the topic of its origin {letter.origin} is not there; see `sillage topics plan`"
    name = place[0].removeprefix(prefix)
    if name == "touchpoints.rekeyed":
        return "it is a forward, whose turn among forwards is over; publish the touchpoint that it names again"
    if name.startswith("context.") or name == "definitions":
        return "it would replace what is newer; use `sillage context put` or `sillage deploy`"
    return ""


def refusal(letter: Letter, *, again: bool) -> str:
    """Why a letter that can be put back is not put back a second time; empty where it may be."""
    note = letter.replayed
    if note is None or again:
        return ""
    if note.to:
        return f"it was put back already, as {note.to}; --again does it once more"
    return "a replay of it was begun, and nobody knows whether it came there; --again does it once more"


def original(row: Row) -> Out:
    """The record as it was before it died."""
    headers = [
        (name.removeprefix(ORIGINAL_HEADER), raw) for name, raw in row.headers if name.startswith(ORIGINAL_HEADER)
    ]
    return Out(next((raw for name, raw in row.headers if name == "key"), None), row.value, headers)


def revived(row: Row, origin: str) -> Out:
    """The same, marked with the place at which it first stood, also where it died before."""
    out = original(row)
    if any(name == REPLAYED_FROM for name, _ in out.headers):
        return out
    return out._replace(headers=[*out.headers, (REPLAYED_FROM, origin.encode())])


async def replay(
    sweep: Sweep, publisher: Publisher, letters: Sequence[Letter], ends: Mapping[Spot, int]
) -> list[Outcome]:
    """Puts letters back that nothing hinders, in the order of their logs; `ends` says how far their logs were read.

    First a note beside each letter says that its replay begins, then the record is published, then another note says
    where. So a second replay, also one at the same time, sees the first; one that was interrupted is not repeated by
    itself. Raises PublishError where the fate of a record is unknown.
    """
    outcomes: list[Outcome] = []
    for some in _slices(letters):
        nonces = await _claim(sweep, publisher, some, ends)
        late = [letter for letter in some if letter.place not in nonces]
        outcomes += [Outcome(letter, why="another replay of it is under way") for letter in late]
        outcomes += await _put_back(sweep, publisher, [each for each in some if each.place in nonces], nonces)
    return outcomes


async def _claim(
    sweep: Sweep, publisher: Publisher, letters: Sequence[Letter], ends: Mapping[Spot, int]
) -> dict[str, str]:
    """Notes that the replays begin; gives the nonce of each letter, by place, that nobody else was quicker with."""
    nonces = {letter.place: secrets.token_hex(8) for letter in letters}
    for spot, some in _by_spot(letters).items():
        await publisher.append(*spot, [_note(letter, BEGUN, nonces[letter.place]) for letter in some])
    bounds = await sweep.bounds(_by_spot(letters))
    first: dict[tuple[str, str], str] = {}
    async for _, rows in sweep.read({spot: (ends[spot], end) for spot, (_, end) in bounds.items()}):
        for found in map(read_letter, rows):
            if found.code == BEGUN:
                first.setdefault((found.topic, found.origin), note_of(found).nonce)
    mine = (letter for letter in letters if first.get((letter.topic, letter.origin)) == nonces[letter.place])
    return {letter.place: nonces[letter.place] for letter in mine}


async def _put_back(
    sweep: Sweep, publisher: Publisher, letters: Sequence[Letter], nonces: Mapping[str, str]
) -> list[Outcome]:
    outcomes = []
    wanted = {(letter.topic, letter.partition, letter.offset): letter for letter in letters}
    stretches = {spot: (some[0].offset, some[-1].offset + 1) for spot, some in _by_spot(letters).items()}
    rows: list[tuple[Letter, Row]] = []
    async for _, batch in sweep.read(stretches):
        rows += [(wanted[at], row) for row in batch if (at := (row.topic, row.partition, row.offset)) in wanted]
    for letter, row in rows:
        topic, partition, _ = letter.origin.rsplit("/", 2)
        offset = await publisher.append(topic, int(partition), [revived(row, letter.origin)])
        to = f"{topic}/{partition}/{offset}"
        await publisher.append(letter.topic, letter.partition, [_note(letter, DONE, nonces[letter.place], to)])
        outcomes.append(Outcome(letter, to))
    return outcomes


def _note(letter: Letter, code: str, nonce: str, to: str = "") -> Out:
    headers = [("code", code.encode()), ("letter", letter.place.encode()), ("nonce", nonce.encode())]
    return Out(letter.origin.encode(), None, [*headers, *([("to", to.encode())] if to else [])])


def _by_spot(letters: Iterable[Letter]) -> dict[Spot, list[Letter]]:
    found: defaultdict[Spot, list[Letter]] = defaultdict(list)
    for letter in sorted(letters, key=lambda each: each.offset):
        found[letter.topic, letter.partition].append(letter)
    return dict(found)


def _slices(letters: Sequence[Letter]) -> Iterator[list[Letter]]:
    """So many at a time that their raw bytes fit into memory."""
    some: list[Letter] = []
    for letter in sorted(letters, key=lambda each: (each.topic, each.partition, each.offset)):
        if some and (len(some) == SLICE_LETTERS or sum(each.size for each in some) + letter.size > SLICE_BYTES):
            yield some
            some = []
        some.append(letter)
    if some:
        yield some

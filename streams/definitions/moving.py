"""Moving: what a deploy means for those inside, as moves of its release from the versions that they are in."""

import contextlib
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import NamedTuple

import msgspec

from engine.destination import destination
from engine.program import Move
from journeys.problem import Problem, did_you_mean
from streams.definitions.build import Builder
from streams.definitions.places import Place, places, takes_over
from streams.definitions.shelf import ShelfFault, Shelved

PIN, FOLLOW, MIGRATE = "pin", "follow", "migrate"
MODES = (PIN, FOLLOW, MIGRATE)


class Moving(NamedTuple):
    """How those inside go on: pin, follow, or migrate by `maps`: for each journey, old id to new, None for who leaves.

    `standing` is where they stand now; pin does not look at it.
    """

    mode: str = PIN
    maps: Mapping[str, Mapping[str, str | None]] = {}
    standing: Mapping[tuple[str, str, tuple[str, ...]], int] = {}


STAY = Moving()


Spot = tuple[str, int, int]
"""A file, and a line and column in it."""


class MapRefused(Exception):
    """The map does not say where those inside go on, and nothing was changed.

    `problems` are the nodes that hold people and are removed without a word, `faults` those of the map, a line each.
    """

    def __init__(self, problems: list[Problem], faults: list[str]) -> None:
        super().__init__("\n".join([*map(str, problems), *faults]))
        self.problems = problems
        self.faults = faults


class _Faults:
    """Gathers what a map leaves out, and what is wrong with it; `spots` say where a journey's steps stand."""

    def __init__(self, spots: Mapping[str, Spot]) -> None:
        self.problems: list[Problem] = []
        self.lines: list[str] = []
        self._spots = spots

    def removed(self, name: str, node: str, why: str, number: int) -> None:
        """A node holds people, and nothing says where they go on."""
        file, line, column = self._spots.get(name, (f"journeys/{name}.yaml", 1, 1))
        hint = f"write `{name}: {{{node}: NEW-ID}}` into the map, or null for NEW-ID where they shall leave"
        what = f"node `{node}` {why} and {number} stand there"
        self.problems.append(Problem(file, line, column, "J059", what, hint))


def with_moves(
    builder: Builder,
    before: Mapping[str, Shelved],
    now: Mapping[str, Shelved],
    moving: Moving,
    spots: Mapping[str, Spot] = {},
) -> dict[str, Shelved]:
    """`now` with the moves of its journeys: those still to be made, and those of this deploy. Raises MapRefused.

    A pause outlives the deploy. `spots` say where the steps of each journey stand, for its faults.
    """
    faults = _Faults(spots)
    faults.lines += [
        f"map: journey {name} is not among those that are deployed here; "
        + (did_you_mean(name, now) or "take it out of the map")
        for name in sorted(moving.maps.keys() - now.keys())
    ]
    found: dict[str, Shelved] = {}
    for name, shelved in now.items():
        old = before.get(name)
        moves = {} if old is None else dict(old.moves)
        moves.pop(shelved.version, None)
        if old is not None and moving.mode != PIN:
            moves = _moved(builder, name, old.version, shelved.version, moves, moving, faults)
        found[name] = msgspec.structs.replace(shelved, moves=moves, pause=None if old is None else old.pause)
    if faults.lines or faults.problems:
        raise MapRefused(sorted(faults.problems), faults.lines)
    return found


def _moved(
    builder: Builder, name: str, current: str, to: str, moves: dict[str, Move], moving: Moving, faults: _Faults
) -> dict[str, Move]:
    """The moves of one journey: those that somebody still has to make, and one from each version with people to `to`.

    The version in use until now has one in any case, for somebody may be entering it at this moment.
    """
    at = met(builder, name, moves, moving.standing)
    held = {version for version, _ in at} | {version for journey, version, _ in moving.standing if journey == name}
    kept = _on_the_way(moves, held) | {version: move for version, move in moves.items() if move.to == to}
    given = moving.maps.get(name, {})
    olds = _readable(builder, name, {current, *held, *moves})
    new = places(builder, name, to)
    for version in sorted(olds.keys() & {current, *held} - {to, *kept}):
        counts = {node: number for (where, node), number in at.items() if where == version}
        nodes = _nodes(name, olds[version], new, given, moving.mode, counts, faults)
        kept[version] = Move(to, moving.mode, nodes)
    known = {node for old in (*olds.values(), new) for node in old}
    faults.lines += [
        f"map: journey {name}: nobody can stand at `{node}`; {did_you_mean(node, known) or 'take it out of the map'}"
        for node in sorted(given.keys() - known)
    ]
    return kept


def _readable(builder: Builder, name: str, versions: set[str]) -> dict[str, dict[str, Place]]:
    """The places of each version; who is in one that cannot be built any more stays, and ends by its own fault."""
    found = {}
    for version in versions:
        with contextlib.suppress(ShelfFault):
            found[version] = places(builder, name, version)
    return found


def met(
    builder: Builder, name: str, moves: Mapping[str, Move], standing: Mapping[tuple[str, str, tuple[str, ...]], int]
) -> Counter[tuple[str, str]]:
    """How many stand at each (version, node) of a journey once all have made the moves that are still to be made."""
    found: Counter[tuple[str, str]] = Counter()
    for (journey, version, nodes), number in standing.items():
        if journey != name:
            continue
        there = destination(moves, version, nodes, lambda to: rests(builder, name, to))
        if there is None:
            found.update({(version, node): number for node in nodes})
        elif not there.removed:
            found.update({(there.version, node): number for node in there.nodes.values()})
    return found


def rests(builder: Builder, name: str, version: str) -> Mapping[str, object] | None:
    """Where one can stand in a version, None for one that cannot be built."""
    try:
        return builder.journey(name, version).rests
    except ShelfFault:
        return None


def unfit(old: Mapping[str, Place], new: Mapping[str, Place], nodes: Mapping[str, str]) -> Iterator[str]:
    """The ids of an old version that a new one does not have, or has where nobody can go on."""
    for node, place in old.items():
        to = nodes.get(node, node)
        if any(nodes.get(fork) == "" for fork, _ in place.enclosing):
            # Whoever stands there leaves with the parallel around it.
            continue
        if to and (to not in new or not takes_over(new[to], place, nodes)):
            yield node


def _on_the_way(moves: Mapping[str, Move], held: set[str]) -> dict[str, Move]:
    """The moves that someone in these versions has still to make."""
    kept: dict[str, Move] = {}
    for version in held:
        while version in moves and version not in kept:
            kept[version] = moves[version]
            version = moves[version].to
    return kept


def _nodes(
    name: str,
    old: Mapping[str, Place],
    new: Mapping[str, Place],
    given: Mapping[str, str | None],
    mode: str,
    counts: Mapping[str, int],
    faults: _Faults,
) -> dict[str, str]:
    """What is other than the same id in the new version; a map that does not say enough is a fault."""
    nodes = {node: to or "" for node, to in given.items() if node in old and to != node}
    for node in list(unfit(old, new, nodes)):
        if mode == FOLLOW:
            nodes[node] = ""
        elif nodes.get(node):
            why = "is not in the new version" if nodes[node] not in new else "lies in other branches than it"
            faults.lines.append(
                f"map: journey {name}: `{node}` cannot go on at `{nodes[node]}`, which {why}; name another"
            )
        elif counts.get(node) or node in new:
            why = "lies in other branches now" if node in new else "is removed"
            faults.removed(name, node, why, counts.get(node, 0))
    return nodes

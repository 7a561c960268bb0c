"""Where releases take an enrollment: from version to version, by the ids of the nodes that it stands at."""

from collections.abc import Callable, Container, Iterable, Mapping
from typing import NamedTuple

from engine.program import Move


class Destination(NamedTuple):
    """The version and, by the ids stood at, the new ids; `removed` is the id whose removal ends it instead."""

    version: str
    mode: str
    nodes: dict[str, str]
    removed: str = ""


def destination(
    moves: Mapping[str, Move],
    version: str,
    standing: Iterable[str],
    rests: Callable[[str], Container[str] | None],
) -> Destination | None:
    """Follows `moves` (by old version) as far as they lead; None where whoever stands there stays.

    `rests` gives the ids that one can stand at in a version. Where one of the new ids is none of them, or the version
    is unknown, it stays before that move. Moves never lead in a circle: a deploy takes away that of its own version.
    """
    nodes = {node: node for node in standing}
    found: Destination | None = None
    while (move := moves.get(version)) is not None:
        after = {first: move.nodes.get(now, now) for first, now in nodes.items()}
        removed = next((first for first, now in after.items() if not now), "")
        if removed:
            return Destination(move.to, move.mode, {}, removed)
        known = rests(move.to)
        if known is None or any(now not in known for now in after.values()):
            break
        version, nodes = move.to, after
        found = Destination(version, move.mode, nodes)
    return found

"""Places: where one can stand in a version of a journey, and whether a place of another version can take it over."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from engine.program import ParallelStep
from journeys.model import Journey, Parallel
from journeys.model.walk import all_nodes
from streams.definitions.build import Builder

Enclosing = tuple[tuple[str, str], ...]
"""The parallels and branches around a node, the outermost first."""


class Place(NamedTuple):
    """What is around a node, and of a parallel the names of its branches, None for any other node."""

    enclosing: Enclosing
    branches: frozenset[str] | None = None


def places(builder: Builder, name: str, version: str) -> dict[str, Place]:
    """The places of one version by id. Raises ShelfFault for one that cannot be built."""
    rests = builder.journey(name, version).rests
    around = dict(_around(builder.model(name, version)))
    return {
        node: Place(around.get(node, ()), _branches(step) if isinstance(step, ParallelStep) else None)
        for node, step in rests.items()
    }


def takes_over(new: Place, old: Place, nodes: Mapping[str, str]) -> bool:
    """Whether one who stood at `old` can stand at `new`, where `nodes` leads from old ids to new ones.

    It lies in the same branches, and who stood at a parallel stands at one of the same branches, so that each of them
    still has its end.
    """
    enclosing = tuple((nodes.get(fork, fork), branch) for fork, branch in old.enclosing)
    return new.enclosing == enclosing and (old.branches is None or new.branches == old.branches)


def _branches(step: ParallelStep) -> frozenset[str]:
    return frozenset(name for name, _ in step.branches)


def _around(model: Journey) -> Iterator[tuple[str, Enclosing]]:
    forks: dict[str, str] = {}
    for path, node in all_nodes(model):
        name = getattr(node, "id", None)
        if not isinstance(name, str):
            continue
        yield name, tuple(_inside(path, forks))
        if isinstance(node, Parallel):
            forks[path] = name


def _inside(path: str, forks: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for place, fork in forks.items():
        branches = f"{place}.branches."
        if path.startswith(branches):
            yield fork, path.removeprefix(branches).partition(".do[")[0]

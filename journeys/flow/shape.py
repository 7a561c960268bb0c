"""The flow of a journey: its nodes as stops and the ways that lead on from each, for whoever draws or counts them."""

import re
from collections.abc import Iterable, Iterator

import msgspec

from journeys.tree import Path

SHORT = 72
"""Characters of a label."""


class Way(msgspec.Struct, frozen=True):
    """One way on from a stop, with the stops on it; it comes to the next stop below unless one of them ends.

    `key` is what passing it is counted by, `label` what a reader sees. One with `heads` has no key: they lead into it.
    A `late` one is taken when time is up; a `loop` comes back to its own stop.
    """

    key: str
    label: str
    path: Path
    stops: tuple["Stop", ...] = ()
    heads: tuple["Way", ...] = ()
    late: bool = False
    loop: bool = False


class Stop(msgspec.Struct, frozen=True):
    """One node. `name` is what traces call it: its id, else its place such as `steps[2].choose[0].do[1]`.

    Without `ways` it goes straight on, or, with an `outcome`, nowhere. With `straight` it may also go straight on.
    """

    name: str
    verb: str
    title: str
    path: Path
    ways: tuple[Way, ...] = ()
    outcome: str = ""
    straight: bool = False

    @property
    def own_name(self) -> str:
        """Its id where that is not what the title says anyway; empty where it has none."""
        said = re.sub(r"[^a-z0-9]+", "-", self.title.lower())
        return "" if self.name.endswith("]") or self.name in self.title or self.name == said else self.name


class Door(msgspec.Struct, frozen=True):
    """What begins an enrollment, or ends it from outside with an `outcome`."""

    label: str
    condition: str
    path: Path
    outcome: str = ""


class Flow(msgspec.Struct, frozen=True):
    """One journey seen from outside; `rescue` is its `on_error`."""

    name: str
    title: str
    entries: tuple[Door, ...]
    exits: tuple[Door, ...]
    stops: tuple[Stop, ...]
    rescue: tuple[Stop, ...]


def every_stop(flow: Flow) -> Iterator[Stop]:
    """All stops, each before those on its ways."""
    for stop in (*flow.stops, *flow.rescue):
        yield from _inside(stop)


def every_way(ways: Iterable[Way]) -> Iterator[Way]:
    """These ways, each after its heads."""
    for way in ways:
        yield from every_way(way.heads)
        yield way


def goes_on(stops: tuple[Stop, ...]) -> bool:
    """Whether anybody comes out below a list of stops."""
    return all(not stop.outcome and _lets_through(stop) for stop in stops)


def short(text: str, longest: int = SHORT) -> str:
    """One line of at most so many characters."""
    line = " ".join(text.split())
    return line if len(line) <= longest else line[: longest - 1].rstrip() + "…"


def place(path: Path) -> str:
    """A path as messages and traces write it: `steps[2].else[0]`."""
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path).removeprefix(".")


def _lets_through(stop: Stop) -> bool:
    if not stop.ways or stop.straight:
        return True
    return any(goes_on(way.stops) for way in stop.ways if not way.loop)


def _inside(stop: Stop) -> Iterator[Stop]:
    yield stop
    for way in every_way(stop.ways):
        for inner in way.stops:
            yield from _inside(inner)

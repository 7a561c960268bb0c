"""Coverage: what of a journey the lives reach, and what none does, each with its place."""

from collections.abc import Collection, Iterator

import msgspec

from journeys.flow.shape import Flow, Stop, Way, every_stop, every_way
from journeys.tree import Path

Pass = tuple[str, str]
"""A stop's name, and the key of the way taken from it; empty where it was only reached."""
ENTER, EXIT = "@enter", "@exit"
"""In the place of a stop's name: a trigger or an exit rule, with its number from 0 as the key."""


class Item(msgspec.Struct, frozen=True):
    """One thing that lives should reach: what it is, in words, and where it stands."""

    what: str
    path: Path
    reached: bool


class Coverage(msgspec.Struct, frozen=True):
    """All items of one journey, in the order in which they are written."""

    items: tuple[Item, ...]

    @property
    def missed(self) -> tuple[Item, ...]:
        """What no life reached."""
        return tuple(item for item in self.items if not item.reached)

    @property
    def percent(self) -> float:
        """How much is reached, 100 only where all is; nothing to reach is all of it."""
        return 100 * (1 - len(self.missed) / len(self.items)) if self.items else 100.0


def coverage(flow: Flow, passed: Collection[Pass]) -> Coverage:
    """What of a flow was reached by these passes.

    A stop that leaves no line on a trace counts as reached where a later one of its list, or one of its ways, was.
    """
    known = {*passed, *_followed(flow.stops, passed), *_followed(flow.rescue, passed)}
    return Coverage(tuple(_items(flow, known)))


def _items(flow: Flow, known: Collection[Pass]) -> Iterator[Item]:
    for number, door in enumerate(flow.entries):
        yield Item(f"entry by {door.label}", door.path, (ENTER, str(number)) in known)
    for number, door in enumerate(flow.exits):
        yield Item(f"exit by {door.label} as {door.outcome}", door.path, (EXIT, str(number)) in known)
    for stop in every_stop(flow):
        yield Item(stop_words(stop), stop.path, (stop.name, "") in known)
        for way in every_way(stop.ways):
            if way.key:
                yield Item(f"{stop_words(stop)}: {way.label}", way.path, (stop.name, way.key) in known)


def stop_words(stop: Stop) -> str:
    """A stop as a message names it: what it is, and its id where it has one of its own."""
    title = f"exit {stop.title}" if stop.outcome else stop.title
    return f"{title} ({stop.own_name})" if stop.own_name else title


def _followed(stops: tuple[Stop, ...], passed: Collection[Pass]) -> set[Pass]:
    """What must have been passed: each stop of a list before the last one reached, and the ways on which that lies."""
    found: set[Pass] = set()
    later = False
    for stop in reversed(stops):
        inner = _through(stop, stop.ways, passed)
        found |= inner
        if later or inner or any(name == stop.name for name, _ in passed):
            found.add((stop.name, ""))
            later = True
    return found


def _through(stop: Stop, ways: tuple[Way, ...], passed: Collection[Pass]) -> set[Pass]:
    found: set[Pass] = set()
    for way in ways:
        inner = _followed(way.stops, passed) | _through(stop, way.heads, passed)
        if inner and way.key:
            found.add((stop.name, way.key))
        found |= inner
    return found

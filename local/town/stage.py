"""How the acts of the town follow each other: a queue by instant, and the hands in which an act finds what it needs."""

from collections.abc import Callable, Iterable
from heapq import heappop, heappush
from typing import Any, NamedTuple

from local.town.happening import Change, Happening, Touch
from local.town.people import Person

Act = Callable[[int], Iterable["Coming"]]
"""What is done at an instant (ms): happenings of that instant or later, and acts that follow."""


class Later(NamedTuple):
    """An act that is still to come, at an instant in ms."""

    at: int
    act: Act


Coming = Happening | Later


def touch(
    person: Person,
    at: int,
    type: str,
    channel: str,
    properties: dict[str, Any] | None = None,
    place: dict[str, float] | None = None,
) -> Touch:
    """A touchpoint of a person, with an id of its own."""
    return Touch(at, f"{person.id}-{person.number('touch')}", type, person.id, channel, properties or {}, place)


class Stage:
    """All that is still to come, by instant; what is told for one instant comes in the order of telling."""

    def __init__(self) -> None:
        self._queue: list[tuple[int, int, Coming]] = []
        self._told = 0

    def add(self, coming: Iterable[Coming]) -> None:
        """Keeps what is to come."""
        for each in coming:
            self._told += 1
            heappush(self._queue, (each.at, self._told, each))

    def play(self, to_at: int) -> list[Happening]:
        """All that happens up to and with `to_at` (ms), in the order of time."""
        happened: list[Happening] = []
        while self._queue and self._queue[0][0] <= to_at:
            at, _, now = heappop(self._queue)
            if isinstance(now, Touch | Change):
                happened.append(now)
            else:
                self.add(now.act(at))
        return happened

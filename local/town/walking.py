"""How people walk: along the streets to a store or elsewhere and back, while their phones tell where they are."""

from collections.abc import Iterator
from random import Random

from local.town.geography import CROSSINGS, STORES, WALKABLE, Store, route
from local.town.people import Person
from local.town.plane import Point, degrees
from local.town.rhythm import MINUTE_MS
from local.town.shopping import visit
from local.town.stage import Coming, Later, touch

REPORT_MS = 2 * MINUTE_MS
_SPEED_M_PER_S = (1.0, 1.6)
_TO_A_STORE = 0.55
_NEAREST_STORES = 4
_ENTERS = 0.55
_STAYS_MS = (8 * MINUTE_MS, 45 * MINUTE_MS)
_ACCURACY_M = (5.0, 35.0)
_POOR_ACCURACY_M = (120.0, 400.0)
_POOR = 0.06
_METRES_OF_ERROR = 0.3
"""How far off a fix usually is, as a part of its accuracy."""


def walk(person: Person, at: int, dice: Random) -> Iterator[Coming]:
    """A walk from home and back; nothing while the last one is under way."""
    if person.walking:
        return
    person.walking = True
    store = _choose_store(person, dice) if dice.random() < _TO_A_STORE else None
    goal = store.point if store else CROSSINGS[dice.choice(WALKABLE)]
    there = _Walk(person, dice, dice.uniform(*_SPEED_M_PER_S))
    yield from there.begin(at, goal, store)


def _choose_store(person: Person, dice: Random) -> Store:
    return dice.choice(sorted(STORES, key=lambda store: store.point.distance_m(person.home))[:_NEAREST_STORES])


def fix(person: Person, dice: Random) -> dict[str, float]:
    """Where their phone believes that they are."""
    accuracy = dice.uniform(*(_POOR_ACCURACY_M if dice.random() < _POOR else _ACCURACY_M))
    error = accuracy * _METRES_OF_ERROR
    lat, lon = degrees(Point(person.at.x + dice.gauss(0, error), person.at.y + dice.gauss(0, error)))
    return {"lat": lat, "lon": lon, "accuracy_m": round(accuracy, 1)}


class _Walk:
    """One walk of one person, step by step, so that a consent withdrawn on the way is heeded at the next."""

    def __init__(self, person: Person, dice: Random, speed_m_per_s: float) -> None:
        self._person = person
        self._dice = dice
        self._metres = speed_m_per_s * REPORT_MS / 1_000
        self._way: list[Point] = []
        self._store: Store | None = None
        self._returns = False

    def begin(self, at: int, goal: Point, store: Store | None) -> Iterator[Coming]:
        self._way, self._store = route(self._person.at, goal), store
        yield from self._report(at)
        yield Later(at + REPORT_MS, self._step)

    def _step(self, at: int) -> Iterator[Coming]:
        left = self._metres
        while self._way:
            before = self._person.at
            self._person.at = before.towards(self._way[0], left)
            if self._person.at != self._way[0]:
                break
            left -= before.distance_m(self._way.pop(0))
        yield from self._report(at)
        if self._way:
            yield Later(at + REPORT_MS, self._step)
        elif self._returns:
            self._person.walking = False
        else:
            yield from self._arrive(at)

    def _arrive(self, at: int) -> Iterator[Coming]:
        stays = self._dice.randint(*_STAYS_MS)
        if self._store is not None and self._dice.random() < _ENTERS:
            yield from visit(self._person, at, self._store, self._dice)
        self._returns = True
        yield Later(at + stays, lambda now: self.begin(now, self._person.home, None))

    def _report(self, at: int) -> Iterator[Coming]:
        if self._person.shares_place:
            yield touch(self._person, at, "position.reported", "app", place=fix(self._person, self._dice))

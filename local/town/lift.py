"""How much more the engine's choices bring than others would have brought, by the hidden truth, with an interval."""

import math
from collections import defaultdict
from typing import NamedTuple

RANDOM, FIRST, BEST = "at random", "first come first served", "the best there was"
OTHERS = (RANDOM, FIRST, BEST)
_TWO_SIDED_95 = 1.96
LEAST_PEOPLE = 10
"""Of fewer people no interval is told: it would say nothing."""


class Option(NamedTuple):
    """Something that might have been sent at a moment: what it is `worth` by the truth, `place` in the order of coming.

    Worth is the chance that it is taken times what that brings.
    """

    worth: float
    place: tuple[int, ...]
    chosen: bool


class Moment(NamedTuple):
    """What was chosen at a moment was worth `engine`, and what each of OTHERS would have chosen, in their order."""

    engine: float
    others: tuple[float, float, float]


class Lift(NamedTuple):
    """A part by which more was expected (0.2 is a fifth more), and the 95 % interval; None of too few people."""

    more: float
    low: float | None
    high: float | None


def moment(options: list[Option]) -> Moment | None:
    """What a moment was worth, None where there was nothing to choose between; others choose as many as the engine."""
    chosen = [each.worth for each in options if each.chosen]
    if not 0 < len(chosen) < len(options):
        return None
    at_random = len(chosen) * sum(each.worth for each in options) / len(options)
    first = sum(each.worth for each in sorted(options, key=lambda each: each.place)[: len(chosen)])
    best = sum(sorted((each.worth for each in options), reverse=True)[: len(chosen)])
    return Moment(sum(chosen), (at_random, first, best))


class Lifts:
    """Moments summed up by person, since what one person is offered hangs together."""

    def __init__(self) -> None:
        self.moments = 0
        self._by_person: dict[str, list[float]] = defaultdict(lambda: [0.0] * (1 + len(OTHERS)))

    def add(self, customer: str, found: Moment) -> None:
        """Takes one more moment."""
        self.moments += 1
        sums = self._by_person[customer]
        for number, worth in enumerate((found.engine, *found.others)):
            sums[number] += worth

    def worth(self) -> tuple[float, ...]:
        """What a moment is worth on the average: the engine's choice, then that of each of OTHERS; empty of none."""
        if not self.moments:
            return ()
        return tuple(sum(sums) / self.moments for sums in zip(*self._by_person.values(), strict=True))

    def over(self, other: str) -> Lift | None:
        """The lift over one of OTHERS: the quotient of the sums less one; None where that is worth nothing.

        The interval is that of a quotient of sums by the delta method, people being what is drawn.
        """
        number = 1 + OTHERS.index(other)
        pairs = [(sums[0], sums[number]) for sums in self._by_person.values()]
        theirs = sum(other for _, other in pairs)
        if not theirs:
            return None
        quotient = sum(own for own, _ in pairs) / theirs
        people = len(pairs)
        if people < LEAST_PEOPLE:
            return Lift(quotient - 1, None, None)
        off = sum((own - quotient * other) ** 2 for own, other in pairs)
        margin = _TWO_SIDED_95 * math.sqrt(people / (people - 1) * off) / theirs
        return Lift(quotient - 1, quotient - 1 - margin, quotient - 1 + margin)

"""The chances of candidates under Thompson sampling with a floor: integrals over what was known when they were drawn.

numpy does the sums (the extra `learner`).
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from engine.thompson import FLOOR, Beta

Array = np.ndarray[Any, np.dtype[np.float64]]


class Terms(NamedTuple):
    """What a candidate's score is made of: a draw from Beta(alpha, beta), its log odds moved by `shift`, x `factor`."""

    alpha: float
    beta: float
    shift: float = 0.0
    factor: float = 1.0

    @property
    def mean(self) -> float:
        """The mean of the draw, moved."""
        odds = self.alpha / self.beta * float(np.exp(self.shift))
        return odds / (1 + odds)


def chances(candidates: Sequence[Terms], floor: float = FLOOR) -> list[float]:
    """The probability with which each candidate is chosen: the greatest score wins, or by the floor any.

    One with a factor of 0 wins by the floor alone, unless all are such. Within 0.005, in 1 ms for ten candidates.
    """
    best = [_wins(candidates, at) if each.factor > 0 else 0.0 for at, each in enumerate(candidates)]
    total = sum(best)
    even = 1 / len(candidates) if candidates else 0.0
    return [(1 - floor) * (each / total if total else even) + floor * even for each in best]


def _wins(candidates: Sequence[Terms], at: int) -> float:
    mine = candidates[at]
    odds, below = _table(mine.alpha, mine.beta)
    chance = np.diff(below)
    scores = mine.factor / (1 + np.exp(-((odds[1:] + odds[:-1]) / 2 + mine.shift)))
    for place, other in enumerate(candidates):
        if place != at and other.factor > 0:
            bound = np.minimum(scores / other.factor, 1 - 1e-15)
            needed = np.log(bound / (1 - bound)) - other.shift
            chance = chance * np.interp(needed, *_table(other.alpha, other.beta), left=0.0, right=1.0)
    return float(chance.sum())


@lru_cache(maxsize=4096)
def _table(alpha: float, beta: float) -> tuple[Array, Array]:
    first, width, below = Beta(alpha, beta).table
    odds: Array = first + width * np.arange(len(below), dtype=np.float64)
    return odds, np.array(below, dtype=np.float64)

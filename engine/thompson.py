"""Thompson sampling without chance: a draw from a Beta is its quantile at a hash."""

from bisect import bisect_left
from collections.abc import Sequence
from math import exp, log, sqrt

from engine.ids import share

CELLS = 160
"""Of the table of a Beta: its distribution function is met within 0.01, for `alpha` and `beta` from 0.5 on 0.002."""
FLOOR = 0.05
"""The exploration floor: the share of decisions in which one of the candidates is taken at random."""
_WIDE = 9.0
_TAIL = 14.0


class Beta:
    """A Beta distribution as a table of its distribution function, made once (0.1 ms) and asked often.

    The table lies even in the logit, in which the density is smooth for every `alpha` and `beta` above 0.
    """

    __slots__ = ("_below", "_first", "_width", "alpha", "beta")

    def __init__(self, alpha: float, beta: float) -> None:
        self.alpha = alpha
        self.beta = beta
        mode, spread = log(alpha / beta), sqrt(1 / alpha + 1 / beta)
        first = mode - max(_WIDE * spread, _TAIL / alpha)
        width = (mode + max(_WIDE * spread, _TAIL / beta) - first) / CELLS
        total = alpha + beta
        top = alpha * mode - total * _softplus(mode)
        densities, slopes = [], []
        for cell in range(CELLS + 1):
            at = first + cell * width
            density = exp(alpha * at - total * _softplus(at) - top)
            densities.append(density)
            slopes.append(density * (alpha - total * _logistic(at)))
        self._first, self._width = first, width
        self._below = _summed(densities, slopes, width)

    @property
    def mean(self) -> float:
        return self.alpha / (self.alpha + self.beta)

    def quantile(self, share_below: float, shift: float = 0.0) -> float:
        """The value below which a share in (0, 1) of the distribution lies, its log odds moved by `shift`."""
        below = self._below
        cell = bisect_left(below, share_below, 1, CELLS)
        low = below[cell - 1]
        mass = below[cell] - low
        part = (share_below - low) / mass if mass > 0.0 else 1.0
        at = self._first + self._width * (cell - 1 + part) + shift
        return 1 / (1 + exp(-at)) if at > -700 else 0.0

    @property
    def table(self) -> tuple[float, float, list[float]]:
        """The first log odds of the table, their step, and how much lies below each."""
        return self._first, self._width, self._below


def shifted(probability: float, shift: float) -> float:
    """The probability whose log odds lie so much higher."""
    if not 0.0 < probability < 1.0:
        return probability
    odds = probability / (1 - probability) * exp(shift)
    return odds / (1 + odds)


def explored(decision: str, node: str, candidates: int, floor: float = FLOOR) -> int | None:
    """The place of the candidate that a node takes at random, None where it takes the best, as mostly.

    `decision` is the id of its trace, so that a repeat takes the same.
    """
    if not candidates or share("explore", decision, node) >= floor:
        return None
    return int(share("explored", decision, node) * candidates)


def _logistic(at: float) -> float:
    return 1 / (1 + exp(-at)) if at > -700 else 0.0


def _softplus(at: float) -> float:
    return at + log(1 + exp(-at)) if at > 0 else log(1 + exp(at)) if at > -700 else 0.0


def _summed(densities: Sequence[float], slopes: Sequence[float], width: float) -> list[float]:
    """The integral up to each point, 1 at the last: trapezia with the correction of Euler and Maclaurin."""
    sums, total = [0.0], 0.0
    for cell in range(CELLS):
        step = (densities[cell] + densities[cell + 1]) / 2 + (slopes[cell] - slopes[cell + 1]) * width / 12
        total += max(step, 0.0)
        sums.append(total)
    return [each / total for each in sums]

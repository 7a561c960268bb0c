"""The statistics of experiments: rates with intervals, the tests of a winner, the check of shares; closed forms."""

import math
from collections.abc import Sequence
from statistics import NormalDist
from typing import NamedTuple

_NORMAL = NormalDist()
_GRID = 1000
"""Points on which probabilities of being best are integrated."""
_WIDTH = 9.0
"""How many standard deviations around its mean an arm's rate is looked at."""


class Interval(NamedTuple):
    """From `low` to `high`."""

    low: float
    high: float


class Comparison(NamedTuple):
    """How the rate of an arm differs from another's: the difference with its interval, and the p-value.

    `lift` is the difference by the other's rate, None where that is 0.
    """

    difference: float
    interval: Interval
    lift: float | None
    p_value: float


class Rate(NamedTuple):
    """Of `n` people `k` converted."""

    k: int
    n: int

    @property
    def value(self) -> float:
        """The share that converted, 0 where nobody could."""
        return self.k / self.n if self.n else 0.0


def wilson(rate: Rate, confidence: float = 0.95) -> Interval:
    """The interval of a rate (Wilson 1927); from 0 to 1 where nobody was counted."""
    if not rate.n:
        return Interval(0.0, 1.0)
    z = _NORMAL.inv_cdf(0.5 + confidence / 2)
    middle = rate.value + z * z / (2 * rate.n)
    half = z * math.sqrt(rate.value * (1 - rate.value) / rate.n + z * z / (4 * rate.n * rate.n))
    whole = 1 + z * z / rate.n
    low = 0.0 if rate.k == 0 else (middle - half) / whole
    high = 1.0 if rate.k == rate.n else (middle + half) / whole
    return Interval(low, high)


def z_test(arm: Rate, other: Rate, confidence: float = 0.95) -> Comparison:
    """Two proportions, two sides, for one look at a number of people chosen before.

    The p-value is that of the pooled z-test; the interval Newcombe's of the difference (1998, his method 10). Looked at
    again and again it finds differences that are none: `sequential` is for that.
    """
    own, its = wilson(arm, confidence), wilson(other, confidence)
    difference = arm.value - other.value
    low = difference - math.hypot(arm.value - own.low, its.high - other.value)
    high = difference + math.hypot(own.high - arm.value, other.value - its.low)
    z = z_score(arm, other)
    return Comparison(difference, Interval(low, high), _lift(arm, other), math.erfc(abs(z) / math.sqrt(2)))


def z_score(arm: Rate, other: Rate) -> float:
    """The difference of two rates in standard errors of no difference; 0 where that is not known."""
    variance = _variance(arm, other)
    return (arm.value - other.value) / math.sqrt(variance) if variance > 0 else 0.0


def sequential(arm: Rate, other: Rate, first_look: int, alpha: float = 0.05) -> Comparison:
    """Two proportions, two sides, that may be looked at after every person: the mixture test of Robbins.

    The p-value is always valid (Johari et al. 2017): without a difference it falls below `alpha` at any time with a
    probability of at most `alpha`, if nobody looks before there are `first_look` people in each arm, of whom some
    converted; the interval covers the true difference at all those times with 1 - `alpha`. The mixture is normal, its
    variance that of the difference at `first_look`, so the test is sharpest from 4 to 40 times that.
    """
    difference, variance = arm.value - other.value, _variance(arm, other)
    if variance <= 0:
        return Comparison(difference, Interval(-1.0, 1.0), _lift(arm, other), 1.0)
    ratio = 2 / (1 / arm.n + 1 / other.n) / first_look
    squared = difference * difference / variance
    p_value = min(1.0, math.sqrt(1 + ratio) * math.exp(-squared / 2 * ratio / (1 + ratio)))
    half = math.sqrt(variance * (1 + 1 / ratio) * (math.log1p(ratio) - 2 * math.log(alpha)))
    interval = Interval(max(-1.0, difference - half), min(1.0, difference + half))
    return Comparison(difference, interval, _lift(arm, other), p_value)


def probabilities_best(arms: Sequence[Rate]) -> list[float]:
    """How probable it is that each arm's rate is the highest, from Beta(1 + k, 1 + n - k) of each; they sum to 1."""
    if len(arms) < 2:
        return [1.0] * len(arms)
    grid = _grid(arms)
    densities = [_density(arm, grid) for arm in arms]
    cumulated = [_cumulated(density) for density in densities]
    found = []
    for own, density in enumerate(densities):
        below = [each for other, each in enumerate(cumulated) if other != own]
        found.append(math.fsum(p * math.prod(each[at] for each in below) for at, p in enumerate(density)))
    whole = math.fsum(found)
    return [each / whole for each in found]


def thompson_weights(arms: Sequence[Rate], floor: float) -> list[float]:
    """The shares of new people: how probable each arm is the best, none less than `floor`; they sum to 1."""
    left = max(0.0, 1 - floor * len(arms))
    return [floor + left * each for each in probabilities_best(arms)]


def share_check(found: Sequence[int], expected: Sequence[float]) -> float:
    """The p-value that arms have as many people as their shares say (chi-square); 1 where nothing was expected.

    `expected` are numbers of people in the proportions of the shares; an arm expected to have none must have none.
    """
    pairs = [(n, share) for n, share in zip(found, expected, strict=True) if share > 0]
    if any(n for n, share in zip(found, expected, strict=True) if share <= 0):
        return 0.0
    people, whole = sum(n for n, _ in pairs), math.fsum(share for _, share in pairs)
    if len(pairs) < 2 or not people:
        return 1.0
    wanted = [share / whole * people for _, share in pairs]
    squared = math.fsum((n - each) ** 2 / each for (n, _), each in zip(pairs, wanted, strict=True))
    return chi_square_tail(squared, len(pairs) - 1)


def chi_square_tail(squared: float, freedom: int) -> float:
    """The probability that a chi-square of so many degrees of freedom is at least so large (finite sums)."""
    half = squared / 2
    if freedom % 2:
        found = math.erfc(math.sqrt(half))
        term = math.exp(-half) / math.sqrt(math.pi * half) if half else 0.0
        powers = [k + 0.5 for k in range(freedom // 2)]
    else:
        found, term = 0.0, math.exp(-half)
        found += term
        powers = [float(k) for k in range(1, freedom // 2)]
    for power in powers:
        term *= half / power
        found += term
    return min(1.0, found)


def people_needed(rate: float, lift: float, alpha: float = 0.05, power: float = 0.8) -> int:
    """How many people each arm needs so that `z_test` finds a relative `lift` of a rate with this power."""
    other = rate * (1 + lift)
    spread = rate * (1 - rate) + other * (1 - other)
    quantiles = _NORMAL.inv_cdf(1 - alpha / 2) + _NORMAL.inv_cdf(power)
    return math.ceil(quantiles * quantiles * spread / (other - rate) ** 2)


def _variance(arm: Rate, other: Rate) -> float:
    """Of the difference of two rates that are the same."""
    if not arm.n or not other.n:
        return 0.0
    pooled = (arm.k + other.k) / (arm.n + other.n)
    return pooled * (1 - pooled) * (1 / arm.n + 1 / other.n)


def _lift(arm: Rate, other: Rate) -> float | None:
    return arm.value / other.value - 1 if other.k else None


def _grid(arms: Sequence[Rate]) -> list[float]:
    low, high = 1.0, 0.0
    for arm in arms:
        mean = (arm.k + 1) / (arm.n + 2)
        half = _WIDTH * math.sqrt(mean * (1 - mean) / (arm.n + 3))
        low, high = min(low, mean - half), max(high, mean + half)
    low, high = max(0.0, low), min(1.0, high)
    step = (high - low) / _GRID
    return [low + (at + 0.5) * step for at in range(_GRID)]


def _density(arm: Rate, grid: Sequence[float]) -> list[float]:
    """Of Beta(1 + k, 1 + n - k) on the points of a grid, summing to 1."""
    logs = [arm.k * math.log(x) + (arm.n - arm.k) * math.log1p(-x) for x in grid]
    highest = max(logs)
    found = [math.exp(each - highest) for each in logs]
    whole = math.fsum(found)
    return [each / whole for each in found]


def _cumulated(density: Sequence[float]) -> list[float]:
    """How much lies below each point, half of its own included."""
    found, below = [], 0.0
    for each in density:
        found.append(below + each / 2)
        below += each
    return found

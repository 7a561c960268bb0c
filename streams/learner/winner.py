"""The winner of a split: which shares new people are drawn by, as its rule concludes from what was counted."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from engine.program import SplitStep, WinnerRule
from streams.learner.statistics import Rate, probabilities_best, sequential, thompson_weights, z_test

ALPHA = 0.05
"""How probable it is, at most, that a winner is named where no arm is better than all others."""
GRAIN = 3
"""Decimals of a share, so that a person more does not make another model."""
CONCLUDING = ("z-test", "sequential")
"""The methods that name a winner."""


class Standing(NamedTuple):
    """How a split stands: the share of new people of each arm, and the winner, empty for none.

    `looked` is true once a method that looks only once has done so.
    """

    weights: dict[str, float]
    winner: str = ""
    looked: bool = False


def standing(step: SplitStep, counted: Mapping[str, Rate], before: Standing | None = None) -> Standing:
    """What the rule of a split makes of the counts by arm; `before` is what it made of them the last time.

    A winner stays one, and a test that looks once looks no second time, while the arm is among those that have a share.
    """
    written = {arm[0]: arm[1] for arm in step.arms}
    arms = [name for name, weight in written.items() if weight > 0]
    rule = step.winner
    if rule is None or rule.method == "fixed" or len(arms) < 2:
        return Standing(written)
    rates = [counted.get(name, Rate(0, 0)) for name in arms]
    if rule.method in CONCLUDING and before is not None:
        if before.winner in arms:
            return _won(rule, written, arms, before.winner)
        if before.looked and rule.method == "z-test" and before.weights.keys() == written.keys():
            return Standing(written, looked=True)
    if min(rate.n for rate in rates) < rule.min_exposures:
        return Standing(written)
    if rule.method == "thompson":
        weights = _rounded(thompson_weights(rates, rule.floor), rule.floor)
        return Standing(written | dict(zip(arms, weights, strict=True)))
    best = winner_of(rates, rule)
    if best is not None:
        return _won(rule, written, arms, arms[best])
    return Standing(written, looked=rule.method == "z-test")


def winner_of(rates: Sequence[Rate], rule: WinnerRule, alpha: float = ALPHA) -> int | None:
    """The place of the arm that beats each other one, None where none does.

    Each of the comparisons is made at alpha by their number, so that all together keep `alpha` (Bonferroni).
    """
    best = max(range(len(rates)), key=lambda place: (rates[place].value, -place))
    level = alpha / (len(rates) - 1)
    for place, rate in enumerate(rates):
        if place == best:
            continue
        one_look = rule.method == "z-test"
        test = z_test(rates[best], rate) if one_look else sequential(rates[best], rate, rule.min_exposures, level)
        if test.difference <= 0 or test.p_value > level:
            return None
    return best


def chances(rates: Sequence[Rate]) -> list[float]:
    """How probable it is that each arm is the best."""
    return probabilities_best(rates)


def _won(rule: WinnerRule, written: Mapping[str, float], arms: Sequence[str], winner: str) -> Standing:
    """All to the winner, but what the rule leaves to the others."""
    left = 1 - rule.floor * (len(arms) - 1)
    weights = {name: rule.floor if name in arms else 0.0 for name in written}
    return Standing({**weights, winner: round(left, 6)}, winner, looked=True)


def _rounded(weights: Sequence[float], floor: float) -> list[float]:
    """In steps of 0.001, none below the floor; what is over goes to the greatest."""
    found = [max(floor, round(each, GRAIN)) for each in weights]
    greatest = found.index(max(found))
    found[greatest] = round(found[greatest] + 1 - sum(found), 6)
    return found

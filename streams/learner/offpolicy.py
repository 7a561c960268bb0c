"""What another policy would have brought on decisions of the past, from what they brought and how probable they were.

Estimators: inverse propensity (Horvitz and Thompson 1952), self-normalised (Hajek 1971; Swaminathan and Joachims 2015),
doubly robust (Dudik, Langford and Li 2011).
"""

from collections.abc import Sequence
from operator import mul
from statistics import NormalDist
from typing import NamedTuple

import numpy as np

from streams.learner.chances import Array

LEAST_DECISIONS = 100
LEAST_EFFECTIVE = 50.0
"""Of decisions that the weights leave: with fewer an interval says nothing that holds."""
LEAST_PROBABILITY = 1e-4
"""A choice less probable than this was never made, as far as a log can tell."""
MOST_UNSUPPORTED = 0.01
"""How much of what the new policy does may be what the old one never did."""


class Logged(NamedTuple):
    """One decision: how probable each candidate was, which was chosen, and what it brought.

    `target` is how probable each is under the new policy; `predicted` what each was expected to bring, known before.
    """

    probabilities: Sequence[float]
    chosen: int
    reward: float
    target: Sequence[float]
    predicted: Sequence[float]


class Value(NamedTuple):
    """What a decision brings on average, with its interval."""

    mean: float
    low: float
    high: float


class Estimate(NamedTuple):
    """The new policy by three estimators, and the old one as it was; `effective` is how many decisions the weights
    leave, `heaviest` the greatest weight.
    """

    decisions: int
    effective: float
    heaviest: float
    logged: Value
    ips: Value
    snips: Value
    doubly_robust: Value


class NoSupport(Exception):
    """The log cannot tell what the policy would bring: what is missing, and the cure."""


def estimate(log: Sequence[Logged], confidence: float = 0.95) -> Estimate:
    """The value of the new policy. Raises NoSupport where the decisions of the past say too little of it."""
    if len(log) < LEAST_DECISIONS:
        raise NoSupport(
            f"{len(log)} decisions have a known outcome, expected {LEAST_DECISIONS} at least; wait for more"
        )
    _refuse_unsupported(log)
    weights = np.array([each.target[each.chosen] / each.probabilities[each.chosen] for each in log])
    rewards = np.array([each.reward for each in log])
    total = float(weights.sum())
    effective = total * total / float((weights * weights).sum()) if total else 0.0
    if effective < LEAST_EFFECTIVE:
        raise NoSupport(
            f"the {len(log)} decisions weigh as much as {effective:.0f}, expected at least {LEAST_EFFECTIVE:.0f}: the "
            "policy differs too much from what was done; wait for more, or look at one that differs less"
        )
    ratio = float((weights * rewards).sum()) / total
    return Estimate(
        len(log),
        effective,
        float(weights.max()),
        _value(rewards, confidence),
        _value(weights * rewards, confidence),
        # The ratio's error is that of its residuals (the delta method).
        _value(ratio + weights * (rewards - ratio) * len(log) / total, confidence),
        _value(_doubly_robust(log, weights, rewards), confidence),
    )


def _doubly_robust(log: Sequence[Logged], weights: Array, rewards: Array) -> Array:
    """What was expected of the new policy, mended by how wrong that was of what was chosen."""
    expected = np.array([sum(map(mul, each.target, each.predicted)) for each in log])
    mended = np.array([each.predicted[each.chosen] for each in log])
    terms: Array = expected + weights * (rewards - mended)
    return terms


def _refuse_unsupported(log: Sequence[Logged]) -> None:
    missing = 0.0
    for each in log:
        if each.probabilities[each.chosen] < LEAST_PROBABILITY:
            raise NoSupport(
                f"a choice of probability {each.probabilities[each.chosen]:g} was made, expected at least "
                f"{LEAST_PROBABILITY:g}: the probabilities are not those of this log"
            )
        pairs = zip(each.target, each.probabilities, strict=True)
        missing += sum(wanted for wanted, was in pairs if was < LEAST_PROBABILITY)
    if missing / len(log) > MOST_UNSUPPORTED:
        raise NoSupport(
            f"{missing / len(log):.1%} of what the policy does was never done, at most {MOST_UNSUPPORTED:.0%} may be; "
            "an exploration floor makes every choice possible"
        )


def _value(terms: Array, confidence: float) -> Value:
    mean, error = float(terms.mean()), float(terms.std(ddof=1)) / len(terms) ** 0.5
    half = NormalDist().inv_cdf(0.5 + confidence / 2) * error
    return Value(mean, mean - half, mean + half)

"""The logistic model: what hour, channel and person add to the odds of an offer, trained on outcomes as they settle.

scikit-learn does the training; without it (the extra `learner`) there is no such model.
"""

import logging
from collections.abc import Sequence
from importlib.util import find_spec
from math import log
from typing import Any

from journeys.conditions.around import PRIOR
from streams.learner.outcomes import Settled
from streams.learner.records import Learned

MOST_FEATURES = 500
_ALPHA = 1e-4
"""Strength of the pull of weights to 0."""
_ETA = 0.05
"""The first step, of which later ones are fractions."""

said = logging.getLogger(__name__)


def available() -> bool:
    """Whether scikit-learn is there; says in one line what is missing otherwise."""
    if find_spec("sklearn") is not None:
        return True
    said.warning("scikit-learn is not there: rates are learned, no logistic model; pip install sillage[learner]")
    return False


def features_of(settled: Settled) -> dict[str, float]:
    """The features of an outcome: those of the decision, its channel, and the log odds of the rate that was known."""
    shown = settled.shown
    mean = shown.mean or PRIOR
    return {**shown.features, f"channel={shown.channel}": 1.0, "rate": log(mean / (1 - mean))}


class Trainer:
    """A logistic regression by stochastic gradient descent that goes on from a published one."""

    def __init__(self, learned: Learned | None = None) -> None:
        self._names: list[str] = sorted(learned.weights) if learned else ["rate"]
        self._weights = [learned.weights[name] for name in self._names] if learned else [1.0]
        self._bias = learned.bias if learned else 0.0
        self.seen = learned.seen if learned else 0

    def learn(self, outcomes: Sequence[Settled]) -> None:
        """Takes outcomes in their order."""
        import numpy as np

        rows = [features_of(each) for each in outcomes]
        self._grow(rows)
        place = {name: number for number, name in enumerate(self._names)}
        table = np.zeros((len(rows), len(place)))
        for number, row in enumerate(rows):
            for name, value in row.items():
                if name in place:
                    table[number, place[name]] = value
        model = self._model(len(place))
        model.partial_fit(table, np.array([int(each.won) for each in outcomes]), classes=np.array([0, 1]))
        self._weights, self._bias = [float(each) for each in model.coef_[0]], float(model.intercept_[0])
        self.seen += len(outcomes)

    def published(self, version: int, at: int) -> Learned:
        """The model as a record."""
        weights = {name: round(each, 6) for name, each in zip(self._names, self._weights, strict=True)}
        return Learned(version, at, round(self._bias, 6), weights, self.seen)

    def _grow(self, rows: Sequence[dict[str, float]]) -> None:
        known = set(self._names)
        new = sorted({name for row in rows for name in row if name not in known})[: MOST_FEATURES - len(known)]
        self._names += new
        self._weights += [0.0] * len(new)

    def _model(self, width: int) -> Any:
        """A regression that stands where the last batch left it, with the step that its number of outcomes gives."""
        import numpy as np
        from sklearn.linear_model import SGDClassifier

        model = SGDClassifier(
            loss="log_loss", alpha=_ALPHA, learning_rate="invscaling", eta0=_ETA, power_t=0.25, shuffle=False
        )
        model.partial_fit(np.zeros((2, width)), np.array([0, 1]), classes=np.array([0, 1]))
        model.coef_ = np.array([self._weights])
        model.intercept_ = np.array([self._bias])
        model.t_ = float(self.seen + 1)
        return model

"""Policies to be compared: how probable each candidate of a decision would be under another rule."""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

from engine.thompson import FLOOR
from streams.learner.chances import Terms, chances

NAMES = ("thompson", "greedy", "uniform", "value", "propensity")
"""The draws as they are; the greatest score by means; any; the greatest factor alone; the greatest mean alone."""


class Policy(NamedTuple):
    """A rule by name, its floor, and what it multiplies the factors of some offers by."""

    name: str
    floor: float = FLOOR
    weights: Mapping[str, float] = MappingProxyType({})

    def target(self, offers: Sequence[str], terms: Sequence[Terms]) -> list[float]:
        """How probable each candidate is; `offers` are their ids."""
        weighed = [
            each._replace(factor=each.factor * self.weights.get(offer, 1.0))
            for offer, each in zip(offers, terms, strict=True)
        ]
        if self.name == "thompson":
            return chances(weighed, self.floor)
        even = 1 / len(terms)
        if self.name == "uniform":
            return [even] * len(terms)
        by: Callable[[Terms], float] = _BY[self.name]
        best = max(range(len(weighed)), key=lambda place: (by(weighed[place]), -place))
        return [self.floor * even + (1 - self.floor) * (place == best) for place in range(len(weighed))]


_BY: dict[str, Callable[[Terms], float]] = {
    "greedy": lambda each: each.mean * each.factor,
    "value": lambda each: each.factor,
    "propensity": lambda each: each.mean,
}

"""The models: what was learned of offers and of the arms of splits, as values that decisions ask."""

from collections.abc import Mapping
from math import inf, log
from typing import Any, NamedTuple

import msgspec

from engine.ids import share
from engine.thompson import Beta, shifted
from journeys.conditions.around import NO_MODEL, PRIOR

STRENGTH = 20.0
"""How many impressions the rate of the wider level is worth to the narrower one."""
OLDEST_MS = 14 * 86_400_000
"""A model older than this says nothing."""
MOST_SHIFT = 3.0
"""How far a logistic model moves the log odds, at most."""
PRIOR_WINS, PRIOR_LOSSES = STRENGTH * PRIOR, STRENGTH * (1 - PRIOR)

_64_BITS = 2**64 - 1
_STEP = 2.0**-64

Rates = dict[str, tuple[float, float]]
"""Wins and losses by `rate_key`."""


class OfferModel(msgspec.Struct, frozen=True):
    """What was counted of one offer up to `at` (ms), for all of it, by channel, and by segment and channel."""

    version: int
    at: int
    rates: Rates = {}


class Logistic(msgspec.Struct, frozen=True):
    """What the person and the hour add to the log odds of an offer: a weight for each feature (docs/learning.md)."""

    version: int
    at: int
    bias: float = 0.0
    weights: dict[str, float] = {}


class SplitModel(msgspec.Struct, frozen=True, omit_defaults=True):
    """The weights of a split's arms as learned up to `at` (ms), and the winner once there is one.

    `looked` is true once a test that looks only once has done so.
    """

    version: int
    at: int
    weights: dict[str, float] = {}
    winner: str = ""
    looked: bool = False


class Propensity(NamedTuple):
    """A propensity and how it came about: the drawn value, of Beta(alpha, beta), its log odds moved by `shift`.

    Both are 0 where nothing was drawn; `version` is that of the model, 0 for none.
    """

    value: float
    reason: str
    alpha: float = 0.0
    beta: float = 0.0
    shift: float = 0.0
    version: int = 0


class _Arm(NamedTuple):
    """What draws of an offer by a channel in a segment hang on, made once: `salt` tells its draws from others'.

    `moved` is what the logistic model adds for it, whoever the person is. `version` is that of the model of the offer,
    0 for none; what it says counts up to `until` (ms).
    """

    beta: Beta
    reason: str
    salt: int
    moved: float
    version: int
    until: float


class Models:
    """All models by name. `faults` tells why one cannot be used; `learning` is true where somebody learns.

    What questions have in common is kept from one to the next: the arms, and the last decision's hash and person.
    """

    def __init__(self) -> None:
        self.offers: dict[str, OfferModel] = {}
        self.splits: dict[str, SplitModel] = {}
        self.faults: dict[str, str] = {}
        self.learning = False
        self._logistic: Logistic | None = None
        self._arms: dict[str, dict[tuple[str, str], _Arm]] = {}
        self._hashed: tuple[str, int] = ("", 0)
        self._person: tuple[Mapping[str, float] | None, float] = (None, 0.0)

    @property
    def logistic(self) -> Logistic | None:
        """What the person and the hour add to the odds, None where that is not known."""
        return self._logistic

    @logistic.setter
    def logistic(self, model: Logistic | None) -> None:
        self._logistic = model
        self._arms.clear()
        self._person = (None, 0.0)

    def put_offer(self, name: str, model: OfferModel | None) -> None:
        """Takes the model of an offer; None forgets it."""
        self._arms.pop(name, None)
        if model is None:
            self.offers.pop(name, None)
        else:
            self.offers[name] = model

    def put_split(self, name: str, model: SplitModel | None) -> None:
        """Takes the model of a split; None forgets it."""
        if model is None:
            self.splits.pop(name, None)
        else:
            self.splits[name] = model

    def propensity(
        self, decision: str, at: int, offer: str, channel: str, segment: str, features: Mapping[str, float]
    ) -> Propensity:
        """How likely the offer is taken: a draw that is the same for the same decision, offer and channel.

        `decision` is the id of a trace; where it is empty the answer is the mean. `at` in ms. What is not learned of
        yet is drawn from the prior, so that it is tried; where nobody learns it is the prior itself.
        """
        return Propensity(*self.drawn(decision, at, offer, channel, segment, features))

    def drawn(
        self, decision: str, at: int, offer: str, channel: str, segment: str, features: Mapping[str, float]
    ) -> list[Any]:
        """As `propensity`, as the plain list that a trace keeps."""
        arms = self._arms.get(offer)
        found = None if arms is None else arms.get((segment, channel))
        if found is None or not found.version:
            model = self.offers.get(offer)
            if model is None:
                fault = self.faults.get(offer_name(offer))
                if fault is not None or not self.learning:
                    return [PRIOR, fault or NO_MODEL, 0.0, 0.0, 0.0, 0]
            if found is None:
                found = self._arms.setdefault(offer, {})[segment, channel] = self._arm(model, offer, segment, channel)
        beta, reason, salt, moved, version, until = found
        if at > until:
            days = (at - self.offers[offer].at) // 86_400_000
            return [PRIOR, f"the model is {days} days old: the prior", 0.0, 0.0, 0.0, 0]
        shift = 0.0 if self._logistic is None else self._shift(moved, features, at)
        if decision:
            if self._hashed[0] != decision:
                self._hashed = (decision, int(share("thompson", decision) * 2**64))
            # A draw in (0, 1) for an arm: both hashes, mixed as by SplitMix64 (Steele, Lea and Flood 2014).
            mixed = ((self._hashed[1] ^ salt) * 0xBF58476D1CE4E5B9) & _64_BITS
            mixed = ((mixed ^ mixed >> 27) * 0x94D049BB133111EB) & _64_BITS
            value = beta.quantile(((mixed ^ mixed >> 31) + 0.5) * _STEP, shift)
        else:
            value = shifted(beta.mean, shift) if shift else beta.mean
        return [value, reason, beta.alpha, beta.beta, shift, version]

    def arms(self, split: str, at: int) -> dict[str, Any] | None:
        """What was learned of a split's arms: `weights` by arm, `winner` or an empty text, and the `version`."""
        model = self.splits.get(split)
        if model is None or (not model.winner and at - model.at > OLDEST_MS):
            return None
        return {"weights": dict(model.weights), "winner": model.winner, "version": model.version}

    def _arm(self, learned: OfferModel | None, offer: str, segment: str, channel: str) -> _Arm:
        alpha, beta, level = posterior(learned.rates if learned else {}, segment, channel)
        found, model = Beta(alpha, beta), self._logistic
        moved = 0.0
        if model is not None:
            rate = model.weights.get("rate", 1.0) - 1.0
            moved = model.weights.get(f"channel={channel}", 0.0) + rate * log(found.mean / (1 - found.mean))
        version, until = (0, inf) if learned is None else (learned.version, learned.at + OLDEST_MS)
        return _Arm(found, level, int(share("thompson", offer, channel) * 2**64), moved, version, until)

    def _shift(self, moved: float, features: Mapping[str, float], at: int) -> float:
        """By how much the log odds move; not at all where the logistic model is too old."""
        model = self._logistic
        if model is None or at - model.at > OLDEST_MS:
            return 0.0
        known, person = self._person
        if known is not features:
            weights = model.weights
            person = model.bias + sum(weights[name] * value for name, value in features.items() if name in weights)
            self._person = (features, person)
        return max(-MOST_SHIFT, min(MOST_SHIFT, person + moved))


def rate_key(segment: str = "", channel: str = "") -> str:
    """Under which wins and losses stand in a model: of a segment and channel, of a channel, or of all."""
    return f"{segment}/{channel}" if channel else ""


def offer_name(offer: str) -> str:
    """The name of the model of an offer."""
    return f"offer/{offer}"


def posterior(rates: Rates, segment: str, channel: str) -> tuple[float, float, str]:
    """Alpha, beta and the level of the narrowest level that has counts; the rate of the wider one is its prior."""
    alpha, beta, level = PRIOR_WINS, PRIOR_LOSSES, "nothing yet"
    for name, key in _levels(segment, channel):
        counted = rates.get(key)
        if counted is not None:
            mean = alpha / (alpha + beta)
            alpha, beta = STRENGTH * mean + counted[0], STRENGTH * (1 - mean) + counted[1]
            level = f"{counted[0]:g} of {counted[0] + counted[1]:g} by {name}"
    return alpha, beta, level


def _levels(segment: str, channel: str) -> list[tuple[str, str]]:
    levels = [("offer", rate_key())]
    if channel:
        levels.append(("offer and channel", rate_key("", channel)))
        if segment:
            levels.append(("offer, segment and channel", rate_key(segment, channel)))
    return levels

"""What people would take, if it were offered to them now: the town's hidden truth, which the engine is never told."""

import math
from random import Random
from typing import NamedTuple

from local.town.people import Person
from local.town.rhythm import DAY_MS, hour_of

OFFERS = ("delivery", "sample", "refill", "tea", "gift-box", "engraving", "workshop")
"""The offers of the catalog `town`, in its order: the oldest idea first."""
CLUB = "club"
"""What the journey `town-club` proposes beside them."""
KINDS = ("devoted", "thrifty", "curious")
_RECENT_MS = 60 * DAY_MS
_LIKELY = {"recent": (0.7, 0.15, 0.15), "old": (0.15, 0.7, 0.15), "none": (0.1, 0.2, 0.7)}
"""How likely each kind is by the last order that somebody made, if any: so orders tell something of it, and not all."""
_RATES = (0.03, 0.05, 0.08, 0.12, 0.18, 0.26, 0.36, 0.14)
_KIND_FACTORS = (0.35, 0.8, 1.6)
_CHANNEL_FACTORS = (0.55, 1.25)
_RAIN_FACTORS = (0.7, 1.0, 1.5)
_HOUR_SWING = 0.35
_PERSON_SPREAD = 0.25
_MOST = 0.9


class Taste(NamedTuple):
    """What one person is like: of which kind, and how easily won over beside all others of it."""

    kind: str
    readiness: float


class Tastes:
    """The tastes of a town; the same `seed` makes the same.

    A chance depends on the offer and the person's kind, the channel, the hour, and whether it rains where they live.
    """

    def __init__(self, seed: int, morning_at: int) -> None:
        self._seed = seed
        self._morning_at = morning_at
        dice = Random(f"{seed}/taste")
        rates = dice.sample(_RATES, len(_RATES))
        self._rates = dict(zip((*OFFERS, CLUB), rates, strict=True))
        self._kinds = {
            name: dict(zip(KINDS, dice.sample(_KIND_FACTORS, len(KINDS)), strict=True)) for name in self._rates
        }
        self._rain = {name: dice.choice(_RAIN_FACTORS) for name in self._rates}
        self._channels = {kind: dice.sample(_CHANNEL_FACTORS, 2) for kind in KINDS}
        self._peaks = {kind: dice.choice((9, 13, 19)) for kind in KINDS}
        self._known: dict[str, Taste] = {}

    def of(self, person: Person) -> Taste:
        """What the person is like, for all their life."""
        found = self._known.get(person.id)
        if found is None:
            dice = Random(f"{self._seed}/taste/{person.id}")
            kind = dice.choices(KINDS, _LIKELY[self._ordered(person)])[0]
            found = self._known[person.id] = Taste(kind, math.exp(dice.gauss(0.0, _PERSON_SPREAD)))
        return found

    def chance(self, person: Person, offer: str, channel: str, at: int, *, rains: bool) -> float | None:
        """How likely the person takes an offer that reaches them at `at` (ms); None of what is no offer of the town."""
        rate = self._rates.get(offer)
        if rate is None:
            return None
        taste = self.of(person)
        swing = math.cos((hour_of(at) - self._peaks[taste.kind]) / 24 * 2 * math.pi)
        by = self._kinds[offer][taste.kind] * self._channels[taste.kind][channel == "push"]
        now = (1 + _HOUR_SWING * swing) * (self._rain[offer] if rains else 1.0)
        return min(_MOST, rate * by * now * taste.readiness)

    def _ordered(self, person: Person) -> str:
        if person.last_order_at is None:
            return "none"
        return "recent" if self._morning_at - person.last_order_at < _RECENT_MS else "old"

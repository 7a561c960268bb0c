"""Offers, compiled: what a catalog holds, and what each of its conditions asks for."""

from collections.abc import Callable
from typing import Any

import msgspec

from engine.program.messages import MessageSpec
from engine.program.steps import Variant
from journeys.conditions import Compiled, Facts
from journeys.conditions.needed import Wanted
from journeys.duration import Duration

EVEN = 50
"""The priority whose lever is 1."""
DOUBLING = 25
"""So much more priority doubles a score."""


def lever(priority: int) -> float:
    """What a priority multiplies a score by: 1 at 50, doubled with each 25 more."""
    return float(2 ** ((priority - EVEN) / DOUBLING))


class OutcomeRule(msgspec.Struct, frozen=True):
    """What counts as taking an offer: any of these types of events, or `goal`, within so long after it left."""

    by: tuple[str, ...]
    within: Duration


class OfferRule(msgspec.Struct, frozen=True):
    """One offer. `name` is `CATALOG/ID`, by which it is remembered and learned; an empty `topic` is the journey's.

    `stages` are its conditions by the code of who fails them, in the order in which they are asked, `fits` asks for all
    of them at once. `again` is how long
    it is not offered again to the same person.
    """

    id: str
    name: str
    message: MessageSpec
    variants: tuple[Variant, ...]
    topic: str
    value: float
    lever: float
    stages: tuple[tuple[str, Compiled], ...]
    context: Compiled | None
    again: Duration | None
    fits: Callable[[Facts], bool] | None = None
    outcome: OutcomeRule | None = None


OfferRow = tuple[
    OfferRule,
    str,
    str,
    Callable[[Facts], bool] | None,
    Duration | None,
    Callable[[Facts], Any] | None,
    float,
    float,
    tuple[tuple[Variant, str], ...],
]
"""An offer as it is looked at in each choice: id, name, `fits`, `again`, context, value, lever, channels."""


class OfferCatalog(msgspec.Struct, frozen=True):
    """The offers of a catalog by id, smallest first; `wanted` is what must be counted for their conditions.

    `rows` are the same offers once more, as a choice walks over them. A person counts in the first of `segments` that
    they are in, when it is learned what is taken.
    """

    name: str
    version: str
    offers: tuple[OfferRule, ...]
    segments: tuple[str, ...] = ()
    wanted: dict[str, Wanted] = {}
    rows: tuple[OfferRow, ...] = ()

    @classmethod
    def of(
        cls,
        name: str,
        version: str,
        offers: tuple[OfferRule, ...],
        segments: tuple[str, ...],
        wanted: dict[str, Wanted],
    ) -> "OfferCatalog":
        """The catalog, with the rows of its offers."""
        return cls(name, version, offers, segments, wanted, tuple(map(_row, offers)))


def _row(offer: OfferRule) -> OfferRow:
    evaluate = None if offer.context is None else offer.context.evaluate
    channels = tuple((variant, variant.channel) for variant in offer.variants)
    return offer, offer.id, offer.name, offer.fits, offer.again, evaluate, offer.value, offer.lever, channels

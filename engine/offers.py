"""Offers: which of a catalog concern a person now, by what score they compete, and what became of each."""

from collections.abc import Callable
from operator import attrgetter
from typing import Any

import msgspec

from engine.customer import Customer
from engine.policy.proposal import Refusal, no_facts
from engine.policy.score import Propensities
from engine.program import OfferCatalog, OfferRule, SendStep, Variant
from engine.run import Run
from engine.time import after
from journeys.conditions import Absent, Compiled, EvaluationError, Facts

_SCORE = attrgetter("total")
MOST_TOLD = 20
"""Candidates that stand on a trace in full; the others are counted."""


class Candidate(msgspec.Struct, gc=False):
    """An offer by one channel with its score; `number`, from 1, tells it from others of the catalog.

    `told` is what a trace tells of it: its fate so far as `code`, and the parts of the score.
    """

    offer: OfferRule
    variant: Variant
    number: int
    total: float
    told: dict[str, Any]


class Unfit(msgspec.Struct, gc=False):
    """An offer that does not concern the person, by the stage that it failed, and the condition there."""

    offer: str
    code: str
    condition: Compiled | None


class Choosing(msgspec.Struct, gc=False):
    """The choice of one `best_offer` node: the candidates, the best first, and the ids of those `picked`.

    `refusals` are those of policy, `refused` the step that it refused last; `over` once a fault ended the choice.
    """

    catalog: str
    segment: str
    facts: Facts
    candidates: list[Candidate]
    unfit: list[Unfit]
    picked: list[str]
    refusals: list[Refusal]
    refused: SendStep | None = None
    over: bool = False

    def told(self) -> dict[str, Any]:
        """As a trace holds it: the best first, then those that do not concern the person."""
        candidates, unfit = self.candidates, self.unfit
        found = [each.told for each in candidates[:MOST_TOLD]]
        for each in unfit[: MOST_TOLD - len(found)]:
            why = {} if each.condition is None else {"why": each.condition.explain(self.facts)}
            found.append({"offer": each.offer, "code": each.code, **why})
        told: dict[str, Any] = {"catalog": self.catalog, "candidates": found}
        more = len(candidates) + len(unfit) - len(found)
        if more:
            told["more"] = more
        return told


NO_CHOICE = Choosing("", "", no_facts(), [], [], [], [])
"""Of a message that is sent as no offer."""


def choosing(catalog: OfferCatalog, run: Run, asked: Propensities) -> Choosing:
    """Asks each offer of a catalog whether it concerns the person, and scores those that do. Raises EvaluationError."""
    facts, customer = run.facts(), run.draft.customer
    members = customer.segments
    segment = next((name for name in catalog.segments if name in members), "") if catalog.segments else ""
    candidates: list[Candidate] = []
    unfit: list[Unfit] = []
    propensity, prior, number = asked.propensity, asked.prior, 0
    for offer, id_, name, fits, again, context, value, lever, variants in catalog.rows:
        try:
            holds = fits is None or fits(facts)
        except EvaluationError:
            holds = False
        if not holds or again is not None:
            failed = _failed(offer, facts, customer, run, holds=holds)
            if failed is not None:
                unfit.append(failed)
                number += len(variants)
                continue
        fit = 1.0 if context is None else _context(id_, context, facts)
        for variant, channel in variants:
            number += 1
            likely, why = prior or propensity(name, channel, segment)
            total = likely * fit * value * lever
            told = {
                "offer": id_,
                "channel": channel,
                "code": "behind",
                "propensity": likely,
                "context": fit,
                "value": value,
                "lever": lever,
                "score": total,
                "why": why,
            }
            candidates.append(Candidate(offer, variant, number, total, told))
    # Equal ones stay in the order of their ids.
    candidates.sort(key=_SCORE, reverse=True)
    return Choosing(catalog.name, segment, facts, candidates, unfit, [], [])


def lately(offer: OfferRule, customer: Customer, at: int, zone: str) -> bool:
    """Whether the offer was made to the person so lately that it is not made again at `at` (ms)."""
    if offer.again is None:
        return False
    made_at = customer.offered.get(offer.name)
    return made_at is not None and at < after(made_at, offer.again, zone)


def _failed(offer: OfferRule, facts: Facts, customer: Customer, run: Run, *, holds: bool) -> Unfit | None:
    """The first stage that does not hold, asked one by one only where not all of them do, as `holds` says."""
    if not holds:
        for code, condition in offer.stages:
            if not condition.holds(facts):
                return Unfit(offer.id, code, condition)
    if offer.again is not None and lately(offer, customer, run.at, run.zone()):
        return Unfit(offer.id, "again", None)
    return None


def _context(name: str, evaluate: Callable[[Facts], Any], facts: Facts) -> float:
    """What the moment multiplies by; 1 where something that it names is absent. Raises EvaluationError."""
    try:
        value = evaluate(facts)
    except Absent:
        return 1.0
    if type(value) is float and 0.0 <= value < _ENDLESS:
        return value
    if type(value) is not int or value < 0:
        raise EvaluationError(f"context of the offer {name} takes a number that is not negative, found {value!r}")
    return float(value)


_ENDLESS = float("inf")

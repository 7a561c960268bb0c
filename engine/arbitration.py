"""Arbitration: proposals of one round compete, so that what is scarce goes to the best of them."""

from collections.abc import Sequence
from math import inf, nextafter
from typing import NamedTuple

from engine import trace
from engine.decision import Line
from engine.draft import Draft
from engine.offers import Candidate, Choosing
from engine.pending import Pending
from engine.policy.score import Propensities, message_name
from engine.program import BestOfferStep, SendStep

COMPETING = "marketing"
"""The class of messages that compete; the others are judged before them, in the order in which they were made."""


class Rival(NamedTuple):
    """One of the proposals of a round, with the offers that it may make where it is a `best_offer`."""

    pending: Pending
    found: Choosing


Contender = tuple[Rival, Candidate | None]
"""A proposal in its place: of a send the proposal itself, of a `best_offer` one of its candidates."""
_Placed = tuple[float, str, str, int, Contender]
"""The score below zero, then what is smaller first of equal ones; no two have the same number."""


def ranked(draft: Draft, rivals: Sequence[Rival], asked: Propensities) -> list[Contender]:
    """The order in which the proposals of a round are judged.

    What does not compete first, then by score; of equal ones the smaller of journey and enrollment, within one as they
    were made, offers by id. Where more than one competes, each send's score is said.
    """
    first: list[Contender] = []
    left: list[Rival] = []
    for rival in rivals:
        step = rival.pending.step
        if isinstance(step, SendStep) and step.message.class_ != COMPETING:
            first.append((rival, None))
        else:
            left.append(rival)
    if len(left) == 1:
        return [*first, *_alone(draft, left[0])]
    placed: list[_Placed] = []
    for rival in left:
        if isinstance(rival.pending.step, SendStep):
            _place(draft, rival, rival.pending.step, asked, placed)
        else:
            _place_candidates(draft, rival, rival.pending.step, placed)
    placed.sort()
    return [*first, *(each[4] for each in placed)]


def _alone(draft: Draft, rival: Rival) -> list[Contender]:
    """The order where only one competes: of offers that of their scores, of a message none is needed."""
    step = rival.pending.step
    if isinstance(step, SendStep):
        return [(rival, None)]
    explore(draft, step, rival.found)
    return [(rival, each) for each in rival.found.candidates]


def _place(draft: Draft, rival: Rival, step: SendStep, asked: Propensities, placed: list[_Placed]) -> None:
    pending = rival.pending
    journey, message = pending.journey, step.message.name
    value, lever = journey.value, journey.lever
    channel, (likely, why) = _likely(step, pending, asked)
    total = likely * value * lever
    told = {
        "message": message,
        "channel": channel,
        "propensity": likely,
        "context": 1.0,
        "value": value,
        "lever": lever,
        "score": total,
        "why": why,
    }
    draft.tell(Line(trace.SCORED, journey.name, pending.enrollment, step.label, data=told))
    placed.append((-total, journey.name, pending.enrollment, len(placed), (rival, None)))


def _likely(step: SendStep, pending: Pending, asked: Propensities) -> tuple[str, tuple[float, str]]:
    """The channel that stands for the message, and its propensity: the first that was not tried, or the likeliest."""
    name, only = message_name(step.message.name), step.variants[0].channel
    if len(step.variants) == 1:
        return only, asked.propensity(name, only)
    tried = pending.chain.tried if pending.chain is not None else ()
    left = [each.channel for each in step.variants if each.channel not in tried] or [only]
    if not step.best:
        return left[0], asked.propensity(name, left[0])
    found = [(each, asked.propensity(name, each)) for each in left]
    return max(found, key=lambda each: each[1][0])


def _place_candidates(draft: Draft, rival: Rival, step: BestOfferStep, placed: list[_Placed]) -> None:
    explore(draft, step, rival.found)
    journey, enrollment = rival.pending.journey.name, rival.pending.enrollment
    for each in rival.found.candidates:
        placed.append((-each.total, journey, enrollment, len(placed), (rival, each)))


def explore(draft: Draft, step: BestOfferStep, found: Choosing) -> None:
    """Now and then a candidate at random stands before the others, so that all are learned of."""
    candidates = found.candidates
    at_random = draft.around.explored(draft.trace_id, step.label, len(candidates))
    if at_random is None or at_random >= len(candidates):
        return
    best, explored = candidates[0].total, candidates.pop(at_random)
    explored.told["explored"] = True
    explored.total = nextafter(best, inf)
    candidates.insert(0, explored)

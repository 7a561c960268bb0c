"""Arbitration: proposals of one round compete, so that what is scarce goes to the best of them."""

from collections.abc import Sequence
from math import inf, nextafter
from typing import Any, NamedTuple

from engine import trace
from engine.decision import Line
from engine.draft import Draft
from engine.offers import Candidate, Choosing
from engine.pending import Pending
from engine.policy.score import Scorer, message_name
from engine.program import SendStep

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


def ranked(draft: Draft, rivals: Sequence[Rival], scorer: Scorer) -> list[Contender]:
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
    if len(left) == 1 and isinstance(left[0].pending.step, SendStep):
        return [*first, (left[0], None)]
    placed: list[_Placed] = []
    for rival in left:
        if isinstance(rival.pending.step, SendStep):
            _place(draft, rival, rival.pending.step, scorer, placed)
        else:
            _place_candidates(draft, rival, placed)
    placed.sort()
    return [*first, *(each[4] for each in placed)]


def _place(draft: Draft, rival: Rival, step: SendStep, scorer: Scorer, placed: list[_Placed]) -> None:
    pending = rival.pending
    journey, message, channel = pending.journey, step.message.name, step.variants[0].channel
    told: dict[str, Any] = {"message": message, "channel": channel}
    total = scorer.score(told, message_name(message), channel, "", 1.0, journey.value, journey.lever)
    draft.tell(Line(trace.SCORED, journey.name, pending.enrollment, step.label, data=told))
    placed.append((-total, journey.name, pending.enrollment, len(placed), (rival, None)))


def _place_candidates(draft: Draft, rival: Rival, placed: list[_Placed]) -> None:
    """By score; now and then one at random stands before the others, so that all are learned of."""
    pending, candidates = rival.pending, rival.found.candidates
    journey, enrollment = pending.journey.name, pending.enrollment
    at_random = draft.around.explored(draft.trace_id, pending.step.label, len(candidates))
    if at_random is not None and at_random < len(candidates):
        explored = candidates[at_random]
        explored.told["explored"] = True
        explored.total = nextafter(max(each.total for each in candidates), inf)
    for each in candidates:
        placed.append((-each.total, journey, enrollment, len(placed), (rival, each)))

"""Arbitration: proposals of one round compete, so that what is scarce goes to the best of them."""

from collections.abc import Iterator, Sequence
from math import inf, nextafter
from typing import NamedTuple

from engine import trace
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


class Contender(NamedTuple):
    """A proposal in its place: of a send the proposal itself, of a `best_offer` one of its candidates."""

    rival: Rival
    candidate: Candidate | None = None


def ranked(draft: Draft, rivals: Sequence[Rival], scorer: Scorer) -> list[Contender]:
    """The order in which the proposals of a round are judged.

    What does not compete first, then by score; of equal ones the smaller of journey and enrollment, within one as they
    were made, offers by id. Where more than one competes, each send's score is said.
    """
    first = [Contender(rival) for rival in rivals if not _competes(rival)]
    left = [rival for rival in rivals if _competes(rival)]
    if len(left) == 1 and isinstance(left[0].pending.step, SendStep):
        return [*first, Contender(left[0])]
    scored = [each for rival in left for each in _scored(draft, rival, scorer, told=len(left) > 1)]
    scored.sort(key=_place)
    return [*first, *(contender for _, contender in scored)]


def _competes(rival: Rival) -> bool:
    step = rival.pending.step
    return not isinstance(step, SendStep) or step.message.class_ == COMPETING


_Scored = tuple[float, Contender]


def _scored(draft: Draft, rival: Rival, scorer: Scorer, *, told: bool) -> Iterator[_Scored]:
    pending = rival.pending
    step, journey = pending.step, pending.journey
    if not isinstance(step, SendStep):
        yield from _candidates(draft, rival)
        return
    message, channel = step.message.name, step.variants[0].channel
    score = scorer.score(message_name(message), channel, "", 1.0, journey.value, journey.lever)
    if told:
        parts = score.parts()
        draft.say(trace.SCORED, journey.name, pending.enrollment, step.label, message=message, channel=channel, **parts)
    yield score.total, Contender(rival)


def _candidates(draft: Draft, rival: Rival) -> Iterator[_Scored]:
    """The candidates by score; now and then one at random stands before the others, so that all are learned of."""
    found = rival.found
    candidates = found.candidates
    at_random = draft.around.explored(draft.trace_id, rival.pending.step.label, len(candidates))
    for place, each in enumerate(candidates):
        total = each.score.total
        if place == at_random:
            found.explored = each.number
            total = nextafter(max(other.score.total for other in candidates), inf)
        yield total, Contender(rival, each)


def _place(scored: _Scored) -> tuple[float, str, str]:
    total, (rival, _) = scored
    return -total, rival.pending.journey.name, rival.pending.enrollment

"""Proposals: what enrollments want to send is judged once nothing else of the decision is left, all of it together."""

from typing import Any

from engine import trace
from engine.advance import advance, fail, fault_line
from engine.arbitration import Rival, explore, ranked
from engine.customer import Enrollment, Spot
from engine.draft import Draft
from engine.nodes import best_offer, fallback, send, talk
from engine.offers import NO_CHOICE, Candidate, Choosing
from engine.pending import Pending
from engine.policy.score import Propensities
from engine.program import BestOfferStep, SendStep
from engine.run import Run


def settle(draft: Draft) -> None:
    """Judges all that is pending, each against the customer as it is by then, and takes its enrollment on.

    What that leads to may be proposed in turn: it is pending, and makes another round.
    """
    proposed, draft.proposals = draft.proposals, ()
    if len(proposed) == 1:
        # Most often nothing competes, and then a message needs no score.
        _alone(draft, proposed[0])
        return
    asked = Propensities(draft, proposed[0].journey.zone)
    rivals = [Rival(each, found) for each in proposed if (found := _choosing(draft, each, asked)) is not None]
    for rival, candidate in ranked(draft, rivals, asked):
        pending, found = rival.pending, rival.found
        if isinstance(pending.step, SendStep):
            _judge(draft, pending, pending.step)
        elif candidate is not None and not found.over and len(found.picked) < pending.step.pick:
            _attempt(draft, pending, pending.step, found, candidate)
    for pending, found in rivals:
        if isinstance(pending.step, BestOfferStep) and not found.over:
            _finish(draft, pending, pending.step, found)


def _alone(draft: Draft, pending: Pending) -> None:
    step = pending.step
    if isinstance(step, SendStep):
        _judge(draft, pending, step)
        return
    run = _resumed(draft, pending)
    if run is None:
        _say_left(draft, pending, {"catalog": step.catalog})
        return
    asked = Propensities(draft, run.journey.zone)
    try:
        found = best_offer.choosing(step, run, asked)
        explore(draft, step, found)
        for candidate in found.candidates:
            best_offer.attempt(step, run, pending, found, candidate)
            if len(found.picked) >= step.pick:
                break
        following = best_offer.finish(step, run, pending, found)
    except Exception as fault:
        # As in `_judge`.
        fail(run, *fault_line(fault))
        return
    if following is not None:
        advance(run, following)


def _judge(draft: Draft, pending: Pending, step: SendStep) -> None:
    run = _resumed(draft, pending)
    if run is None:
        _say_left(draft, pending, {"message": step.message.name})
        return
    try:
        if step.follows:
            following = talk.judge(step, run, pending)
        elif step.best or step.fallback is not None:
            following = fallback.judge(step, run, pending)
        else:
            following = send.judge(step, run, pending)
    except Exception as fault:
        # Conditions and variables are the designer's: whatever they raise concerns this enrollment alone.
        fail(run, *fault_line(fault))
        return
    if following is not None:
        advance(run, following)


def _choosing(draft: Draft, pending: Pending, asked: Propensities) -> Choosing | None:
    """The offers that compete for a `best_offer`, `NO_CHOICE` for a send; None where there is nothing to judge."""
    step = pending.step
    if isinstance(step, SendStep):
        return NO_CHOICE
    run = _resumed(draft, pending)
    if run is None:
        _say_left(draft, pending, {"catalog": step.catalog})
        return None
    try:
        return best_offer.choosing(step, run, asked)
    except Exception as fault:
        # As in `_judge`.
        fail(run, *fault_line(fault))
        return None


def _attempt(draft: Draft, pending: Pending, step: BestOfferStep, found: Choosing, candidate: Candidate) -> None:
    run = _resumed(draft, pending)
    if run is None:
        return
    try:
        best_offer.attempt(step, run, pending, found, candidate)
    except Exception as fault:
        # As in `_judge`.
        found.over = True
        fail(run, *fault_line(fault))


def _finish(draft: Draft, pending: Pending, step: BestOfferStep, found: Choosing) -> None:
    run = _resumed(draft, pending)
    if run is None:
        _say_left(draft, pending, {"catalog": step.catalog})
        return
    following = best_offer.finish(step, run, pending, found)
    if following is not None:
        advance(run, following)


def _say_left(draft: Draft, pending: Pending, about: dict[str, Any]) -> None:
    draft.say(trace.DROPPED, pending.journey.name, pending.enrollment, pending.step.label, "left", **about)


def _resumed(draft: Draft, pending: Pending) -> Run | None:
    """A run from where the proposal was made, None where the enrollment left or does not stand there any more.

    The enrollment that lives is the draft's own since it got to the send, so that nothing is copied.
    """
    enrollment = draft.live.get(pending.enrollment)
    if enrollment is None or enrollment.visits.get(pending.step.label) != pending.visit:
        return None
    position = _position(enrollment, pending.branch)
    if position is None or position.node != pending.step.label or enrollment.version != pending.journey.version:
        return None
    draft.hand(pending.event, pending.hops)
    run = Run(draft, pending.journey, enrollment, pending.at, position, pending.walked)
    run.event = pending.kept
    return run


def _position(enrollment: Enrollment, branch: str) -> Spot | None:
    if not branch:
        return enrollment
    return next((each for each in enrollment.branches if each.name == branch), None)

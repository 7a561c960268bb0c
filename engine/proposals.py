"""Proposals: what enrollments want to send is judged once nothing else of the decision is left, all of it together."""

from collections.abc import Iterable

from engine import trace
from engine.advance import advance, fail, fault_line
from engine.customer import Enrollment, Spot
from engine.draft import Draft
from engine.nodes import send
from engine.pending import Pending
from engine.run import Run


def settle(draft: Draft) -> None:
    """Judges all that is pending, each against the customer as it is by then, and takes its enrollment on.

    What that leads to may be proposed in turn: it is pending, and makes another round.
    """
    proposed, draft.proposals = draft.proposals, ()
    for each in in_order(proposed) if len(proposed) > 1 else proposed:
        run = _resumed(draft, each)
        if run is None:
            data = {"message": each.step.message.name}
            draft.say(trace.DROPPED, each.journey.name, each.enrollment, each.step.label, "left", **data)
        else:
            _judge(run, each)


def in_order(proposed: Iterable[Pending]) -> Iterable[Pending]:
    """The order in which proposals of one round are judged: that in which they were made."""
    return proposed


def _judge(run: Run, pending: Pending) -> None:
    try:
        following = send.judge(pending.step, run, pending)
    except Exception as fault:
        # Variables may be the designer's expressions: whatever they raise concerns this enrollment alone.
        fail(run, *fault_line(fault))
        return
    if following is not None:
        advance(run, following)


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

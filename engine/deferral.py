"""Deferral: a proposal that a rule refuses for now is made again when the rule allows it, if that is soon enough."""

from collections.abc import Iterable

from engine import trace
from engine.pending import Pending
from engine.policy.proposal import Refusal
from engine.program import SendStep
from engine.run import Run
from engine.time import after


def deferred(step: SendStep, run: Run, pending: Pending, refusals: Iterable[Refusal]) -> bool:
    """Whether the enrollment stands at the send until the first moment that a refusing rule allows.

    Not where no rule names one, where it lies later than `defer` after the first proposal, where the message would be
    worth nothing any more, or where the enrollment would have expired; the trace says so.
    """
    at = run.at
    allowed = sorted((each.until, each.code) for each in refusals if each.until > at)
    if step.defer is None or not allowed:
        return False
    (until, code), zone, about = allowed[0], run.zone(), {"message": step.message.name}
    too_late = ""
    if until > after(pending.proposed_at, step.defer, zone):
        too_late = "defer"
    elif step.void_after is not None and until >= after(pending.proposed_at, step.void_after, zone):
        too_late = "void_after"
    elif until >= run.enrollment.expires_at:
        too_late = "ttl"
    if too_late:
        why = f"{code} allows it at {until}, which is too late by {too_late}"
        run.say(trace.DROPPED, step.label, "late", why, **about, until=until)
        return False
    run.hold(step.label, pending.proposed_at, until, pending.chain)
    run.say(trace.DEFERRED, step.label, code, **about, until=until)
    return True

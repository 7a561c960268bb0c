"""Node `send`: a proposal goes through policy and becomes an action, or is refused, or is held for a while."""

from engine import trace
from engine.bounds import with_item, with_last
from engine.customer import DRAWN, QUEUED_ACTIONS, SENT_PER_ENROLLMENT, Branch, QueuedAction
from engine.decision import Action
from engine.ids import action_id
from engine.pending import Pending
from engine.policy.budget import taken
from engine.policy.holdout import HELD_OUT, holdout_key
from engine.policy.pipeline import judged
from engine.policy.proposal import Proposal, Refusal
from engine.policy.reachable import address
from engine.program import SendStep, Step, Variant
from engine.run import Run
from engine.time import after
from engine.variables import rebuilt

HELD_CLASS = "marketing"
"""Messages that can wait until the partition has caught up; the others leave at once."""


def enter(step: SendStep, run: Run) -> Step | None:
    """Holds the message while the partition is catching up, else proposes it; either way the enrollment stands here."""
    proposed_at, run.proposed_at = run.proposed_at or run.at, 0
    until = run.draft.hold() if step.message.class_ == HELD_CLASS else 0
    if until:
        run.hold(step.label, proposed_at, until)
        about = {"message": step.message.name, "channel": step.variants[0].channel}
        run.say(trace.HELD, step.label, "catching_up", "the partition is catching up", **about, until=until)
        return None
    draft, position = run.draft, run.position
    run.stand(step.label, proposed_at, 0)
    draft.propose(
        Pending(
            run.enrollment.id,
            position.name if isinstance(position, Branch) else "",
            run.journey,
            step,
            run.visit(step.label),
            run.at,
            proposed_at,
            draft.event,
            draft.hops,
            run.event,
            run.walked,
        )
    )
    return None


def time_out(step: SendStep, run: Run) -> Step:
    """The hold is over: the message is proposed anew, with the event that was in hand when it was proposed first."""
    run.event, run.proposed_at = run.position.event, run.position.arrived_at
    return step


def judge(step: SendStep, run: Run, pending: Pending) -> Step:
    """Takes the first channel that policy lets through; each refusal's code is on the trace."""
    terms = run.draft.catalog.terms
    for attempt, variant in enumerate(step.variants, 1):
        proposal = _proposal(step, variant, run, pending.proposed_at)
        refusal = judged(proposal, run.draft.customer, terms)
        if refusal is None:
            name = action_id(run.enrollment.id, step.label, pending.visit, attempt)
            refusal = _send(step, variant, run, proposal, name)
        if refusal is None:
            return step.then
        about = {"message": step.message.name, "channel": variant.channel}
        run.say(trace.REFUSED, step.label, refusal.code, refusal.why, **about)
    return step.blocked


def _proposal(step: SendStep, variant: Variant, run: Run, proposed_at: int) -> Proposal:
    customer, journey, message = run.draft.customer, run.journey, step.message
    zone = run.zone()
    return Proposal(
        journey.topic,
        variant.channel,
        message.class_,
        variant.recipient or address(customer, variant.channel),
        journey.holdout > 0 and customer.arms.get(holdout_key(journey.name)) == HELD_OUT,
        run.at,
        zone,
        journey.name,
        run.enrollment.id,
        step.label,
        message.name,
        message.categories,
        after(proposed_at, step.void_after, zone) if step.void_after is not None else 0,
    )


def _send(step: SendStep, variant: Variant, run: Run, proposal: Proposal, name: str) -> Refusal | None:
    """Adds an action to the outputs and to what is queued, unless the journey's budget has nothing for it.

    That is asked last of all: what is taken is spent by whatever raises behind it.
    """
    enrollment, draft = run.enrollment, run.draft
    action = _action(step, variant, run, proposal, name)
    budget = draft.catalog.current.get(run.journey.name, run.journey).budget
    if budget is not None:
        drawn = taken(budget, proposal, draft.around)
        if isinstance(drawn, Refusal):
            return drawn
        if drawn is not None:
            draft.own().drawn = with_item(draft.customer.drawn, name, drawn, DRAWN)
    draft.outputs.append(action)
    enrollment.sent = with_last(enrollment.sent, name, SENT_PER_ENROLLMENT)
    queued = QueuedAction(name, enrollment.id, run.journey.topic, variant.channel, run.at)
    draft.own().queued = with_last(draft.customer.queued, queued, QUEUED_ACTIONS)
    run.say(trace.SENT, step.label, action=name, message=step.message.name, channel=variant.channel)
    return None


def _action(step: SendStep, variant: Variant, run: Run, proposal: Proposal, name: str) -> Action:
    """What was held loses of its `void_after` the time that it was held."""
    draft, journey, enrollment = run.draft, run.journey, run.enrollment
    return Action(
        id=name,
        customer=draft.customer.id,
        journey=journey.name,
        version=journey.version,
        enrollment=enrollment.id,
        step=step.label,
        message=step.message.name,
        message_hash=step.message.hash,
        channel=variant.channel,
        topic=journey.topic,
        class_=step.message.class_,
        recipient=proposal.recipient,
        timezone=proposal.zone,
        variables=rebuilt(variant.paths, run.facts()),
        decided_at=run.at,
        received_at=draft.event.received_at if draft.event is not None else 0,
        void_at=proposal.void_at,
        cause=draft.trace_id,
    )

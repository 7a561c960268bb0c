"""Node `send`: a proposal goes through policy and becomes an action, or is refused, or is held for a while."""

from engine import trace
from engine.bounds import with_last
from engine.customer import QUEUED_ACTIONS, SENT_PER_ENROLLMENT, QueuedAction
from engine.decision import Action
from engine.ids import action_id
from engine.policy.pipeline import judged
from engine.policy.proposal import Proposal
from engine.policy.reachable import address
from engine.program import SendStep, Step
from engine.run import Run
from engine.time import after
from engine.variables import rebuilt

HELD_CLASS = "marketing"
"""Messages that can wait until the partition has caught up; the others leave at once."""


def enter(step: SendStep, run: Run) -> Step | None:
    """Holds the message while the partition is catching up, else proposes it."""
    proposed_at, run.proposed_at = run.proposed_at or run.at, 0
    until = run.draft.hold() if step.message.class_ == HELD_CLASS else 0
    if not until:
        return _propose(step, run, proposed_at)
    run.hold(step.label, proposed_at, until)
    about = {"message": step.message.name, "channel": step.channel}
    run.say(trace.HELD, step.label, "catching_up", "the partition is catching up", **about, until=until)
    return None


def time_out(step: SendStep, run: Run) -> Step:
    """The hold is over: the message is proposed anew, with the event that was in hand when it was proposed first."""
    run.event, run.proposed_at = run.enrollment.event, run.enrollment.arrived_at
    return step


def _propose(step: SendStep, run: Run, proposed_at: int) -> Step:
    """Adds an action to the outputs and to what is queued, or the refusal's code to the trace."""
    enrollment = run.enrollment
    visit = enrollment.visits.get(step.label, 0) + 1
    enrollment.visits = {**enrollment.visits, step.label: visit}
    customer = run.draft.customer
    topic = run.journey.topic
    recipient = step.recipient or address(customer, step.channel)
    proposal = Proposal(topic, step.channel, step.message.class_, recipient)
    refusal = judged(proposal, customer)
    if refusal is not None:
        run.say(trace.REFUSED, step.label, refusal.code, refusal.why, message=step.message.name, channel=step.channel)
        return step.blocked
    action = _action(step, run, proposal, visit, proposed_at)
    run.draft.outputs.append(action)
    enrollment.sent = with_last(enrollment.sent, action.id, SENT_PER_ENROLLMENT)
    queued = QueuedAction(action.id, enrollment.id, topic, step.channel, run.at)
    run.draft.own().queued = with_last(run.draft.customer.queued, queued, QUEUED_ACTIONS)
    run.say(trace.SENT, step.label, action=action.id, message=step.message.name, channel=step.channel)
    return step.then


def _action(step: SendStep, run: Run, proposal: Proposal, visit: int, proposed_at: int) -> Action:
    """What was held loses of its `void_after` the time that it was held."""
    draft, journey, enrollment = run.draft, run.journey, run.enrollment
    zone = run.zone()
    return Action(
        id=action_id(enrollment.id, step.label, visit),
        customer=draft.customer.id,
        journey=journey.name,
        version=journey.version,
        enrollment=enrollment.id,
        step=step.label,
        message=step.message.name,
        message_hash=step.message.hash,
        channel=step.channel,
        topic=journey.topic,
        class_=step.message.class_,
        recipient=proposal.recipient,
        timezone=zone,
        variables=rebuilt(step.paths, run.facts()),
        decided_at=run.at,
        received_at=draft.event.received_at if draft.event is not None else 0,
        void_at=after(proposed_at, step.void_after, zone) if step.void_after is not None else 0,
        cause=draft.trace_id,
    )

"""Node `send`: a proposal goes through policy and becomes an action, or is refused."""

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


def enter(step: SendStep, run: Run) -> Step:
    """Adds an action to the outputs and to what is queued, or the refusal's code to the trace."""
    enrollment = run.enrollment
    visit = enrollment.visits.get(step.label, 0) + 1
    enrollment.visits = {**enrollment.visits, step.label: visit}
    customer = run.draft.customer
    topic = run.journey.topic
    proposal = Proposal(topic, step.channel, step.message.class_, address(customer, step.channel))
    refusal = judged(proposal, customer)
    if refusal is not None:
        run.say(trace.REFUSED, step.label, refusal.code, refusal.why, message=step.message.name, channel=step.channel)
        return step.blocked
    action = _action(step, run, proposal, visit)
    run.draft.outputs.append(action)
    enrollment.sent = with_last(enrollment.sent, action.id, SENT_PER_ENROLLMENT)
    queued = QueuedAction(action.id, enrollment.id, topic, step.channel, run.at)
    run.draft.own().queued = with_last(run.draft.customer.queued, queued, QUEUED_ACTIONS)
    run.say(trace.SENT, step.label, action=action.id, message=step.message.name, channel=step.channel)
    return step.then


def _action(step: SendStep, run: Run, proposal: Proposal, visit: int) -> Action:
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
        void_at=after(run.at, step.void_after, zone) if step.void_after is not None else 0,
        cause=draft.trace_id,
    )

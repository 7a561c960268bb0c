"""Node `send` on several channels: the best of them, and the next one where a message stays without an answer."""

from collections.abc import Sequence

from engine import trace
from engine.chain import Chain, chain_of
from engine.deferral import deferred
from engine.event import Event
from engine.nodes import send
from engine.pending import Pending
from engine.policy.channels import Numbered, by_worth
from engine.policy.proposal import Refusal
from engine.program import SendStep, Step
from engine.run import Run
from engine.time import after

UNANSWERED, FELL, NONE = "unanswered", "failed", "none"
"""Why the next channel is tried, and that there is none left."""


def judge(step: SendStep, run: Run, pending: Pending) -> Step | None:
    """Takes the first, or best, channel not tried yet that policy lets through; one that is refused is skipped.

    With channels left the enrollment then stands here for an answer. Where all are refused it stands here until one is
    allowed; else it goes on, as refused where nothing of the message may have reached the person.
    """
    chain = pending.chain or Chain()
    refusals: list[Refusal] = []
    tried = chain.tried
    for number, variant in _in_order(step, run, chain):
        refusal = send.attempt(step, variant, run, pending, number)
        tried = (*tried, variant.channel)
        if refusal is None:
            sent = (*chain.sent, run.enrollment.sent[-1])
            return _stand(step, run, pending, Chain(tried, sent, rests=True))
        send.say_refused(step, variant, run, refusal)
        refusals.append(refusal)
    return None if deferred(step, run, pending, refusals) else _over(step, run, chain)


def time_out(step: SendStep, run: Run) -> Step | None:
    """The time for an answer is over, or the next channel may be proposed; without a chain the message is, anew."""
    chain = chain_of(run.position)
    if chain is None:
        return send.time_out(step, run)
    return _next(step, run, chain, UNANSWERED if chain.rests else "")


def about_chain(run: Run, event: Event) -> bool:
    """Whether a receipt is about a message of the chain that stands where the run goes on."""
    chain = chain_of(run.position)
    return chain is not None and event.properties.get("action_id") in chain.sent


def wake(step: SendStep, run: Run, event: Event) -> Step | None:
    """Goes on where any message of the chain was answered; where the last one failed the next channel is tried at once.

    Of one whose fate nobody knows it waits for an answer as of any other.
    """
    chain = chain_of(run.position)
    action = event.properties.get("action_id")
    if chain is None or step.fallback is None or action not in chain.sent:
        why = f"{event.type} is not about a message that stands here"
        run.draft.note(trace.NOT_WOKEN, run.journey.name, run.enrollment.id, step.label, "foreign", why)
        return None
    if event.type in step.fallback.unless:
        run.say(trace.WOKE, step.label, why=event.type)
        return step.then
    if event.properties.get("code") == "unresolved":
        return None
    left = Chain(chain.tried, tuple(each for each in chain.sent if each != action), chain.rests)
    if action == chain.sent[-1] and chain.rests:
        return _next(step, run, left, FELL, event.type)
    run.position.event = left.keeping(run.position.event["kept"])
    return None


def _next(step: SendStep, run: Run, chain: Chain, code: str, why: str = "") -> Step | None:
    """Proposes the message on the next channel, unless it is worth nothing any more."""
    position = run.position
    proposed_at = position.arrived_at
    left = [each for each in step.variants if each.channel not in chain.tried]
    if step.fallback is None or not left:
        return _over(step, run, chain)
    if step.void_after is not None and after(proposed_at, step.void_after, run.zone()) <= run.at:
        run.say(trace.DROPPED, step.label, "late", "void_after is over", message=step.message.name)
        return _over(step, run, chain)
    if code:
        run.say(trace.FELL_BACK, step.label, code, why, message=step.message.name)
    run.event, run.proposed_at = position.event["kept"], proposed_at
    send.propose(step, run, send.about(step, left[0]), Chain(chain.tried, chain.sent))
    return None


def _over(step: SendStep, run: Run, chain: Chain) -> Step:
    """No channel is left. What may have reached the person was not refused."""
    if not chain.sent:
        return step.blocked
    run.say(trace.FELL_BACK, step.label, NONE, message=step.message.name)
    return step.then


def _stand(step: SendStep, run: Run, pending: Pending, chain: Chain) -> Step | None:
    """Stands here for an answer, as long as there is a channel that may be tried behind it."""
    if step.fallback is None or all(each.channel in chain.tried for each in step.variants):
        return step.then
    until = after(run.at, step.fallback.after, run.zone())
    run.hold(step.label, pending.proposed_at, until, chain)
    run.say(trace.WAITED, step.label, until=until)
    return None


def _in_order(step: SendStep, run: Run, chain: Chain) -> Sequence[Numbered]:
    """The channels that were not tried, as written or the best first; an action's number is its channel's place."""
    left = [(number, each) for number, each in enumerate(step.variants, 1) if each.channel not in chain.tried]
    return by_worth(step, run, left) if step.best and len(left) > 1 else left

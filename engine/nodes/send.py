"""Node `send`: a proposal goes through policy and becomes an action, or is refused, or is held for a while."""

from typing import Any

from msgspec.structs import replace

from engine import conversations, trace
from engine.bounds import with_item, with_last
from engine.chain import Chain
from engine.customer import DRAWN, QUEUED_ACTIONS, SENT_PER_ENROLLMENT, Branch, Contact, QueuedAction
from engine.decision import Action
from engine.deferral import deferred
from engine.gathering import gathered_until
from engine.ids import action_id
from engine.pending import Pending
from engine.policy.budget import taken
from engine.policy.caps import with_contact
from engine.policy.consent import SERVICE, WITHOUT_CONSENT
from engine.policy.holdout import HELD_OUT, holdout_key
from engine.policy.pipeline import judged
from engine.policy.proposal import Proposal, Refusal
from engine.policy.quiet import AT_ANY_HOUR
from engine.policy.reachable import address
from engine.policy.suppressed import belonged_to_erased
from engine.program import BestOfferStep, SendStep, Step, Variant
from engine.run import Run, take_back
from engine.time import after
from engine.variables import rebuilt

FELL_BACK = "fallback"
"""The code of the void of a message whose next channel leaves."""
LONGEST_LANGUAGE = 35
"""Characters of a language tag that are enough for every one (RFC 5646, 4.4.1)."""
HELD_CLASS = "marketing"
"""Messages that can wait until the partition has caught up; the others leave at once."""


def enter(step: SendStep, run: Run) -> None:
    """Holds the message while the partition is catching up, else proposes it; either way the enrollment stands here."""
    propose(step, run, about(step, step.variants[0]))


def about(step: SendStep, variant: Variant) -> dict[str, Any] | None:
    """What is told of a message where it waits; None for one that does not."""
    if step.message.class_ != HELD_CLASS:
        return None
    return {"message": step.message.name, "channel": variant.channel}


def propose(
    step: SendStep | BestOfferStep, run: Run, waiting: dict[str, Any] | None = None, chain: Chain | None = None
) -> None:
    """Adds a proposal; what may wait, of which `waiting` tells, is held or gathers with others first.

    `chain` are the channels that the message was tried on before.
    """
    proposed_at, run.proposed_at = run.proposed_at or run.at, 0
    if waiting is not None and _waits(step, run, waiting, proposed_at, chain):
        return
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
            chain,
        )
    )


def _waits(
    step: SendStep | BestOfferStep, run: Run, told: dict[str, Any], proposed_at: int, chain: Chain | None
) -> bool:
    """Whether the enrollment stands here for a while before it proposes anything."""
    until = run.draft.hold()
    if until:
        run.hold(step.label, proposed_at, until, chain)
        run.say(trace.HELD, step.label, "catching_up", "the partition is catching up", **told, until=until)
        return True
    rules = run.draft.catalog.terms.arbitration
    if rules is None or rules.window is None:
        return False
    until = gathered_until(run.draft, rules.window, run.at, run.zone())
    if until:
        run.hold(step.label, proposed_at, until, chain)
        run.say(trace.GATHERED, step.label, why="others may be proposed meanwhile", **told, until=until)
    return until > 0


def time_out(step: SendStep | BestOfferStep, run: Run) -> Step:
    """The time is over: the message is proposed anew, with the event that was in hand when it was proposed first."""
    run.event, run.proposed_at = run.position.event, run.position.arrived_at
    return step


def judge(step: SendStep, run: Run, pending: Pending) -> Step | None:
    """Takes the first channel that policy lets through, else goes on as refused, or stands here until it is allowed."""
    refusals: list[Refusal] = []
    for number, variant in enumerate(step.variants, 1):
        refusal = attempt(step, variant, run, pending, number)
        if refusal is None:
            return step.then
        say_refused(step, variant, run, refusal)
        refusals.append(refusal)
    return None if deferred(step, run, pending, refusals) else step.blocked


def attempt(step: SendStep, variant: Variant, run: Run, pending: Pending, number: int) -> Refusal | None:
    """Sends the message on one channel if policy lets it through; `number` tells its action from others of a visit."""
    proposal = _proposal(step, variant, run, pending.proposed_at)
    refusal = _judged(proposal, run)
    if refusal is None:
        name = action_id(run.enrollment.id, step.label, pending.visit, number)
        refusal = _send(step, variant, run, proposal, name, pending.chain)
    return refusal


def allowed(step: SendStep, variant: Variant, run: Run) -> Refusal | None:
    """What policy would say of the message on a channel if it were proposed now."""
    return _judged(_proposal(step, variant, run, run.at), run)


def _judged(proposal: Proposal, run: Run) -> Refusal | None:
    customer = run.draft.customer
    refusal = judged(proposal, customer, run.draft.catalog.terms)
    return belonged_to_erased(proposal, customer, run.draft.around) if refusal is None else refusal


def say_refused(step: SendStep, variant: Variant, run: Run, refusal: Refusal) -> None:
    """The line of a refusal."""
    told = {"message": step.message.name, "channel": variant.channel}
    if step.offer:
        told["offer"] = step.offer
    run.say(trace.REFUSED, step.label, refusal.code, refusal.why, **told)


def _proposal(step: SendStep, variant: Variant, run: Run, proposed_at: int) -> Proposal:
    customer, journey, message = run.draft.customer, run.journey, step.message
    zone = run.zone()
    heard_at = conversations.heard_at(run.draft, conversations.brand_of(run, message)) if step.follows else 0
    # Who says STOP is awake, and told at once.
    confirms = run.draft.stopped == variant.channel and message.class_ == SERVICE
    return Proposal(
        step.topic or journey.topic,
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
        journey.brand,
        journey.caps,
        run.facts,
        run.at - heard_at <= conversations.ANSWERS_MS or confirms,
        message.since,
        message.until,
        heard_at,
        confirms,
    )


def _send(
    step: SendStep, variant: Variant, run: Run, proposal: Proposal, name: str, chain: Chain | None
) -> Refusal | None:
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
    if chain is not None:
        # What is on its way already is taken back before the next channel leaves.
        earlier = [each for each in draft.customer.queued if each.action in chain.sent]
        take_back(draft, earlier, run.journey.name, FELL_BACK, run.at)
    draft.outputs.append(action)
    if proposal.confirms:
        draft.stopped = ""
    enrollment.sent = with_last(enrollment.sent, name, SENT_PER_ENROLLMENT)
    queued = QueuedAction(name, enrollment.id, proposal.topic, variant.channel, run.at)
    if proposal.class_ == SERVICE:
        queued = replace(queued, journey=run.journey.name, service=True)
    if chain is not None and step.fallback is not None:
        behind, unless = list(chain.sent), sorted(step.fallback.unless)
        queued = replace(queued, journey=run.journey.name, behind=behind, unless=unless)
    draft.own().queued = with_last(draft.customer.queued, queued, QUEUED_ACTIONS)
    terms = draft.catalog.terms
    if proposal.class_ not in WITHOUT_CONSENT and (
        terms.caps or proposal.caps or terms.arbitration or draft.catalog.picks
    ):
        contact = Contact(name, run.at, variant.channel, proposal.topic, run.journey.name)
        draft.own().contacts = with_contact(draft.customer.contacts, contact)
    offered = {"offer": step.offer, "segment": step.segment} if step.offer else {}
    run.say(trace.SENT, step.label, action=name, message=step.message.name, channel=variant.channel, **offered)
    return None


def _action(step: SendStep, variant: Variant, run: Run, proposal: Proposal, name: str) -> Action:
    """What was held loses of its `void_after` the time that it was held."""
    draft, journey, enrollment = run.draft, run.journey, run.enrollment
    quiet = None if proposal.class_ == AT_ANY_HOUR or proposal.answers else draft.catalog.terms.quiet
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
        topic=proposal.topic,
        class_=step.message.class_,
        recipient=proposal.recipient,
        timezone=proposal.zone,
        variables=rebuilt(variant.paths, run.facts()),
        decided_at=run.at,
        received_at=draft.event.received_at if draft.event is not None else 0,
        void_at=proposal.void_at,
        cause=draft.trace_id,
        offer=step.offer,
        segment=step.segment,
        quiet=quiet.window(variant.channel) if quiet is not None else None,
        quiet_holidays=quiet.holidays if quiet is not None else "",
        asks_consent=variant.channel in draft.catalog.terms.opt_in and proposal.class_ in WITHOUT_CONSENT,
        language=_language(draft.customer.attributes.get("language")) if step.message.languages else "",
    )


def _language(known: object) -> str:
    """The attribute `language` where it can be one."""
    return known if isinstance(known, str) and len(known) <= LONGEST_LANGUAGE else ""

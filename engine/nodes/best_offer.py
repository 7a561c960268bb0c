"""Node `best_offer`: the offers of a catalog that concern a person are proposed, the best first, or none is."""

from engine import offers, trace
from engine.bounds import with_item
from engine.customer import OFFERED
from engine.decision import Line
from engine.deferral import deferred
from engine.nodes import send
from engine.offers import MOST_TOLD, Candidate, Choosing
from engine.pending import Pending
from engine.policy.proposal import Refusal
from engine.policy.score import Propensities
from engine.program import BestOfferStep, SendStep, Step
from engine.run import Run
from journeys.conditions import EvaluationError


def enter(step: BestOfferStep, run: Run) -> None:
    """Proposes that an offer be made: which one is seen when all proposals of the decision are judged."""
    send.propose(step, run, {"catalog": step.catalog})


def choosing(step: BestOfferStep, run: Run, asked: Propensities) -> Choosing:
    """The candidates of the node, each with its score. Raises EvaluationError, also for a catalog that is not there."""
    draft = run.draft
    catalog = draft.catalog.offers.get(step.catalog)
    if catalog is None:
        raise EvaluationError(f"release {draft.catalog.release} has no catalog of offers {step.catalog}; deploy it")
    return offers.choosing(catalog, run, asked)


def attempt(step: BestOfferStep, run: Run, pending: Pending, found: Choosing, candidate: Candidate) -> None:
    """Makes the offer if policy lets it through, and keeps what was chosen; another channel of it is not tried then."""
    offer, enrollment = candidate.offer, run.enrollment
    if offer.id in found.picked:
        candidate.told["code"] = "other_channel"
        return
    if offer.again is not None and offers.lately(offer, run.draft.customer, run.at, run.zone()):
        candidate.told["code"] = "again"
        return
    before = enrollment.vars
    # The message may say which offer it makes.
    enrollment.vars = {**before, step.name: _kept(candidate, run, [*found.picked, offer.id])}
    made = _send_step(step, candidate, found.segment)
    refusal = send.attempt(made, candidate.variant, run, pending, candidate.number)
    if refusal is not None:
        enrollment.vars = before
        _refused(run, made, found, candidate, refusal)
        return
    candidate.told["code"] = "made"
    found.picked.append(offer.id)
    if len(found.picked) > 1:
        enrollment.vars = {**before, step.name: {**before[step.name], "picked": list(found.picked)}}
    if offer.again is not None:
        owned = run.draft.own()
        owned.offered = with_item(owned.offered, offer.name, run.at, OFFERED)


def finish(step: BestOfferStep, run: Run, pending: Pending, found: Choosing) -> Step | None:
    """Goes on, behind the line that tells of the choice, or stands here until a rule allows one; "none" is a choice."""
    code, why = found.picked[0] if found.picked else "none", "" if found.candidates else "no offer concerns the person"
    run.draft.tell(Line(trace.OFFERED, run.journey.name, run.enrollment.id, step.label, code, why, found.told()))
    if found.picked:
        return step.then
    if found.refused is not None and deferred(found.refused, run, pending, found.refusals):
        return None
    return step.otherwise


def _refused(run: Run, made: SendStep, found: Choosing, candidate: Candidate, refusal: Refusal) -> None:
    candidate.told["code"] = refusal.code
    found.refused = made
    found.refusals.append(refusal)
    if len(found.refusals) <= MOST_TOLD:
        send.say_refused(made, candidate.variant, run, refusal)


def _send_step(step: BestOfferStep, candidate: Candidate, segment: str) -> SendStep:
    offer = candidate.offer
    return SendStep(
        step.label,
        offer.message,
        (candidate.variant,),
        step.void_after,
        step.then,
        step.otherwise,
        step.rescue,
        offer.topic,
        offer.name,
        segment,
        step.defer,
    )


def _kept(candidate: Candidate, run: Run, picked: list[str]) -> dict[str, object]:
    """What conditions and messages see of the offer, as the variable of the node."""
    offer = candidate.offer
    return {
        "id": offer.id,
        "message": offer.message.name,
        "channel": candidate.variant.channel,
        "topic": offer.topic or run.journey.topic,
        "value": offer.value,
        "picked": picked,
    }

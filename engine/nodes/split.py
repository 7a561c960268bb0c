"""Node `split`: an arm by hash of the split's name and the person, kept for good, and the exposure told."""

from engine import trace
from engine.bounds import with_item
from engine.customer import ARMS
from engine.ids import share
from engine.program import SplitStep, Step
from engine.run import Run


def enter(step: SplitStep, run: Run) -> Step:
    """Goes on in the person's arm. One whose arm is gone draws anew among those that are left."""
    customer = run.draft.customer
    kept = customer.arms.get(step.name)
    found = next((arm for arm in step.arms if arm[0] == kept), None)
    if found is not None:
        run.say(trace.EXPOSED, step.label, found[0], split=step.name, control=found[3])
        return found[2]
    shares = _shares(step, run)
    # The lost arm is part of the new draw, or all its people would fall into the same neighbour.
    draw = share(step.name, customer.person_key) if kept is None else share(step.name, customer.person_key, kept)
    name, _, following, control = _drawn(step, shares, draw)
    run.draft.own().arms = with_item(customer.arms, step.name, name, ARMS)
    told = {"lost": kept} if kept is not None else {}
    run.say(trace.EXPOSED, step.label, name, split=step.name, control=control, shares=shares, **told)
    return following


def _shares(step: SplitStep, run: Run) -> dict[str, float]:
    """The share of new people of each arm: as learned, where that speaks of these very arms, else as written."""
    written = {arm[0]: arm[1] for arm in step.arms}
    learned = run.draft.around.arms(step.name) if step.winner is not None else None
    shares = learned["weights"] if learned is not None else written
    return shares if shares.keys() == written.keys() else written


def _drawn(step: SplitStep, shares: dict[str, float], draw: float) -> tuple[str, float, Step, bool]:
    for arm in step.arms:
        draw -= shares[arm[0]]
        if draw < 0:
            return arm
    return next(arm for arm in reversed(step.arms) if shares[arm[0]] > 0)

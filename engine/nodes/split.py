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
    found = next((arm for arm in step.arms if arm[0] == kept), None) or _drawn(step, customer.person_key)
    name, _, following, control = found
    if kept != name:
        run.draft.own().arms = with_item(customer.arms, step.name, name, ARMS)
    run.say(trace.EXPOSED, step.label, name, split=step.name, control=control)
    return following


def _drawn(step: SplitStep, person_key: str) -> tuple[str, float, Step, bool]:
    draw = share(step.name, person_key)
    for arm in step.arms:
        draw -= arm[1]
        if draw < 0:
            return arm
    return next(arm for arm in reversed(step.arms) if arm[1] > 0)

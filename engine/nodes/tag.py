"""Nodes `tag` and `untag`: words on the person, `customer.tags`, read back by what follows in the same decision."""

from engine import trace
from engine.attributes import write
from engine.program import Step, TagStep
from engine.run import Run

TAGS = 64
"""Of one person; at the limit the one put on longest ago falls off."""


def enter(step: TagStep, run: Run) -> Step:
    """Puts tags on or takes them off; nothing where that changes nothing."""
    found = run.draft.customer.attributes.get("tags")
    before = [each for each in found if isinstance(each, str)] if isinstance(found, list) else []
    if step.off:
        tags = [each for each in before if each not in step.tags]
    else:
        tags = [*before, *(each for each in step.tags if each not in before)][-TAGS:]
    if tags != before:
        customer = run.draft.own()
        write(customer, {"tags": tags}, (), max(run.at, customer.attributes_at.get("tags", run.at)))
        run.draft.touch("customer")
    run.say(trace.SET, step.label, name="customer.tags", value=tags)
    return step.then

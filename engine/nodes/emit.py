"""Node `emit`: an event to the same person within this decision, or to whoever reads a topic."""

from engine import trace
from engine.decision import Emitted
from engine.ids import derived_id
from engine.inputs import evaluated
from engine.program import EmitStep, Step
from engine.run import Run


def enter(step: EmitStep, run: Run) -> Step:
    """Brings the event about, and goes on; it is applied once this walk has come to rest."""
    draft, data = run.draft, evaluated(step.data, run.facts())
    if not step.topic:
        draft.derive(step.type, data)
        run.say(trace.EMITTED, step.label, step.type)
        return step.then
    name = derived_id(run.enrollment.id, f"{step.label}/{run.visit(step.label)}")
    draft.outputs.append(
        Emitted(name, draft.customer.id, step.type, step.topic, data, run.at, run.journey.name, draft.trace_id)
    )
    run.say(trace.EMITTED, step.label, step.type, to=step.topic)
    return step.then

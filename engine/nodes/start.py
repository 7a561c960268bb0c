"""Node `start`: another journey of the same person, with inputs; joined, its end is waited for."""

from engine import trace
from engine.inputs import evaluated
from engine.program import StartStep, Step
from engine.program.rules import STARTED
from engine.run import Run
from engine.time import after


def enter(step: StartStep, run: Run) -> Step | None:
    """Asks for the journey's beginning within this decision, and rests where its end is waited for."""
    inputs = {**evaluated(step.data, run.facts()), "journey": step.journey}
    if step.within is None:
        run.draft.derive(STARTED, inputs)
        run.say(trace.STARTED, step.label, step.journey)
        return step.then
    begun = run.draft.derive(STARTED, {**inputs, "parent": run.enrollment.id})
    due_at = after(run.at, step.within, run.zone())
    run.stand(step.label, run.at, due_at, {"start": begun})
    run.say(trace.STARTED, step.label, step.journey, until=due_at)
    return None


def time_out(step: StartStep, run: Run) -> Step:
    """The other journey did not end in time; it goes on without being waited for."""
    run.say(trace.TIMED_OUT, step.label)
    return step.otherwise


def ended(step: StartStep, run: Run, outcome: str) -> Step:
    """The other journey ended, or never began; its outcome is the variable named by this node's id."""
    run.enrollment.vars = {**run.enrollment.vars, step.label.replace("-", "_"): outcome}
    run.say(trace.WOKE, step.label, outcome)
    return step.otherwise if outcome == "not_entered" else step.then

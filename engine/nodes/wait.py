"""Node `wait`: rests from arrival for a duration; one that is over already does not stop anybody."""

from engine import trace
from engine.program import Step, WaitStep
from engine.run import Run
from engine.time import after


def enter(step: WaitStep, run: Run) -> Step | None:
    """Rests, or goes on at once when the wait ends at this instant."""
    due_at = after(run.at, step.duration, run.zone())
    if due_at <= run.at:
        return step.then
    run.rest(step.label, due_at)
    return None


def time_out(step: WaitStep, run: Run) -> Step:
    """The wait is over."""
    run.say(trace.WOKE, step.label)
    return step.then

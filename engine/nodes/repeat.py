"""Node `repeat`: the head of a loop, met before each round; its cap has a way of its own."""

from engine import trace
from engine.program import RepeatStep, Step
from engine.run import Run


def enter(step: RepeatStep, run: Run) -> Step:
    """Begins another round, or goes on behind the loop. Raises EvaluationError."""
    enrollment = run.enrollment
    rounds = enrollment.visits.get(step.label, 0)
    if step.until is not None and rounds and step.until.holds(run.facts()):
        return _left(step, run, "until", step.then)
    if rounds >= step.most:
        return _left(step, run, "most", step.otherwise)
    run.say(trace.REPEATED, step.label, str(run.visit(step.label)))
    return run.journey.loops[step.label][1]


def _left(step: RepeatStep, run: Run, code: str, following: Step) -> Step:
    """A loop that is met again, inside another one, begins from the first round."""
    enrollment = run.enrollment
    enrollment.visits = {node: number for node, number in enrollment.visits.items() if node != step.label}
    run.say(trace.REPEATED, step.label, code)
    return following

"""Node `choose`: the first branch that holds, else the last."""

from engine import trace
from engine.program import ChooseStep, Step
from engine.run import Run


def enter(step: ChooseStep, run: Run) -> Step:
    """The branch taken, with what made it so on the trace. Raises EvaluationError."""
    facts = run.facts()
    refused = []
    for number, (condition, branch) in enumerate(step.branches):
        explained = condition.explain(facts)
        if condition.holds(facts):
            run.say(trace.CHOSEN, step.label, str(number), explained)
            return branch
        refused.append(explained)
    run.say(trace.CHOSEN, step.label, "else", "; ".join(refused))
    return step.otherwise

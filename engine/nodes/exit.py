"""Node `exit`: ends the enrollment with an outcome; what it sent still leaves."""

from engine.program import ExitStep
from engine.run import Run, leave


def enter(step: ExitStep, run: Run) -> None:
    """Leaves the journey."""
    run.enrollment.node = step.label
    leave(run.draft, run.enrollment, step.outcome, run.at)

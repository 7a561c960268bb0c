"""Node `parallel`: branches at once, each with a place of its own, and the join that ends them."""

from engine import trace
from engine.customer import Branch
from engine.program import JoinStep, ParallelStep, Step
from engine.run import Run, drop_branches

Begun = tuple[Branch, Step]
"""A branch that just began, and its first step."""


def enter(step: ParallelStep, run: Run) -> list[Begun]:
    """Stands at the parallel, and begins its branches."""
    run.stand(step.label, run.at, 0)
    above = run.position.name if isinstance(run.position, Branch) else ""
    begun = [(Branch(f"{step.label}/{name}", step.label, above), first) for name, first in step.branches]
    run.enrollment.branches = [*run.enrollment.branches, *(branch for branch, _ in begun)]
    run.say(trace.BRANCHED, step.label, branches=[name for name, _ in step.branches])
    return begun


def join(step: JoinStep, run: Run) -> Step | None:
    """A branch is at its end: the parallel goes on if that is enough, and gives the other branches up."""
    branch, enrollment = run.position, run.enrollment
    fork = run.journey.rests.get(step.fork)
    if not isinstance(branch, Branch) or not isinstance(fork, ParallelStep):
        return None
    branch.done, branch.node = True, ""
    done = sum(each.done for each in enrollment.branches if each.fork == step.fork)
    ends = done >= fork.needed
    run.say(trace.JOINED, step.fork, branch.name.rpartition("/")[2], on=ends)
    if not ends:
        return None
    above = branch.above
    drop_branches(run, step.fork, "joined")
    run.position = next((each for each in enrollment.branches if each.name == above), enrollment)
    return fork.then

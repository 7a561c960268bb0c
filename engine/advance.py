"""The walk over steps: from where an enrollment stands to its next rest or its end, and what happens to its faults."""

from typing import assert_never

from engine import trace
from engine.nodes import choose, exit, send, set, task, wait, wait_for
from engine.program import ChooseStep, ExitStep, RestStep, SendStep, SetStep, Step, TaskStep, WaitForStep, WaitStep
from engine.run import Run, close_task, leave

MAX_NODES = 50
"""Nodes of one enrollment at one instant, so that no definition holds a decision up."""


def advance(run: Run, step: Step) -> None:
    """Goes on from `step` until the enrollment rests or has left; a fault goes on at `on_error`, counted anew."""
    rescue = _walk(run, step)
    if rescue is not None:
        _walk(run, rescue)


def fail(run: Run, code: str, why: str) -> None:
    """A fault outside the steps, in an exit rule or an event waited for: goes on at `on_error`, or leaves."""
    rest = run.journey.rests.get(run.enrollment.node)
    close_task(run.draft, run.enrollment, "cancelled", run.at, "error")
    rescue = _failed(run, run.enrollment.node, code, why, rest is not None and rest.rescue)
    if rescue is not None:
        _walk(run, rescue)


def fault_line(fault: Exception) -> tuple[str, str]:
    """The code and the reason of a fault of an expression, for its line."""
    return "evaluation", f"{type(fault).__name__}: {fault}"


def time_out(run: Run) -> None:
    """The time of the rest that the enrollment stands at is up."""
    run.enrollment.due_at = 0
    step = run.journey.rests.get(run.enrollment.node)
    if step is None:
        fail(run, "unknown_node", f"node {run.enrollment.node!r} is not in version {run.journey.version}")
    else:
        following = _timed_out(step, run)
        if following is not None:
            advance(run, following)


def _walk(run: Run, step: Step) -> Step | None:
    """Gives None when the enrollment rests or has left, else the first step of `on_error`."""
    run.enrollment.due_at = 0
    nodes = 0
    while True:
        # The end of the steps has no label and is no node.
        nodes += bool(step.label)
        if nodes > MAX_NODES:
            why = f"more than {MAX_NODES} nodes at one instant"
            return _failed(run, step.label, "too_many_nodes", why, step.rescue)
        try:
            following = _enter(step, run)
        except Exception as fault:
            # Expressions are the designer's: whatever they raise concerns this enrollment alone.
            return _failed(run, step.label, *fault_line(fault), step.rescue)
        if following is None:
            return None
        step = following


def _enter(step: Step, run: Run) -> Step | None:
    match step:
        case WaitStep():
            return wait.enter(step, run)
        case SendStep():
            return send.enter(step, run)
        case ExitStep():
            exit.enter(step, run)
            return None
        case WaitForStep():
            return wait_for.enter(step, run)
        case ChooseStep():
            return choose.enter(step, run)
        case TaskStep():
            return task.enter(step, run)
        case SetStep():
            return set.enter(step, run)
        case _:
            assert_never(step)


def _timed_out(step: RestStep, run: Run) -> Step | None:
    match step:
        case WaitStep():
            return wait.time_out(step, run)
        case WaitForStep():
            return wait_for.time_out(step, run)
        case SendStep():
            return send.time_out(step, run)
        case TaskStep():
            return task.time_out(step, run)
        case _:
            assert_never(step)


def _failed(run: Run, node: str, code: str, why: str, rescued: bool) -> Step | None:
    run.say(trace.ERROR, node, code, why)
    if run.journey.on_error is not None and not rescued:
        return run.journey.on_error
    run.enrollment.node = node
    leave(run.draft, run.enrollment, "error", run.at)
    return None

"""The walk over steps: from where an enrollment stands to its next rest or its end, and what happens to its faults."""

from typing import assert_never

from engine import trace
from engine.nodes import (
    answer,
    best_offer,
    call,
    choose,
    digest,
    emit,
    exit,
    fallback,
    parallel,
    repeat,
    send,
    set,
    split,
    start,
    tag,
    task,
    wait,
    wait_for,
    wait_until,
)
from engine.program import (
    AnswerStep,
    BackStep,
    BestOfferStep,
    CallStep,
    ChooseStep,
    DigestStep,
    EmitStep,
    ExitStep,
    JoinStep,
    ParallelStep,
    RepeatStep,
    RestStep,
    SendStep,
    SetStep,
    SplitStep,
    StartStep,
    Step,
    TagStep,
    TaskStep,
    WaitForStep,
    WaitStep,
    WaitUntilStep,
)
from engine.run import Run, close_task, drop_branches, leave

MAX_NODES = 50
"""Nodes of one enrollment at one instant, so that no definition holds a decision up."""


def advance(run: Run, step: Step) -> None:
    """Goes on from `step` until the enrollment rests or has left; a fault goes on at `on_error`, counted anew."""
    rescue = _walk(run, step)
    if rescue is not None:
        _walk(run, rescue)


def fail(run: Run, code: str, why: str) -> None:
    """A fault outside the steps, in an exit rule or an event waited for: goes on at `on_error`, or leaves."""
    node = run.position.node
    rest = run.journey.rests.get(node)
    rescue = _failed(run, node, code, why, rest is not None and rest.rescue)
    if rescue is not None:
        _walk(run, rescue)


def fault_line(fault: Exception) -> tuple[str, str]:
    """The code and the reason of a fault of an expression, for its line."""
    return "evaluation", f"{type(fault).__name__}: {fault}"


def time_out(run: Run) -> None:
    """The time of the rest that the run's position stands at is up."""
    run.position.due_at = 0
    step = run.journey.rests.get(run.position.node)
    if step is None:
        fail(run, "unknown_node", f"node {run.position.node!r} is not in version {run.journey.version}")
        return
    try:
        following = _timed_out(step, run)
    except Exception as fault:
        fail(run, *fault_line(fault))
        return
    if following is not None:
        advance(run, following)


def _walk(run: Run, step: Step) -> Step | None:
    """Gives None when the enrollment rests or has left, else the first step of `on_error`."""
    run.position.due_at = 0
    while True:
        # The end of the steps and the ends of branches have no label and are no nodes.
        run.walked[0] += bool(step.label)
        if run.walked[0] > MAX_NODES:
            why = f"more than {MAX_NODES} nodes at one instant"
            return _failed(run, step.label, "too_many_nodes", why, step.rescue)
        try:
            following = _enter(step, run)
        except Exception as fault:
            # Expressions are the designer's: whatever they raise concerns this enrollment alone.
            return _failed(run, step.label, *fault_line(fault), step.rescue)
        if isinstance(following, list):
            _fork(run, following)
            return None
        if following is None:
            return None
        step = following


def _fork(run: Run, begun: list[parallel.Begun]) -> None:
    """Walks each branch as far as it goes; one that ends the parallel or the enrollment ends the others with it."""
    for position, step in begun:
        branch = Run(run.draft, run.journey, run.enrollment, run.at, position, run.walked)
        branch.event, branch.proposed_at = run.event, run.proposed_at
        if branch.live:
            advance(branch, step)


def _enter(step: Step, run: Run) -> Step | list[parallel.Begun] | None:
    match step:
        case WaitStep():
            return wait.enter(step, run)
        case SendStep():
            send.enter(step, run)
            return None
        case BestOfferStep():
            best_offer.enter(step, run)
            return None
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
            return _enter_rarer(step, run)


def _enter_rarer(
    step: WaitUntilStep | AnswerStep | SplitStep | CallStep | TagStep | EmitStep | RepeatStep | BackStep | ParallelStep
    | JoinStep | StartStep | DigestStep,
    run: Run,
) -> Step | list[parallel.Begun] | None:  # fmt: skip
    match step:
        case WaitUntilStep():
            return wait_until.enter(step, run)
        case AnswerStep():
            return answer.enter(step, run)
        case SplitStep():
            return split.enter(step, run)
        case CallStep():
            return call.enter(step, run)
        case TagStep():
            return tag.enter(step, run)
        case EmitStep():
            return emit.enter(step, run)
        case RepeatStep():
            return repeat.enter(step, run)
        case BackStep():
            return run.journey.loops[step.head][0]
        case ParallelStep():
            return parallel.enter(step, run)
        case JoinStep():
            return parallel.join(step, run)
        case StartStep():
            return start.enter(step, run)
        case DigestStep():
            return digest.enter(step, run)
        case _:
            assert_never(step)


def _timed_out(step: RestStep, run: Run) -> Step | None:
    match step:
        case WaitStep():
            return wait.time_out(step, run)
        case WaitUntilStep():
            return wait_until.time_out(step, run)
        case WaitForStep():
            return wait_for.time_out(step, run)
        case SendStep():
            return fallback.time_out(step, run)
        case BestOfferStep():
            return send.time_out(step, run)
        case TaskStep():
            return task.time_out(step, run)
        case CallStep():
            return call.time_out(step, run)
        case StartStep():
            return start.time_out(step, run)
        case DigestStep():
            return digest.time_out(step, run)
        case ParallelStep():
            return None
        case _:
            assert_never(step)


def _failed(run: Run, node: str, code: str, why: str, rescued: bool) -> Step | None:
    """A fault concerns the whole enrollment: its branches are given up, its task is cancelled."""
    run.say(trace.ERROR, node, code, why)
    drop_branches(run, "", "error")
    run.position = run.enrollment
    close_task(run.draft, run.enrollment, run.enrollment, "cancelled", run.at, "error")
    run.enrollment.due_at = 0
    if run.journey.on_error is not None and not rescued:
        # The rescue has a number of nodes of its own.
        run.walked = [0]
        return run.journey.on_error
    run.enrollment.node = node
    leave(run.draft, run.enrollment, "error", run.at)
    return None

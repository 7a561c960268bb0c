"""Pauses: what comes to those inside a paused journey is kept for its resume, for nobody goes on meanwhile."""

from typing import Any

import msgspec

from engine import trace
from engine.advance import fault_line
from engine.customer import MISSED_EVENTS, Enrollment, Missed, Spot
from engine.draft import Draft, Ended
from engine.event import Event
from engine.nodes import digest, fallback, wait_for
from engine.program import CallStep, CompiledJourney, DigestStep, RestStep, SendStep, TaskStep, WaitForStep
from engine.run import Run, opened

PAUSED = "paused"
"""The outcome of who leaves on resume, and the code of what that voids or cancels."""
_replace = msgspec.structs.replace


def set_aside(run: Run, due_at: int) -> None:
    """The time of the rest that the run's position stands at is up, and it stays until the journey is resumed."""
    run.position.due_at, run.position.overdue_at = 0, due_at
    run.say(trace.PAUSED, run.position.node, "overdue")


def miss(
    draft: Draft, event: Event, journey: CompiledJourney, enrollment: Enrollment, position: Spot, step: RestStep
) -> None:
    """Keeps an event that would have taken the enrollment on; what a digest collects it takes in.

    Who waits for an event only until some instant, and stood longer, is past due, and waits for it no more.
    """
    enrollment = draft.live.get(enrollment.id, enrollment)
    if isinstance(step, DigestStep):
        if not position.overdue_at:
            _gather(draft, journey, enrollment, position, step)
        return
    events = enrollment.missed.events if enrollment.missed is not None else []
    run = Run(draft, journey, enrollment, draft.at, position)
    if len(events) < MISSED_EVENTS and _concerns(run, event, step):
        # It is met in its turn, however late that is: so it has no instant of arrival.
        _keep(draft, enrollment, events=[*events, _replace(event, received_at=0)])
        run.say(trace.PAUSED, position.node, "event", event.type)


def miss_end(draft: Draft, ended: Ended) -> None:
    """Keeps the end of a journey that a paused one waits for."""
    parent = draft.live[ended.parent]
    before = parent.missed.ended if parent.missed is not None else []
    _keep(draft, parent, ended=[*before, (ended.begun_by, ended.outcome)])


def miss_change(draft: Draft, enrollment: Enrollment) -> None:
    """Notes that the person changed, for a rest that looks at them."""
    if enrollment.missed is None or not enrollment.missed.changed:
        _keep(draft, enrollment, changed=True)


def _keep(draft: Draft, enrollment: Enrollment, **more: Any) -> None:
    draft.edit(enrollment).missed = _replace(enrollment.missed or Missed(), **more)


def _concerns(run: Run, event: Event, step: RestStep) -> bool:
    match step:
        case WaitForStep():
            if run.position.overdue_at:
                return False
            try:
                return wait_for.awaited(step, run, event) is not None
            except Exception:
                # What fails here fails on resume too, and is told then, where it goes to `on_error`.
                return True
        case TaskStep():
            task = run.position.task
            return task is not None and event.properties.get("task_id") == task.id
        case SendStep():
            return fallback.about_chain(run, event)
        case CallStep():
            return bool(event.properties.get("call_id") == run.position.event.get("call"))
        case _:
            return False


def _gather(draft: Draft, journey: CompiledJourney, enrollment: Enrollment, position: Spot, step: DigestStep) -> None:
    """Takes the event into the digest; one that is full or flushed with that is past due."""
    before = enrollment
    run = opened(draft, journey, enrollment, position, draft.at)
    try:
        over = digest.gather(step, run)
    except Exception as fault:
        run.say(trace.ERROR, step.label, *fault_line(fault))
        over = False
    if over:
        set_aside(run, draft.at)
    elif run.enrollment.vars == before.vars:
        draft.live[before.id] = before

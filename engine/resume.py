"""Resume: who stood still in a paused journey goes on by what came meanwhile, or as the resume says of those past due.

It happens when the customer is next met, at the latest by the walk of the release that resumed the journey.
"""

from engine import advance, live, trace
from engine.customer import Enrollment, Missed, positions, stood
from engine.draft import Draft, Ended
from engine.nodes.wait import within
from engine.nodes.wait_until import reached
from engine.pauses import PAUSED
from engine.program import (
    CallStep,
    CompiledJourney,
    DigestStep,
    RestStep,
    SendStep,
    StartStep,
    Step,
    TaskStep,
    WaitForStep,
    WaitStep,
    WaitUntilStep,
)
from engine.run import Run, close_task, leave, opened

GO, SKIP, EXIT = "go", "skip", "exit"


def resume(draft: Draft) -> None:
    """Takes on each enrollment of a resumed journey that stood still, before anything else happens to it."""
    resumed = draft.catalog.resumed
    for enrollment in list(draft.live.values()) if draft.has_live else draft.customer.enrollments:
        pause = resumed.get(enrollment.journey)
        if pause is None or not stood(enrollment):
            continue
        journey = version_of(draft, enrollment, draft.at)
        if journey is not None:
            _catch_up(draft, journey, enrollment, pause.overdue)


def version_of(draft: Draft, enrollment: Enrollment, at: int) -> CompiledJourney | None:
    """The version that it is in; where nobody knows that any more it leaves, and there is none."""
    journey = draft.catalog.version(enrollment.journey, enrollment.version)
    if journey is None:
        why = f"version {enrollment.version} is not in the catalog"
        draft.say(trace.ERROR, enrollment.journey, enrollment.id, enrollment.node, "unknown_version", why)
        leave(draft, enrollment, "error", at)
    return journey


def past_due(run: Run, how: str) -> None:
    """Takes on who is past due: as if the time were up now, behind the node, or out of the journey.

    A task of which only the warning was due is not past due itself: it goes on being open. A wait with a window or
    hours goes on at the first moment that they allow.
    """
    position, draft = run.position, run.draft
    position.overdue_at = 0
    step, task = run.journey.rests.get(position.node), position.task
    run.say(trace.RESUMED, position.node, how)
    if isinstance(step, TaskStep) and task is not None and run.at < task.due_at and how != GO:
        position.due_at = task.due_at
    elif how == EXIT:
        leave(draft, run.enrollment, PAUSED, run.at, PAUSED)
    elif isinstance(step, WaitStep | WaitUntilStep) and (open_at := within(step.opening, run.at, run.zone())) > run.at:
        position.due_at = open_at
    elif how == SKIP and step is not None and (behind := _behind(step)) is not None:
        close_task(draft, run.enrollment, position, "cancelled", run.at, PAUSED)
        advance.advance(run, behind)
    else:
        advance.time_out(run)


def _behind(step: RestStep) -> Step | None:
    """What stands behind a node, its branches left out; None for a wait, behind which `go` leads too."""
    match step:
        case WaitForStep():
            return step.behind
        case SendStep() | TaskStep() | CallStep() | StartStep() | DigestStep():
            return step.then
        case _:
            return None


def _catch_up(draft: Draft, journey: CompiledJourney, enrollment: Enrollment, how: str) -> None:
    """First what came while it stood, in the order in which it came, then what is past due even so."""
    event, name = draft.event, enrollment.id
    missed = enrollment.missed
    if missed is not None:
        draft.edit(enrollment).missed = None
        _meet(draft, journey, name, missed)
    draft.hand(None, 0)
    now = draft.live.get(name)
    for place in [] if now is None else [each for each in positions(now) if each.overdue_at]:
        found = live.standing(draft, name, place)
        if found is not None and found[1].overdue_at:
            past_due(opened(draft, journey, *found, draft.at), how)
    draft.hand(event, 0)


def _meet(draft: Draft, journey: CompiledJourney, name: str, missed: Missed) -> None:
    for event in missed.events:
        draft.hand(event, 0)
        if name in draft.live:
            live.wake(draft, event, [(draft.live[name], journey)])
    draft.hand(None, 0)
    for begun_by, outcome in missed.ended:
        live.tell_parent(draft, Ended(name, begun_by, outcome))
    if missed.changed and name in draft.live:
        for position in positions(draft.live[name]):
            step = journey.rests.get(position.node)
            run = Run(draft, journey, draft.live[name], draft.at, position)
            if not (position.overdue_at and isinstance(step, WaitUntilStep) and reached(step, run)):
                live.look_at(draft, journey, name, position)
                if name not in draft.live:
                    return

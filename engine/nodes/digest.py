"""Node `digest`: collects what is kept of events, and goes on when time, number or another event says so."""

from typing import Any

from engine import trace
from engine.decision import Line
from engine.event import Event
from engine.inputs import evaluated
from engine.program import DigestStep, Step
from engine.run import Run
from engine.time import after


def enter(step: DigestStep, run: Run) -> Step | None:
    """Rests; the event that began the enrollment is the first of the digest where it is of its types."""
    run.enrollment.vars = {**run.enrollment.vars, step.name: []}
    due_at = after(run.at, step.duration, run.zone())
    run.rest(step.label, due_at)
    begun_by: dict[str, Any] = run.enrollment.entry.get("meta", {})
    event = run.draft.event
    if event is not None and event.id == begun_by.get("id") and event.type in step.types and _takes(step, run):
        return _collected(step, run)
    return time_out(step, run) if due_at <= run.at else None


def time_out(step: DigestStep, run: Run) -> Step:
    """The time is over."""
    return _flushed(step, run, "time")


def wake(step: DigestStep, run: Run, event: Event) -> Step | None:
    """Takes the event in, and goes on where the digest is full or this event ends it. Raises EvaluationError."""
    following = None
    if event.type in step.types and _takes(step, run):
        following = _collected(step, run)
    if following is None and event.type in step.flush:
        following = _flushed(step, run, "flush")
    return following


def gather(step: DigestStep, run: Run) -> bool:
    """Takes the event in hand in, and gives whether the digest would go on with it. Raises EvaluationError."""
    event = run.draft.event
    if event is None:
        return False
    if event.type in step.types and _takes(step, run) and _kept(step, run) >= step.most:
        return True
    return event.type in step.flush


def _takes(step: DigestStep, run: Run) -> bool:
    if step.where is None:
        return True
    facts = run.facts()
    if step.where.holds(facts):
        return True
    line = Line(trace.NOT_WOKEN, run.journey.name, run.enrollment.id, step.label, "where")
    run.draft.note_unheld(line, step.where, facts)
    return False


def _collected(step: DigestStep, run: Run) -> Step | None:
    return _flushed(step, run, "most") if _kept(step, run) >= step.most else None


def _kept(step: DigestStep, run: Run) -> int:
    """Takes the event in hand in; gives how many there are now."""
    item = evaluated(step.keep, run.facts())
    items = [*run.enrollment.vars.get(step.name, []), item]
    run.enrollment.vars = {**run.enrollment.vars, step.name: items}
    run.say(trace.COLLECTED, step.label, "event")
    return len(items)


def _flushed(step: DigestStep, run: Run, code: str) -> Step:
    run.position.due_at = 0
    count = len(run.enrollment.vars.get(step.name, []))
    run.say(trace.COLLECTED, step.label, code, count=count)
    return step.then if count else step.otherwise

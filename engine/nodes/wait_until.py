"""Node `wait_until`: rests until a date of the person or the event, or until the next weekday or time of day."""

from engine import trace
from engine.calendar import next_moment, read_instant, shifted
from engine.nodes.wait import opening
from engine.program import Step, WaitUntilStep
from engine.run import Run, leave
from engine.time import LAST_AT
from journeys.conditions import Absent

NO_DATE, PAST = "no_date", "past"


def enter(step: WaitUntilStep, run: Run) -> Step | None:
    """Rests until then; what a date already past, or none at all, leads to is said by the step."""
    due_at = _due(step, run)
    if due_at is None:
        return _without_date(step, run)
    if due_at < run.at:
        return _past(step, run)
    if due_at == run.at:
        return step.then
    run.rest(step.label, due_at)
    return None


def time_out(step: WaitUntilStep, run: Run) -> Step:
    """The date has come."""
    run.say(trace.WOKE, step.label)
    return step.then


def look(step: WaitUntilStep, run: Run) -> Step | None:
    """The person changed while the enrollment stands here: the date may have moved, or gone. Raises EvaluationError."""
    due_at = _due(step, run)
    if due_at is None:
        return _without_date(step, run)
    if due_at <= run.at:
        return _past(step, run)
    if due_at != run.position.due_at:
        run.position.due_at, run.position.overdue_at = due_at, 0
        run.say(trace.RESTARTED, step.label, "moved", until=due_at)
    return None


def reached(step: WaitUntilStep, run: Run) -> bool:
    """Whether there is a date, and it is no longer ahead. Raises EvaluationError."""
    due_at = _due(step, run)
    return due_at is not None and due_at <= run.at


def _due(step: WaitUntilStep, run: Run) -> int | None:
    zone = run.zone()
    if step.date is None:
        at: int | None = next_moment(run.at, step.weekdays, step.minutes, zone)
    else:
        try:
            at = read_instant(step.date.evaluate(run.facts()), step.minutes, zone)
        except Absent:
            return None
    if at is None:
        return None
    at = shifted(at, step.offset, zone)
    # The window and the hours delay what lies ahead; what is past stays past.
    return at if at < run.at else min(opening(step.opening, at, step.label, run), LAST_AT)


def _without_date(step: WaitUntilStep, run: Run) -> Step | None:
    if step.otherwise is not None:
        run.say(trace.TIMED_OUT, step.label, NO_DATE)
        return step.otherwise
    run.position.node = step.label
    leave(run.draft, run.enrollment, NO_DATE, run.at)
    return None


def _past(step: WaitUntilStep, run: Run) -> Step | None:
    run.say(trace.WOKE, step.label, PAST)
    if step.past == "exit":
        run.position.node = step.label
        leave(run.draft, run.enrollment, PAST, run.at)
        return None
    return step.skipped if step.past == "skip" else step.then

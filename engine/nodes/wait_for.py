"""Node `wait_for`: rests until an event comes, at most `within`; of messages and tasks, those of this enrollment."""

from engine import trace
from engine.decision import Line
from engine.event import Event
from engine.program import AwaitedEvent, Step, WaitForStep
from engine.run import Run
from engine.time import after
from journeys.conditions import Facts


def enter(step: WaitForStep, run: Run) -> Step | None:
    """Rests, or times out at once when there is no time to wait."""
    due_at = after(run.at, step.within, run.zone())
    if due_at <= run.at:
        return time_out(step, run)
    run.rest(step.label, due_at)
    return None


def time_out(step: WaitForStep, run: Run) -> Step:
    """The event did not come."""
    run.say(trace.TIMED_OUT, step.label)
    return step.otherwise


def wake(step: WaitForStep, run: Run, event: Event) -> Step | None:
    """What follows if this event is one of those waited for, else None. Raises EvaluationError."""
    facts = run.facts()
    for awaited in step.awaited.get(event.type, ()):
        if awaited.own and _about(event) not in run.enrollment.sent:
            _note(run, step, "foreign", f"{event.type} is not about a message or task of this enrollment")
        elif _holds(step, run, awaited, facts):
            run.say(trace.WOKE, step.label, why=event.type, awaited=awaited.number)
            return awaited.then
    return None


def _about(event: Event) -> object:
    return event.properties.get("task_id" if event.type.startswith("task.") else "action_id")


def _holds(step: WaitForStep, run: Run, awaited: AwaitedEvent, facts: Facts) -> bool:
    for condition in awaited.where:
        if not condition.holds(facts):
            line = Line(trace.NOT_WOKEN, run.journey.name, run.enrollment.id, step.label, "where")
            run.draft.note_unheld(line, condition, facts)
            return False
    return True


def _note(run: Run, step: WaitForStep, code: str, why: str) -> None:
    run.draft.note(trace.NOT_WOKEN, run.journey.name, run.enrollment.id, step.label, code, why)

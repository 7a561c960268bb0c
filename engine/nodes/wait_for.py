"""Node `wait_for`: rests until an event comes, at most `within`; of messages and tasks, those of this enrollment."""

from typing import Any

from engine import trace
from engine.calendar import shifted
from engine.decision import Line
from engine.event import Event
from engine.history import since
from engine.past import nested
from engine.program import AwaitedEvent, Step, WaitForStep
from engine.run import Run
from engine.time import after
from journeys.conditions import Facts
from journeys.duration import Offset


def enter(step: WaitForStep, run: Run) -> Step | None:
    """Goes on at once where a state holds or an event of `look_back` was one, else rests."""
    before = look(step, run) or (_looked_back(step, run) if step.look_back is not None else None)
    if before is not None:
        return before
    due_at = after(run.at, step.within, run.zone())
    if due_at <= run.at:
        return time_out(step, run)
    run.rest(step.label, due_at)
    return None


def look(step: WaitForStep, run: Run) -> Step | None:
    """What follows the first state waited for that holds now, else None. Raises EvaluationError."""
    if not step.states:
        return None
    facts = run.facts()
    for state in step.states:
        if state.when.holds(facts):
            run.say(trace.WOKE, step.label, why=state.when.explain(facts), awaited=state.number)
            return state.then
    return None


def time_out(step: WaitForStep, run: Run) -> Step:
    """The event did not come."""
    run.say(trace.TIMED_OUT, step.label)
    return step.otherwise


def wake(step: WaitForStep, run: Run, event: Event) -> Step | None:
    """What follows if this event is one of those waited for, else None. Raises EvaluationError."""
    found = awaited(step, run, event)
    if found is None:
        return None
    run.say(trace.WOKE, step.label, why=event.type, awaited=found.number)
    return found.then


def awaited(step: WaitForStep, run: Run, event: Event) -> AwaitedEvent | None:
    """The first of those waited for that this event is, else None. Raises EvaluationError."""
    facts = run.facts()
    for each in step.awaited.get(event.type, ()):
        if each.own and _named(event.type, event.properties) not in run.enrollment.sent:
            _note(run, step, "foreign", f"{event.type} is not about a message or task of this enrollment")
        elif _holds(step, run, each, facts):
            return each
    return None


def _holds(step: WaitForStep, run: Run, awaited: AwaitedEvent, facts: Facts) -> bool:
    for condition in awaited.where:
        if not condition.holds(facts):
            line = Line(trace.NOT_WOKEN, run.journey.name, run.enrollment.id, step.label, "where")
            run.draft.note_unheld(line, condition, facts)
            return False
    return True


def _note(run: Run, step: WaitForStep, code: str, why: str) -> None:
    run.draft.note(trace.NOT_WOKEN, run.journey.name, run.enrollment.id, step.label, code, why)


def _looked_back(step: WaitForStep, run: Run) -> Step | None:
    """What follows the newest event of the time before that was one of those waited for. Raises EvaluationError."""
    start = shifted(run.at, Offset(True, step.look_back), run.zone()) if step.look_back is not None else run.at
    history = run.draft.customer.history
    found = [(each.at, type_, each) for type_ in sorted(step.awaited) for each in since(history.get(type_), start)]
    for at, type_, occurrence in sorted(found, key=lambda each: each[:2], reverse=True):
        event = {**nested(occurrence.kept), "meta": {"type": type_, "occurred_at": at}}
        for awaited in step.awaited[type_]:
            if awaited.own and _named(type_, occurrence.kept) not in run.enrollment.sent:
                continue
            facts = run.draft.facts(run.enrollment.entry, run.enrollment.vars, event)
            if all(condition.holds(facts) for condition in awaited.where):
                run.say(trace.WOKE, step.label, "looked_back", type_, awaited=awaited.number)
                return awaited.then
    return None


def _named(type_: str, properties: dict[str, Any]) -> object:
    return properties.get("task_id" if type_.startswith("task.") else "action_id")

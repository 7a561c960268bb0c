"""Live enrollments under an event: exits end them, then what they wait for wakes them."""

from typing import TypeGuard

from engine import advance, trace
from engine.customer import Enrollment
from engine.decision import Line
from engine.draft import Draft
from engine.event import Event
from engine.nodes import task, wait_for
from engine.program import TASK_TYPES, CompiledJourney, ExitRule, RestStep, TaskStep, WaitForStep
from engine.run import Run, begun_by, close_task, leave
from engine.time import late

Concerned = list[tuple[Enrollment, CompiledJourney]]


def concerned(draft: Draft, event: Event) -> Concerned:
    """The live enrollments whose version listens to this type, but not those that the event began."""
    version = draft.catalog.version
    found: Concerned = []
    for enrollment in draft.customer.enrollments:
        journey = version(enrollment.journey, enrollment.version)
        if journey is not None and event.type in journey.listens and not begun_by(enrollment.entry, event):
            found.append((enrollment, journey))
    return found


def check_exits(draft: Draft, event: Event, enrollments: Concerned) -> Concerned:
    """Ends those with an exit rule that holds, at once, and voids what they have queued; gives the others.

    An enrollment whose rule cannot be evaluated goes to its `on_error` and is done with this event.
    """
    stayed: Concerned = []
    for enrollment, journey in enrollments:
        try:
            rule = _rule(draft, event, enrollment, journey)
        except Exception as fault:
            advance.fail(Run(draft, journey, draft.edit(enrollment), draft.at), *advance.fault_line(fault))
            continue
        if rule is not None:
            leave(draft, enrollment, rule.outcome, draft.at, "exit", rule=rule.number)
        else:
            stayed.append((enrollment, journey))
    return stayed


def wake(draft: Draft, event: Event, enrollments: Concerned) -> None:
    """Takes those that wait for this event on from there; a late event wakes nobody."""
    for enrollment, journey in enrollments:
        step = journey.rests.get(enrollment.node)
        if not _awaits(step, event):
            continue
        if late(event.occurred_at, journey.late, draft.at):
            draft.note(trace.NOT_WOKEN, journey.name, enrollment.id, step.label, "late")
            continue
        run = Run(draft, journey, enrollment, draft.at)
        try:
            following = task.wake(step, run, event) if isinstance(step, TaskStep) else wait_for.wake(step, run, event)
        except Exception as fault:
            run.enrollment = draft.edit(enrollment)
            advance.fail(run, *advance.fault_line(fault))
            continue
        if following is not None:
            run.enrollment = draft.edit(enrollment)
            if isinstance(step, TaskStep):
                close_task(draft, run.enrollment, task.outcome_of(event), draft.at)
            advance.advance(run, following)


def _awaits(step: RestStep | None, event: Event) -> TypeGuard[WaitForStep | TaskStep]:
    if isinstance(step, WaitForStep):
        return event.type in step.awaited
    return isinstance(step, TaskStep) and event.type in TASK_TYPES


def _rule(draft: Draft, event: Event, enrollment: Enrollment, journey: CompiledJourney) -> ExitRule | None:
    """The first exit rule that holds. Raises EvaluationError."""
    rules = journey.exits.get(event.type)
    if not rules:
        return None
    facts = draft.facts(enrollment.entry, enrollment.vars)
    for rule in rules:
        if rule.where is not None and not rule.where.holds(facts):
            draft.note_unheld(_not_exited(enrollment, rule, "where"), rule.where, facts)
        elif rule.unless is not None and rule.unless.holds(facts):
            draft.note_unheld(_not_exited(enrollment, rule, "unless"), rule.unless, facts)
        else:
            return rule
    return None


def _not_exited(enrollment: Enrollment, rule: ExitRule, code: str) -> Line:
    return Line(trace.NOT_EXITED, enrollment.journey, enrollment.id, rule.outcome, code)

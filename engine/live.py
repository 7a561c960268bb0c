"""Live enrollments under an event: exits end them, then what they wait for wakes them."""

from collections.abc import Callable
from functools import partial

import msgspec

from engine import advance, trace
from engine.customer import Branch, Enrollment, Spot, positions
from engine.decision import Line
from engine.draft import Draft, Ended
from engine.entries import key_of
from engine.event import Event
from engine.nodes import call, digest, fallback, start, task, wait, wait_for, wait_until
from engine.pauses import miss, miss_change, miss_end
from engine.program import (
    CALL_TYPES,
    FAILURE_TYPES,
    TASK_REPLIED,
    TASK_TYPES,
    CallStep,
    CompiledJourney,
    DigestStep,
    ExitRule,
    RestStep,
    SendStep,
    StartStep,
    Step,
    TaskStep,
    WaitForStep,
    WaitStep,
    WaitUntilStep,
)
from engine.run import Run, begun_by, came_late, close_task, leave, opened

Concerned = list[tuple[Enrollment, CompiledJourney]]


def concerned(draft: Draft, event: Event) -> Concerned:
    """The live enrollments whose version listens to this type, but not those that the event began."""
    version = draft.catalog.version
    found: Concerned = []
    for enrollment in list(draft.live.values()) if draft.has_live else draft.customer.enrollments:
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
            _failed(draft, journey, enrollment, fault)
            continue
        if rule is not None:
            leave(draft, enrollment, rule.outcome, draft.at, "exit", rule=rule.number)
        else:
            stayed.append((enrollment, journey))
    return stayed


def wake(draft: Draft, event: Event, enrollments: Concerned) -> None:
    """Takes those that wait for this event on from there; a late event wakes nobody."""
    for enrollment, journey in enrollments:
        for position in positions(enrollment):
            step = journey.rests.get(position.node)
            if step is None or not _awaits(step, event):
                continue
            # An answer that comes late is one all the same: nobody shall be told again of what they read.
            if not isinstance(step, SendStep) and came_late(event, journey, draft.at):
                draft.note(trace.NOT_WOKEN, journey.name, enrollment.id, step.label, "late")
                continue
            if journey.name in draft.catalog.halted and not isinstance(step, WaitStep):
                miss(draft, event, journey, enrollment, position, step)
                continue
            _wake(draft, event, journey, enrollment.id, position, step)


def look(draft: Draft) -> None:
    """The person changed: rests that look at the person look again."""
    for enrollment in list(draft.live.values()) if draft.has_live else draft.customer.enrollments:
        journey = draft.catalog.version(enrollment.journey, enrollment.version)
        if journey is None or not journey.watches:
            continue
        if journey.name in draft.catalog.halted:
            miss_change(draft, enrollment)
            continue
        for position in positions(enrollment):
            look_at(draft, journey, enrollment.id, position)


def look_at(draft: Draft, journey: CompiledJourney, name: str, position: Spot) -> None:
    """Has the rest at a place of an enrollment look at the person again, if it does that."""
    step = journey.rests.get(position.node)
    if isinstance(step, WaitUntilStep) and step.date is not None:
        _take(draft, journey, name, position, partial(wait_until.look, step))
    elif isinstance(step, WaitForStep) and step.states:
        _ask(draft, journey, name, position, partial(wait_for.look, step))


def tell_parent(draft: Draft, ended: Ended) -> None:
    """Takes an enrollment on that waited for the end of another, begun by the event `begun_by`."""
    parent = draft.live.get(ended.parent)
    journey = draft.catalog.version(parent.journey, parent.version) if parent is not None else None
    if parent is None or journey is None:
        return
    if journey.name in draft.catalog.halted:
        miss_end(draft, ended)
        return
    for position in positions(parent):
        step = journey.rests.get(position.node)
        if isinstance(step, StartStep) and position.event.get("start") == ended.begun_by:
            _take(draft, journey, parent.id, position, partial(start.ended, step, outcome=ended.outcome))


def _wake(draft: Draft, event: Event, journey: CompiledJourney, name: str, position: Spot, step: RestStep) -> None:
    match step:
        case TaskStep():
            _take(draft, journey, name, position, partial(_task, step, event=event))
        case WaitForStep():
            _ask(draft, journey, name, position, partial(wait_for.wake, step, event=event))
        case CallStep():
            _take(draft, journey, name, position, partial(call.wake, step, event=event))
        case DigestStep():
            _take(draft, journey, name, position, partial(digest.wake, step, event=event))
        case WaitStep():
            _take(draft, journey, name, position, partial(_restart, step))
        case SendStep():
            _take(draft, journey, name, position, partial(fallback.wake, step, event=event))
        case _:
            pass


def _ask(
    draft: Draft, journey: CompiledJourney, name: str, position: Spot, look_at: Callable[[Run], Step | None]
) -> None:
    """Goes on where `look_at` leads, which writes nothing: most events wake nobody, and then nothing is copied."""
    found = standing(draft, name, position)
    if found is None:
        return
    try:
        following = look_at(Run(draft, journey, found[0], draft.at, found[1]))
    except Exception as fault:
        advance.fail(opened(draft, journey, *found, draft.at), *advance.fault_line(fault))
        return
    if following is not None:
        advance.advance(opened(draft, journey, *found, draft.at), following)


def _take(
    draft: Draft, journey: CompiledJourney, name: str, position: Spot, look_at: Callable[[Run], Step | None]
) -> None:
    """Goes on where `look_at` leads, which may write; it meets the enrollment as it stands, moved on or not."""
    found = standing(draft, name, position)
    if found is None:
        return
    run = opened(draft, journey, *found, draft.at)
    before = _written(run)
    try:
        following = look_at(run)
    except Exception as fault:
        advance.fail(run, *advance.fault_line(fault))
        return
    if following is not None:
        advance.advance(run, following)
    elif run.live and _written(run) == before:
        draft.live[name] = found[0]


def _written(run: Run) -> tuple[object, ...]:
    """All that a run may have written so far."""
    return msgspec.structs.astuple(run.enrollment), msgspec.structs.astuple(run.position)


def standing(draft: Draft, name: str, position: Spot) -> tuple[Enrollment, Spot] | None:
    """The enrollment as it is now, with the place in it, if it still stands there."""
    if not draft.has_live:
        # Nothing was changed yet: the place in hand is the customer's own.
        enrollment = next((each for each in draft.customer.enrollments if each.id == name), None)
    else:
        enrollment = draft.live.get(name)
    if enrollment is None:
        return None
    if not isinstance(position, Branch):
        same = enrollment.node == position.node and enrollment.arrived_at == position.arrived_at
        return (enrollment, enrollment) if same else None
    for each in enrollment.branches:
        if each.name == position.name and each.node == position.node and each.arrived_at == position.arrived_at:
            return enrollment, each
    return None


def _task(step: TaskStep, run: Run, event: Event) -> Step | None:
    following = task.wake(step, run, event)
    if following is not None:
        close_task(run.draft, run.enrollment, run.position, task.outcome_of(event), run.at)
    return following


def _restart(step: WaitStep, run: Run) -> Step | None:
    """Begins the wait anew where the event is of the enrollment's key."""
    if any(key_of(run.draft, key) == run.enrollment.key for key in run.journey.keys):
        wait.restart(step, run)
    return None


def _awaits(step: RestStep, event: Event) -> bool:
    match step:
        case WaitForStep():
            return event.type in step.awaited
        case TaskStep():
            return event.type in TASK_TYPES or (step.says is not None and event.type == TASK_REPLIED)
        case CallStep():
            return event.type in CALL_TYPES
        case DigestStep():
            return event.type in step.types or event.type in step.flush
        case WaitStep():
            return event.type in step.restart
        case SendStep():
            rule = step.fallback
            return rule is not None and (event.type in rule.unless or event.type in FAILURE_TYPES)
        case _:
            return False


def _failed(draft: Draft, journey: CompiledJourney, enrollment: Enrollment, fault: Exception) -> None:
    """An exit rule cannot be evaluated; in a paused journey that is only told, for `on_error` would go on."""
    code, why = advance.fault_line(fault)
    if journey.name in draft.catalog.halted:
        draft.say(trace.ERROR, journey.name, enrollment.id, enrollment.node, code, why)
    else:
        advance.fail(Run(draft, journey, draft.edit(enrollment), draft.at), code, why)


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

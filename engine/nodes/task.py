"""Node `task`: asks a person for work, and rests until an outcome is told or the work is due."""

from typing import Any

from engine import conversations, trace
from engine.bounds import with_last
from engine.calendar import read_instant
from engine.customer import SENT_PER_ENROLLMENT, OpenTask
from engine.decision import Task, TaskWarning
from engine.event import Event
from engine.hours import after_open
from engine.ids import action_id, task_warning_id
from engine.inputs import evaluated
from engine.known import known
from engine.nodes import talk
from engine.nodes.wait_until import NO_DATE
from engine.program import TASK_REPLIED, Step, TaskStep
from engine.run import Run, close_task
from engine.time import LAST_AT, after
from journeys.conditions import Absent
from journeys.duration import Duration

EXPIRED = "expired"


def enter(step: TaskStep, run: Run) -> Step | None:
    """Asks for the work and rests until the warning, if there is one, else until it is due."""
    zone = run.zone()
    due_at = _due(step, run, zone)
    if due_at is None or due_at <= run.at:
        run.say(trace.TIMED_OUT, step.label, NO_DATE if due_at is None else "")
        return step.otherwise
    warn_at = 0 if step.warn is None else _within(step, run.at, step.warn, zone)
    if not run.at < warn_at < due_at:
        warn_at = 0
    enrollment = run.enrollment
    task = _task(step, run, action_id(enrollment.id, step.label, run.visit(step.label)), due_at, warn_at)
    run.draft.outputs.append(task)
    enrollment.sent = with_last(enrollment.sent, task.id, SENT_PER_ENROLLMENT)
    run.position.task = OpenTask(task.id, step.queue, step.title, due_at)
    run.stand(step.label, run.at, warn_at or due_at)
    run.say(trace.TASKED, step.label, task=task.id, queue=step.queue, title=step.title, until=due_at)
    return None


def time_out(step: TaskStep, run: Run) -> Step | None:
    """Warns and rests on, or, once the task is due, ends it as expired."""
    task = run.position.task
    if task is not None and run.at < task.due_at:
        warning = TaskWarning(task_warning_id(task.id), run.draft.customer.id, task.id, task.due_at, run.at)
        run.draft.outputs.append(warning)
        run.position.due_at = task.due_at
        run.say(trace.TASK_WARNED, step.label, task=task.id, until=task.due_at)
        return None
    close_task(run.draft, run.enrollment, run.position, EXPIRED, run.at)
    return step.otherwise


def wake(step: TaskStep, run: Run, event: Event) -> Step | None:
    """What follows the outcome that this event tells, None where it is about another task."""
    task = run.position.task
    if task is None or event.properties.get("task_id") != task.id:
        why = f"{event.type} is not about the task that is open"
        run.draft.note(trace.NOT_WOKEN, run.journey.name, run.enrollment.id, step.label, "foreign", why)
        return None
    if event.type == TASK_REPLIED:
        talk.reply(step, run, event)
        return None
    outcome = outcome_of(event)
    return step.otherwise if outcome == EXPIRED else step.outcomes.get(outcome, step.then)


def outcome_of(event: Event) -> str:
    """The outcome that an event about a task tells: its own word, else what stands behind `task.` in its type."""
    told = event.properties.get("outcome")
    return told if isinstance(told, str) and told else event.type.removeprefix("task.")


def _task(step: TaskStep, run: Run, name: str, due_at: int, warn_at: int) -> Task:
    draft, journey = run.draft, run.journey
    return Task(
        id=name,
        customer=draft.customer.id,
        journey=journey.name,
        version=journey.version,
        enrollment=run.enrollment.id,
        step=step.label,
        title=step.title,
        queue=step.queue,
        due_at=due_at,
        warn_at=warn_at,
        timezone=run.zone(),
        data=evaluated(step.data, run.facts()),
        decided_at=run.at,
        received_at=draft.event.received_at if draft.event is not None else 0,
        cause=draft.trace_id,
        **_handed_over(step, run, name),
    )


def _handed_over(step: TaskStep, run: Run, task: str) -> dict[str, Any]:
    """What goes along with a conversation: its transcript, where it goes on, and what else is known of the person."""
    if step.says is None:
        return {}
    brand, channel = talk.take_over(step, run, task)
    customer = run.draft.customer
    found = conversations.of(customer, brand)
    said = conversations.transcript(found[1].turns) if found is not None else []
    history = known(customer, run.draft.live.values())
    return {"hand_over": True, "conversation": said, "history": history, "channel": channel, "brand": brand}


def _due(step: TaskStep, run: Run, zone: str) -> int | None:
    """When it is due; None where the date that the step names is absent, or is none. Raises EvaluationError."""
    if isinstance(step.due, Duration):
        return _within(step, run.at, step.due, zone)
    try:
        at = read_instant(step.due.evaluate(run.facts()), 0, zone)
    except Absent:
        return None
    return None if at is None else min(at, LAST_AT)


def _within(step: TaskStep, at: int, duration: Duration, zone: str) -> int:
    """A time that counts in the hours of the work where it has some."""
    return after(at, duration, zone) if step.hours is None else after_open(at, duration, step.hours)

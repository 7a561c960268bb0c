"""Node `call`: asks a service outside the decision, and rests until its answer comes back as an event."""

from typing import Any

from engine import trace
from engine.decision import Call
from engine.event import Event
from engine.ids import action_id
from engine.inputs import evaluated
from engine.program import CallStep, Step
from engine.run import Run
from engine.time import after

DONE = "call.done"


def enter(step: CallStep, run: Run) -> Step | None:
    """Puts the question out, and rests for its answer."""
    due_at = after(run.at, step.within, run.zone())
    if due_at <= run.at:
        run.say(trace.TIMED_OUT, step.label)
        return step.otherwise
    asked = action_id(run.enrollment.id, step.label, run.visit(step.label))
    run.draft.outputs.append(_call(step, run, asked, due_at))
    run.stand(step.label, run.at, due_at, {"call": asked})
    run.say(trace.CALLED, step.label, call=asked, service=step.service, until=due_at)
    return None


def time_out(step: CallStep, run: Run) -> Step:
    """No answer came in time."""
    run.say(trace.TIMED_OUT, step.label)
    return step.otherwise


def wake(step: CallStep, run: Run, event: Event) -> Step | None:
    """What follows the answer of this very call; one that failed goes the way of none."""
    if event.properties.get("call_id") != run.position.event.get("call"):
        why = f"{event.type} is not about the call that is open"
        run.draft.note(trace.NOT_WOKEN, run.journey.name, run.enrollment.id, step.label, "foreign", why)
        return None
    if event.type != DONE:
        run.say(trace.TIMED_OUT, step.label, str(event.properties.get("code", "failed")))
        return step.otherwise
    if step.name:
        run.enrollment.vars = {**run.enrollment.vars, step.name: event.properties.get("body")}
    run.say(trace.WOKE, step.label, why=event.type)
    return step.then


def _call(step: CallStep, run: Run, asked: str, due_at: int) -> Call:
    draft, journey = run.draft, run.journey
    data: dict[str, Any] = evaluated(step.data, run.facts())
    return Call(
        id=asked,
        customer=draft.customer.id,
        journey=journey.name,
        version=journey.version,
        enrollment=run.enrollment.id,
        step=step.label,
        service=step.service,
        data=data,
        within_at=due_at,
        decided_at=run.at,
        received_at=draft.event.received_at if draft.event is not None else 0,
        cause=draft.trace_id,
    )

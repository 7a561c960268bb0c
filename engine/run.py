"""A run: one enrollment on its way through its journey at one instant, and how it leaves."""

from typing import Any

from engine import trace
from engine.bounds import with_item, without_oldest
from engine.customer import REMEMBERED_KEYS, Enrollment, OpenTask, Remembered, memory_key
from engine.decision import TaskClosed, Void
from engine.draft import Draft
from engine.event import Event
from engine.ids import task_closed_id, void_id
from engine.program import CompiledJourney
from engine.time import zone_exists
from journeys.conditions import Facts


class Run:
    """`enrollment` is the draft's own copy, free to change; `at` the instant (ms) of the event or of the timer.

    Once a hold is over, `event` is what was in hand when the message was proposed first, and `proposed_at` when.
    """

    __slots__ = ("at", "draft", "enrollment", "event", "journey", "proposed_at")

    def __init__(self, draft: Draft, journey: CompiledJourney, enrollment: Enrollment, at: int) -> None:
        self.draft = draft
        self.journey = journey
        self.enrollment = enrollment
        self.at = at
        self.event: dict[str, Any] = {}
        self.proposed_at = 0

    def facts(self) -> Facts:
        """What a condition of this enrollment may look at now."""
        return self.draft.facts(self.enrollment.entry, self.enrollment.vars, self.event)

    def zone(self) -> str:
        """The person's time zone, else the project's."""
        return person_zone(self.draft, self.journey)

    def say(self, what: str, node: str = "", code: str = "", why: str = "", **data: Any) -> None:
        """Adds a line about this enrollment to the trace."""
        self.draft.say(what, self.journey.name, self.enrollment.id, node, code, why, **data)

    def rest(self, node: str, due_at: int) -> None:
        """Stands still at a node until `due_at` (ms)."""
        self.stand(node, self.at, due_at)
        self.say(trace.WAITED, node, until=due_at)

    def hold(self, node: str, proposed_at: int, until: int) -> None:
        """Stands at a send first proposed at `proposed_at`, until it is proposed anew at `until` (ms)."""
        draft = self.draft
        event = self.event if draft.event is None else {**draft.event.properties, "meta": draft.meta}
        self.stand(node, proposed_at, until, event)

    def stand(self, node: str, arrived_at: int, due_at: int, event: dict[str, Any] | None = None) -> None:
        """Stands at a node since `arrived_at` until `due_at` (ms), with the properties of an event to be kept."""
        enrollment = self.enrollment
        enrollment.node = node
        enrollment.arrived_at = arrived_at
        enrollment.due_at = due_at
        enrollment.event = event or {}


def person_zone(draft: Draft, journey: CompiledJourney) -> str:
    """The customer's attribute `timezone` where it names a zone, else the project's."""
    named = draft.customer.attributes.get("timezone")
    return named if isinstance(named, str) and zone_exists(named) else journey.zone


def leave(draft: Draft, enrollment: Enrollment, outcome: str, at: int, void_code: str = "", **data: Any) -> None:
    """Ends an enrollment and remembers its key; with `void_code` every action it still has queued is voided.

    An exit step, an error and the end of the steps void nothing: what was sent before them was meant to leave. A task
    that is still open is cancelled in any case. `data` goes to the line of the trace.
    """
    del draft.live[enrollment.id]
    cancel_task(draft, enrollment, outcome, at)
    _remember(draft, enrollment, at)
    draft.say(trace.EXITED, enrollment.journey, enrollment.id, enrollment.node, outcome, key=enrollment.key, **data)
    if void_code:
        _void_queued(draft, enrollment, void_code, at)


def close_task(draft: Draft, enrollment: Enrollment, outcome: str, at: int, reason: str = "") -> None:
    """Ends the open task of an enrollment that is free to change; nothing where there is none."""
    task, enrollment.task = enrollment.task, None
    if task is not None:
        _tell_closed(draft, enrollment, task, outcome, at, reason)


def cancel_task(draft: Draft, enrollment: Enrollment, reason: str, at: int) -> None:
    """Nobody needs to do the work any more, since the enrollment is no longer there."""
    if enrollment.task is not None:
        _tell_closed(draft, enrollment, enrollment.task, "cancelled", at, reason)


def begun_by(entry: dict[str, Any], event: Event) -> bool:
    """True when this event began the enrollment with this entry: it never exits, wakes or satisfies it."""
    meta: dict[str, Any] = entry.get("meta", {})
    return meta.get("id") == event.id


def _tell_closed(draft: Draft, enrollment: Enrollment, task: OpenTask, outcome: str, at: int, reason: str) -> None:
    closed = TaskClosed(task_closed_id(task.id), draft.customer.id, task.id, outcome, at, reason)
    draft.outputs.append(closed)
    draft.say(
        trace.TASK_CLOSED, enrollment.journey, enrollment.id, enrollment.node, outcome, task=task.id, reason=reason
    )


def _remember(draft: Draft, enrollment: Enrollment, at: int) -> None:
    journey = enrollment.journey
    key = memory_key(journey, enrollment.key)
    memory = draft.customer.memory
    before = memory.get(key)
    entered_at = enrollment.entered_at if before is None else max(before.entered_at, enrollment.entered_at)
    memory = with_item(memory, key, Remembered(entered_at, at), len(memory) + 1)
    own = memory_key(journey, "")
    draft.own().memory = without_oldest(memory, lambda key: key.startswith(own), REMEMBERED_KEYS)


def _void_queued(draft: Draft, enrollment: Enrollment, code: str, at: int) -> None:
    queued = draft.customer.queued
    voided = [each for each in queued if each.enrollment == enrollment.id]
    if not voided:
        return
    draft.own().queued = [each for each in queued if each.enrollment != enrollment.id]
    for each in voided:
        draft.outputs.append(Void(void_id(each.action), draft.customer.id, each.action, code, at))
        draft.say(trace.VOIDED, enrollment.journey, enrollment.id, code=code, action=each.action)

"""A run: one enrollment on its way through its journey at one instant, and how it leaves."""

from collections.abc import Collection
from typing import Any

import msgspec

from engine import trace
from engine.bounds import with_item, without_oldest
from engine.chain import Chain
from engine.customer import REMEMBERED_KEYS, Branch, Enrollment, QueuedAction, Remembered, Spot, memory_key, positions
from engine.decision import TaskClosed, Void
from engine.draft import Draft
from engine.event import Event
from engine.ids import task_closed_id, void_id
from engine.program import CompiledJourney
from engine.time import late
from journeys.conditions import Facts


class Run:
    """`enrollment` is the draft's own copy, free to change; `at` the instant (ms) of the event or of the timer.

    `position` is where it goes on: the enrollment itself, or one of its branches. Once a hold is over, `event` is what
    was in hand when the message was proposed first, and `proposed_at` when. `walked` counts nodes, in its one item.
    """

    __slots__ = ("at", "draft", "enrollment", "event", "journey", "position", "proposed_at", "walked")

    def __init__(
        self,
        draft: Draft,
        journey: CompiledJourney,
        enrollment: Enrollment,
        at: int,
        position: Spot | None = None,
        walked: list[int] | None = None,
    ) -> None:
        self.draft = draft
        self.journey = journey
        self.enrollment = enrollment
        self.position: Spot = enrollment if position is None else position
        self.at = at
        self.event: dict[str, Any] = {}
        self.proposed_at = 0
        self.walked = [0] if walked is None else walked

    @property
    def live(self) -> bool:
        """Whether the enrollment is still there, and still stands where this run goes on."""
        if self.draft.live.get(self.enrollment.id) is not self.enrollment:
            return False
        return self.position is self.enrollment or any(self.position is each for each in self.enrollment.branches)

    def facts(self) -> Facts:
        """What a condition of this enrollment may look at now."""
        return self.draft.facts(self.enrollment.entry, self.enrollment.vars, self.event)

    def zone(self) -> str:
        """The person's time zone, else the project's."""
        return person_zone(self.draft, self.journey)

    def visit(self, node: str) -> int:
        """Counts an arrival at a node; gives its number, from 1."""
        enrollment = self.enrollment
        number = enrollment.visits.get(node, 0) + 1
        enrollment.visits = {**enrollment.visits, node: number}
        return number

    def say(self, what: str, node: str = "", code: str = "", why: str = "", **data: Any) -> None:
        """Adds a line about this enrollment to the trace."""
        self.draft.say(what, self.journey.name, self.enrollment.id, node, code, why, **data)

    def rest(self, node: str, due_at: int, kept: dict[str, Any] | None = None) -> None:
        """Stands still at a node until `due_at` (ms), with what is to be kept there."""
        self.stand(node, self.at, due_at, kept)
        self.say(trace.WAITED, node, until=due_at)

    def hold(self, node: str, proposed_at: int, until: int, chain: Chain | None = None) -> None:
        """Stands at a send first proposed at `proposed_at`, until it is proposed anew at `until` (ms)."""
        draft = self.draft
        event = self.event
        if not event and draft.event is not None:
            event = {**draft.event.properties, "meta": draft.meta}
        self.stand(node, proposed_at, until, event if chain is None else chain.keeping(event))

    def stand(self, node: str, arrived_at: int, due_at: int, kept: dict[str, Any] | None = None) -> None:
        """Stands at a node since `arrived_at` until `due_at` (ms; 0: no end of its own)."""
        position = self.position
        position.node = node
        position.arrived_at = arrived_at
        position.due_at = due_at
        position.overdue_at = 0
        position.event = kept or {}


def opened(draft: Draft, journey: CompiledJourney, enrollment: Enrollment, position: Spot, at: int) -> Run:
    """A run from where a live enrollment stands, on copies that may be changed."""
    copy = draft.edit(enrollment)
    if not isinstance(position, Branch):
        return Run(draft, journey, copy, at)
    # Its end may lead on in the branch above it, so all of them are copied.
    copy.branches = [msgspec.structs.replace(each) for each in enrollment.branches]
    return Run(draft, journey, copy, at, next(each for each in copy.branches if each.name == position.name))


def person_zone(draft: Draft, journey: CompiledJourney) -> str:
    """The person's time zone where it is known, else the project's."""
    return draft.past.zone_or(journey.zone)


def leave(draft: Draft, enrollment: Enrollment, outcome: str, at: int, void_code: str = "", **data: Any) -> None:
    """Ends an enrollment and remembers its key; with `void_code` every action it still has queued is voided.

    An exit step, an error and the end of the steps void nothing: what was sent before them was meant to leave. A task
    that is still open is cancelled in any case. `data` goes to the line of the trace.
    """
    del draft.live[enrollment.id]
    cancel_tasks(draft, enrollment, outcome, at)
    if enrollment.parent:
        draft.end(enrollment.parent, begun_by_id(enrollment.entry), outcome)
    _remember(draft, enrollment, at)
    draft.say(trace.EXITED, enrollment.journey, enrollment.id, enrollment.node, outcome, key=enrollment.key, **data)
    if void_code:
        _void_queued(draft, enrollment, void_code, at)


def close_task(draft: Draft, enrollment: Enrollment, position: Spot, outcome: str, at: int, reason: str = "") -> None:
    """Ends the open task of a position that is free to change; nothing where there is none."""
    task, position.task = position.task, None
    if task is not None:
        _tell_closed(draft, enrollment, position, task.id, outcome, at, reason)


def cancel_tasks(draft: Draft, enrollment: Enrollment, reason: str, at: int) -> None:
    """Nobody needs to do the work any more, since the enrollment is no longer there."""
    for position in positions(enrollment):
        if position.task is not None:
            _tell_closed(draft, enrollment, position, position.task.id, "cancelled", at, reason)


def drop_branches(run: Run, fork: str, reason: str) -> None:
    """Gives up the branches of a parallel (all, where `fork` is empty), with those inside them and their tasks."""
    enrollment = run.enrollment
    gone = {each.name for each in enrollment.branches if not fork or each.fork == fork}
    while below := {each.name for each in enrollment.branches if each.above in gone} - gone:
        gone |= below
    for each in enrollment.branches:
        if each.name in gone and each.task is not None:
            _tell_closed(run.draft, enrollment, each, each.task.id, "cancelled", run.at, reason)
    enrollment.branches = [each for each in enrollment.branches if each.name not in gone]


def came_late(event: Event, journey: CompiledJourney, at: int) -> bool:
    """Whether an event enters and wakes nobody in this journey any more at `at` (ms).

    What is taken to everyone, paced, has no `received_at`: it is met in its turn, however long that takes.
    """
    return event.received_at != 0 and late(event.occurred_at, journey.late, at)


def begun_by(entry: dict[str, Any], event: Event) -> bool:
    """True when this event began the enrollment with this entry: it never exits, wakes or satisfies it."""
    return begun_by_id(entry) == event.id


def begun_by_id(entry: dict[str, Any]) -> str:
    """The id of the event that began the enrollment with this entry."""
    meta: dict[str, Any] = entry.get("meta", {})
    return str(meta.get("id", ""))


def _tell_closed(
    draft: Draft, enrollment: Enrollment, position: Spot, task: str, outcome: str, at: int, reason: str
) -> None:
    draft.outputs.append(TaskClosed(task_closed_id(task), draft.customer.id, task, outcome, at, reason))
    draft.say(trace.TASK_CLOSED, enrollment.journey, enrollment.id, position.node, outcome, task=task, reason=reason)


def _remember(draft: Draft, enrollment: Enrollment, at: int) -> None:
    journey = enrollment.journey
    key = memory_key(journey, enrollment.key)
    memory = draft.customer.memory
    before = memory.get(key)
    entered_at = enrollment.entered_at if before is None else max(before.entered_at, enrollment.entered_at)
    memory = with_item(memory, key, Remembered(entered_at, at), len(memory) + 1)
    own = memory_key(journey, "")
    draft.own().memory = without_oldest(memory, lambda key: key.startswith(own), REMEMBERED_KEYS)


def take_back(draft: Draft, voided: Collection[QueuedAction], journey: str, code: str, at: int) -> None:
    """Voids actions that are queued, of one journey."""
    if not voided:
        return
    gone = {each.action for each in voided}
    draft.own().queued = [each for each in draft.customer.queued if each.action not in gone]
    for each in voided:
        draft.outputs.append(Void(void_id(each.action), draft.customer.id, each.action, code, at))
        draft.say(trace.VOIDED, journey, each.enrollment, code=code, action=each.action)


def _void_queued(draft: Draft, enrollment: Enrollment, code: str, at: int) -> None:
    voided = [each for each in draft.customer.queued if each.enrollment == enrollment.id]
    take_back(draft, voided, enrollment.journey, code, at)

"""Timers: waits, ends of time-to-live and alarms that are due, each at its own instant, in order."""

from engine import alarms
from engine.advance import time_out
from engine.customer import Branch, Enrollment, Spot, positions
from engine.draft import Draft
from engine.pauses import set_aside
from engine.resume import past_due, version_of
from engine.run import leave, opened

_END, _WAIT, _ALARM = 0, 1, 2
Due = tuple[int, str, int, str]
"""When (ms), the enrollment's id, an end before a wait, the branch; an alarm has its name in the id's place."""


def due_by(draft: Draft) -> Due | None:
    """The first timer due at or before the draft's instant: by due instant, then id, an end before a wait."""
    upto, due = draft.at, None
    for enrollment in draft.live.values() if draft.has_live else draft.customer.enrollments:
        at = enrollment.expires_at
        if 0 < at <= upto and (due is None or (at, enrollment.id, _END, "") < due):
            due = (at, enrollment.id, _END, "")
        at = enrollment.due_at
        if 0 < at <= upto and (due is None or (at, enrollment.id, _WAIT, "") < due):
            due = (at, enrollment.id, _WAIT, "")
        for branch in enrollment.branches:
            at = branch.due_at
            if 0 < at <= upto and (due is None or (at, enrollment.id, _WAIT, branch.name) < due):
                due = (at, enrollment.id, _WAIT, branch.name)
    for name, at in draft.customer.alarms.items():
        if at <= upto and (due is None or (at, name, _ALARM, "") < due):
            due = (at, name, _ALARM, "")
    return due


def fire(draft: Draft, due: Due) -> None:
    """Fires one timer. What it leads to may be due by then too; steps only lead on, so this ends."""
    at, name, kind, branch = due
    if kind == _ALARM:
        alarms.fire(draft, name, at)
        return
    enrollment = draft.live[name]
    if kind == _END:
        leave(draft, enrollment, "expired", at, "expired")
        return
    _end_wait(draft, enrollment, next(each for each in positions(enrollment) if _name(each) == branch), at)


def _name(position: Spot) -> str:
    return position.name if isinstance(position, Branch) else ""


def _end_wait(draft: Draft, enrollment: Enrollment, position: Spot, at: int) -> None:
    journey = version_of(draft, enrollment, at)
    if journey is None:
        return
    run = opened(draft, journey, enrollment, position, at)
    pause = draft.catalog.pauses.get(enrollment.journey)
    if pause is None or not pause.held(at):
        time_out(run)
    elif pause.stands:
        set_aside(run, at)
    else:
        # It fell due in a pause that is over, and fires only now: nobody was there to set it aside.
        run.position.due_at = 0
        past_due(run, pause.overdue)

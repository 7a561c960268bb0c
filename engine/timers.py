"""Timers: waits and ends of time-to-live that are due, each at its own instant, in order."""

from collections.abc import Iterable

from engine import trace
from engine.advance import time_out
from engine.customer import Enrollment
from engine.draft import Draft
from engine.run import Run, leave


def fire(draft: Draft) -> None:
    """Fires what is due at or before the draft's instant: by due instant, then enrollment id, an end before a wait.

    A wait that begins here and ends by then is fired too. Steps only lead on, so this ends.
    """
    if not _due(draft.customer.enrollments, draft.at):
        return
    while due := _due(draft.live.values(), draft.at):
        at, name, waits = min(due)
        enrollment = draft.live[name]
        if waits:
            _end_wait(draft, enrollment, at)
        else:
            leave(draft, enrollment, "expired", at, "expired")


def _due(enrollments: Iterable[Enrollment], upto: int) -> list[tuple[int, str, bool]]:
    due = []
    for enrollment in enrollments:
        if 0 < enrollment.expires_at <= upto:
            due.append((enrollment.expires_at, enrollment.id, False))
        if 0 < enrollment.due_at <= upto:
            due.append((enrollment.due_at, enrollment.id, True))
    return due


def _end_wait(draft: Draft, enrollment: Enrollment, at: int) -> None:
    journey = draft.catalog.version(enrollment.journey, enrollment.version)
    if journey is None:
        why = f"version {enrollment.version} is not in the catalog"
        draft.say(trace.ERROR, enrollment.journey, enrollment.id, enrollment.node, "unknown_version", why)
        leave(draft, enrollment, "error", at)
        return
    time_out(Run(draft, journey, draft.edit(enrollment), at))

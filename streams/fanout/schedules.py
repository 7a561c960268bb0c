"""Schedules by the clock of a partition: which run is due, which were missed, when the next one comes."""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from engine.cron import next_due
from state.timers import NEVER
from streams.fanout.planned import Schedule, line_of

MADE_UP_MS = 3_600_000
"""How late a run that was missed still begins."""

Next = Callable[[int], int]
"""The first instant (ms) behind an instant at which a schedule is due."""


class Runs(NamedTuple):
    """The run to begin now, 0 for none; how many were skipped, those too long ago counted as one; the next instant."""

    due_at: int
    skipped: int
    next_at: int


def runs(after: Next, settled_at: int, clock: int) -> Runs:
    """What is due of a schedule by `clock`, its runs up to `settled_at` being settled (ms).

    Of those that were missed only the last begins, and only one that is no older than MADE_UP_MS.
    """
    oldest = clock - MADE_UP_MS
    due_at, skipped, found = after(settled_at), 0, 0
    if due_at < oldest:
        due_at, skipped = after(oldest - 1), 1
    while due_at <= clock:
        skipped += found > 0
        due_at, found = after(due_at), due_at
    return Runs(found, skipped, due_at)


class Calendar:
    """The schedules of a catalog. `settled` maps each to the instant up to which its runs are settled, `next_at` is
    when the next run of any is due (ms), NEVER where there is none.

    One that is not `known` holds from `clock` on.
    """

    def __init__(self, schedules: Sequence[Schedule], known: Mapping[str, int], clock: int) -> None:
        self.schedules = {line_of(schedule): schedule for schedule in schedules}
        self.settled = {line: known.get(line, clock) for line in self.schedules}
        self._next = {line: self._after(line)(at) for line, at in self.settled.items()}
        self.next_at = min(self._next.values(), default=NEVER)

    def due(self, clock: int) -> list[tuple[Schedule, Runs]]:
        """What is due by `clock`, in the order of instants; it is settled with that."""
        found = []
        for line in [line for line, at in self._next.items() if at <= clock]:
            told = runs(self._after(line), self.settled[line], clock)
            self.settled[line], self._next[line] = clock, told.next_at
            found.append((self.schedules[line], told))
        self.next_at = min(self._next.values(), default=NEVER)
        return sorted(found, key=lambda each: (each[1].due_at, line_of(each[0])))

    def _after(self, line: str) -> Next:
        schedule = self.schedules[line]
        return lambda at: next_due(schedule.cron, at, schedule.zone or "UTC")

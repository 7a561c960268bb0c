"""The history: events of one type counted, the newest one by one, those before them by day; late ones in their place.

The newest 256 occurrences are exact. Of older ones a window that begins within a day takes the whole day (UTC).
"""

from bisect import bisect_left, insort
from collections.abc import Iterator
from typing import Any

from engine.calendar import before
from engine.customer import COUNTED_DAYS, OCCURRENCES, Day, History, Occurrence
from engine.time import DAY_MS, after
from journeys.duration import Duration

NUMBERS = frozenset({int, float})
"""What is summed; a truth value is no number."""


def recorded(history: History | None, occurrence: Occurrence, now: int) -> History:
    """The history with one event more; begun at `now` (ms) where there was none."""
    if history is None:
        return History(now, [occurrence])
    if history.days and occurrence.at < history.recent[0].at:
        return History(history.since, history.recent, _with(history.days, occurrence))
    recent = list(history.recent)
    insort(recent, occurrence, key=lambda each: each.at)
    days = history.days
    if len(recent) > OCCURRENCES:
        days = _with(days, recent.pop(0))
    return History(history.since, recent, days)


def count(history: History | None, window: Duration | None, now: int, zone: str) -> int:
    """How many happened within the window before `now` (ms), both ends included; None: since counting began."""
    if history is None:
        return 0
    if window is None:
        return len(history.recent) + sum(day.count for day in history.days)
    start = _start(window, now, zone)
    older = sum(day.count for day in history.days if day.day >= start // DAY_MS)
    return older + _upto(history, now) - bisect_left(history.recent, start, key=_at)


def total(history: History | None, field: str, window: Duration | None, now: int, zone: str) -> float:
    """The sum of a kept property over the events that `count` counts."""
    if history is None:
        return 0.0
    start = None if window is None else _start(window, now, zone)
    first = 0 if start is None else bisect_left(history.recent, start, key=_at)
    last = len(history.recent) if start is None else _upto(history, now)
    older = sum(day.sums.get(field, 0.0) for day in history.days if start is None or day.day >= start // DAY_MS)
    kept: list[Any] = [each.kept.get(field) for each in history.recent[first:last]]
    return older + sum([value for value in kept if type(value) in NUMBERS], 0.0)


def newest(history: History | None) -> Occurrence | None:
    """The event that happened last."""
    return history.recent[-1] if history is not None and history.recent else None


def since(history: History | None, start: int) -> Iterator[Occurrence]:
    """Those that happened at `start` (ms) or later and are kept one by one, oldest first."""
    if history is not None:
        yield from history.recent[bisect_left(history.recent, start, key=_at) :]


def leaves_at(history: History | None, window: Duration, now: int, zone: str) -> int:
    """The first instant (ms) after `now` at which an event falls out of the window by itself, 0 for none."""
    if history is None:
        return 0
    recent = history.recent
    first = bisect_left(recent, _start(window, now, zone), key=_at)
    return max(after(recent[first].at, window, zone) + 1, now + 1) if first < len(recent) else 0


def _start(window: Duration, now: int, zone: str) -> int:
    return before(now, window, zone)


def _upto(history: History, now: int) -> int:
    """Places of those that happened by `now`; a sender's clock may run ahead."""
    recent = history.recent
    return len(recent) if not recent or recent[-1].at <= now else bisect_left(recent, now + 1, key=_at)


def _at(occurrence: Occurrence) -> int:
    return occurrence.at


def _number(value: Any) -> float:
    return float(value) if type(value) in NUMBERS else 0.0


def _with(days: list[Day], occurrence: Occurrence) -> list[Day]:
    number = occurrence.at // DAY_MS
    place = bisect_left(days, number, key=lambda day: day.day)
    held = days[place] if place < len(days) and days[place].day == number else Day(number, 0)
    sums = dict(held.sums)
    for field, value in occurrence.kept.items():
        if amount := _number(value):
            sums[field] = sums.get(field, 0.0) + amount
    added = [*days[:place], Day(number, held.count + 1, sums), *days[place + (held.count > 0) :]]
    if len(added) <= COUNTED_DAYS:
        return added
    oldest, next_, *others = added
    merged = {field: oldest.sums.get(field, 0.0) + next_.sums.get(field, 0.0) for field in oldest.sums | next_.sums}
    return [Day(next_.day, oldest.count + next_.count, merged), *others]

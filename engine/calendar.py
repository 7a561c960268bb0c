"""The calendar of a person's zone: windows, moments, dates and anniversaries, as instants (ms)."""

import re
from calendar import monthrange
from datetime import UTC, date, datetime

from engine.time import DAY_MS, LAST_AT, after, months_on, steady_offset
from engine.wallclock import (
    FIRST_AT,
    MINUTE_MS,
    clipped,
    date_of,
    day_of,
    first_instant,
    instant_of,
    local_of,
    occurrences,
    weekday_of,
)
from journeys.duration import Duration, Offset
from journeys.model.parts import WEEKDAYS

LEAST_MS = 10_000_000_000
"""A number smaller than this is no instant: in seconds it would be, and as ms it lies in the spring of 1970."""
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_TIME = re.compile(_DATE.pattern + r"[T ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,9})?)?(Z|[+-][0-9]{2}:[0-9]{2})?")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def inside(at: int, window: tuple[int, int], zone: str) -> bool:
    """True when the wall clock stands in the window: minutes since local midnight, start included, end not.

    An end that is not later than the start lies on the next day; (0, 1440) is always.
    """
    start, end = window
    minutes = local_of(at, zone)[1] // MINUTE_MS
    return start <= minutes < end if start < end else minutes >= start or minutes < end


def next_inside(at: int, window: tuple[int, int], zone: str) -> int:
    """The first instant from `at` on that is inside the window: `at` itself, or the next start.

    Where daylight saving moves the clock into a window or past its start, that is the instant of the change.
    """
    if inside(at, window, zone):
        return at
    today = local_of(at, zone)[0]
    steady = steady_offset(zone, today)
    if steady is not None and steady == steady_offset(zone, today + 1):
        start = today * DAY_MS + window[0] * MINUTE_MS - steady
        return clipped(start if start > at else start + DAY_MS)
    starts = (each for day in range(today, today + 4) for each in occurrences(day, window[0] * MINUTE_MS, zone))
    return clipped(min((each for each in starts if each > at and inside(each, window, zone)), default=at))


def next_moment(at: int, weekdays: frozenset[int] | None, minutes: int, zone: str) -> int:
    """The first instant behind `at` with that local time of day, on one of the weekdays (0 is Monday; none: any).

    In a gap it is the first instant behind the gap; of a time that happens twice the first. LAST_AT at the latest.
    """
    today = local_of(at, zone)[0]
    for day in range(today, today + 16):
        if not weekdays or weekday_of(day) in weekdays:
            found = first_instant(day, minutes * MINUTE_MS, zone)
            if found > at:
                return min(found, LAST_AT)
    return LAST_AT


def next_midnight(at: int, zone: str) -> int:
    """The first instant behind `at` at which a local day begins, also one that began before the clock was set back."""
    today = local_of(at, zone)[0]
    steady = steady_offset(zone, today)
    if steady is not None and steady == steady_offset(zone, today + 1):
        return min((today + 1) * DAY_MS - steady, LAST_AT)
    days = (today, today + 1, today + 2)
    found = {first_instant(day, 0, zone) for day in days}.union(*(occurrences(day, 0, zone) for day in days))
    begins = (each for each in found if each > at and local_of(each - 1, zone)[0] < local_of(each, zone)[0])
    return min(min(begins, default=LAST_AT), LAST_AT)


def read_instant(value: object, minutes: int, zone: str) -> int | None:
    """The instant that a value of an event or a person names; None where it is none.

    `2026-04-12` is that local date at `minutes`; `2026-04-12T10:00` is local, with `Z` or `+02:00` it is absolute;
    numbers are ms since the epoch, from LEAST_MS on. A local time in a gap is the first instant behind it.
    """
    read = _read(value, minutes)
    return _known(first_instant(*read, zone)) if isinstance(read, tuple) else read


def shifted(at: int, offset: Offset | None, zone: str) -> int:
    """The instant that lies an offset before or after `at`."""
    if offset is None:
        return at
    return (before if offset.before else after)(at, offset.duration, zone)


def before(at: int, duration: Duration, zone: str) -> int:
    """The instant that lies `duration` before `at`: the mirror of `after`, its parts taken back from the last one.

    31 March less `1mo` is the last of February. A gap and an overlap count as in `after`.
    """
    at -= duration.elapsed_ms
    if duration.months or duration.days:
        offset = None if duration.months else steady_offset(zone, at // DAY_MS)
        if offset is not None:
            moved = at - duration.days * DAY_MS
            if offset == steady_offset(zone, moved // DAY_MS):
                return clipped(moved)
        day, ms = local_of(at, zone)
        try:
            at = instant_of(months_on(day - duration.days, -duration.months), ms, zone)
        except (OverflowError, ValueError):
            return FIRST_AT
    return clipped(at)


def next_yearly(value: object, offset: Offset | None, minutes: int, zone: str, after_at: int) -> int:
    """The first anniversary of a date, moved by `offset`, that lies behind `after_at`; 0 where there is none.

    29 February is the 28th in other years. The date itself is the first, nothing comes before it. The time of day is
    `minutes`, or what the value says.
    """
    read = _read(value, minutes)
    if read is None:
        return 0
    first, ms = local_of(read, zone) if isinstance(read, int) else read
    began = date_of(first)
    back = None if offset is None else Offset(not offset.before, offset.duration)
    year = date_of(local_of(clipped(shifted(after_at, back, zone)), zone)[0]).year - 1
    year = max(year, began.year)
    for each in range(year, min(year + 4, 9999) + 1):
        day = min(began.day, monthrange(each, began.month)[1])
        found = shifted(first_instant(day_of(began.replace(year=each, day=day)), ms, zone), offset, zone)
        if found > after_at:
            return found
    return 0


def days_between(earlier: int, later: int, zone: str) -> int:
    """How many local midnights lie between two instants; negative where they come the other way round."""
    return local_of(later, zone)[0] - local_of(earlier, zone)[0]


def local_parts(at: int, zone: str) -> dict[str, object]:
    """What calendar and wall clock of a zone show: numbers, `weekday` as a word, `date` and `time` as text."""
    day, ms = local_of(clipped(at), zone)
    hour, minute = divmod(ms // MINUTE_MS, 60)
    today = date_of(day)
    return {
        "hour": hour,
        "minute": minute,
        "weekday": WEEKDAYS[weekday_of(day)],
        "day": today.day,
        "month": today.month,
        "year": today.year,
        "date": today.isoformat(),
        "time": f"{hour:02}:{minute:02}",
    }


def _read(value: object, minutes: int) -> int | tuple[int, int] | None:
    """An instant, or a local day and the ms since its midnight."""
    if isinstance(value, str):
        return _read_text(value.strip(), minutes)
    return _known(value) if isinstance(value, int | float) and abs(value) >= LEAST_MS else None


def _known(at: float) -> int | None:
    return int(at) if FIRST_AT <= at <= LAST_AT else None


def _read_text(text: str, minutes: int) -> int | tuple[int, int] | None:
    try:
        if _DATE.fullmatch(text):
            return day_of(date.fromisoformat(text)), minutes * MINUTE_MS
        if not _TIME.fullmatch(text):
            return None
        read = datetime.fromisoformat(text)
    except ValueError:
        return None
    if read.tzinfo is not None:
        return _known(_ms(read))
    return divmod(_ms(read.replace(tzinfo=UTC)), DAY_MS)


def _ms(when: datetime) -> int:
    since = when - _EPOCH
    return since.days * DAY_MS + since.seconds * 1000 + since.microseconds // 1000

"""The wall clock of a zone: an instant as local day and time of day, and back, through gaps and overlaps."""

from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from itertools import pairwise

from engine.time import DAY_MS, LAST_AT, steady_offset, zone_info

FIRST_AT = -62_135_596_800_000
"""The first millisecond of the year 1, where calendars begin."""
MINUTE_MS = 60_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_ORDINAL = 719_163
_MS = timedelta(milliseconds=1)


def local_of(at: int, zone: str) -> tuple[int, int]:
    """The local day (days since 1970-01-01) and the milliseconds since its midnight, as the wall clock shows them."""
    return divmod(at + offset_at(at, zone), DAY_MS)


def instant_of(day: int, ms: int, zone: str) -> int:
    """The instant of a local day and time of day, as `after` takes it.

    A time inside a daylight-saving gap moves on by the length of the gap; of one that happens twice it is the first.
    """
    steady = steady_offset(zone, day)
    if steady is not None:
        return day * DAY_MS + ms - steady
    try:
        local = (_EPOCH + timedelta(days=day, milliseconds=ms)).replace(tzinfo=zone_info(zone))
        return (local.astimezone(UTC) - _EPOCH) // _MS
    except (OverflowError, ValueError):
        return day * DAY_MS + ms


def first_instant(day: int, ms: int, zone: str) -> int:
    """The first instant at which the wall clock shows that time of day or, where a gap leaves it out, a later one.

    24:00 is the midnight of the next day.
    """
    day, ms = divmod(day * DAY_MS + ms, DAY_MS)
    at = instant_of(day, ms, zone)
    if steady_offset(zone, day) is not None or local_of(at, zone) == (day, ms):
        return at
    return max((change for change in changes(zone, day) if change <= at), default=at)


def occurrences(day: int, ms: int, zone: str) -> list[int]:
    """Every instant at which the wall clock may show that time, and the changes around it: one, mostly.

    Some are none: the caller looks at what the clock shows there.
    """
    around = changes(zone, day)
    offsets = {offset_at((day - 1) * DAY_MS, zone), *(offset_at(change, zone) for change in around)}
    return sorted({*(day * DAY_MS + ms - offset for offset in offsets), *around})


def offset_at(at: int, zone: str) -> int:
    """The offset (ms) of a zone at an instant; 0 outside the years 1 to 9999."""
    steady = steady_offset(zone, at // DAY_MS)
    if steady is not None:
        return steady
    try:
        offset = (_EPOCH + at * _MS).astimezone(zone_info(zone)).utcoffset()
    except (OverflowError, ValueError):
        return 0
    return 0 if offset is None else offset // _MS


@lru_cache(maxsize=8192)
def changes(zone: str, day: int) -> tuple[int, ...]:
    """The instants at which the zone's offset changes, from the UTC day before `day` to the one behind it."""
    if steady_offset(zone, day) is not None:
        return ()
    starts = [(day + step) * DAY_MS for step in (-1, 0, 1, 2)]
    pairs = pairwise(starts)
    return tuple(_change(zone, *pair) for pair in pairs if offset_at(pair[0], zone) != offset_at(pair[1], zone))


def _change(zone: str, low: int, high: int) -> int:
    before = offset_at(low, zone)
    while high - low > 1:
        middle = (low + high) // 2
        if offset_at(middle, zone) == before:
            low = middle
        else:
            high = middle
    return high


def date_of(day: int) -> date:
    """The date of a local day; the first or last one outside the years 1 to 9999."""
    return date.fromordinal(min(max(day + _EPOCH_ORDINAL, 1), date.max.toordinal()))


def day_of(when: date) -> int:
    """The days from 1970-01-01 to a date."""
    return when.toordinal() - _EPOCH_ORDINAL


def weekday_of(day: int) -> int:
    """0 is Monday."""
    return (day + 3) % 7


def clipped(at: int) -> int:
    """The instant, or the nearest one that the engine knows."""
    return at if FIRST_AT <= at <= LAST_AT else min(max(at, FIRST_AT), LAST_AT)

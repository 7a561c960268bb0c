"""Time: an instant and a duration give an instant, with calendar units counted in the person's zone."""

from calendar import monthrange
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from journeys.duration import Duration

DAY_MS = 86_400_000
LAST_AT = 253_402_300_799_999
"""The last millisecond of the year 9999: no instant that the engine makes lies behind it."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MS = timedelta(milliseconds=1)
_DAY_0 = date(1970, 1, 1)


def after(instant: int, duration: Duration, zone: str) -> int:
    """The instant (ms) that lies `duration` after `instant`; zones that do not exist count as UTC.

    Months, then days, move the local date and keep the local time of day (31 January plus `1mo` is the last of
    February). A local time inside a daylight-saving gap moves on by the length of the gap; of a time that happens twice
    the first is taken. Then the elapsed part is added. Never later than LAST_AT.
    """
    if duration.months or duration.days:
        instant = _calendar(instant, duration.months, duration.days, zone)
    return min(instant + duration.elapsed_ms, LAST_AT)


def late(occurred_at: int, allowed: Duration, clock: int) -> bool:
    """True when `occurred_at` (ms) lies more than `allowed` before the clock; calendar units are those of UTC."""
    if clock - occurred_at <= allowed.days * DAY_MS + allowed.elapsed_ms:
        return False
    return after(occurred_at, allowed, "UTC") < clock


@lru_cache(maxsize=1024)
def zone_exists(name: str) -> bool:
    """True when `name` is a time zone of the IANA database."""
    try:
        ZoneInfo(name)
    except (OSError, ValueError, KeyError):
        return False
    return True


def months_on(day: int, months: int) -> int:
    """The local day (since 1970-01-01) so many months later, or earlier; the last of a month that is too short.

    Raises OverflowError and ValueError outside the years 1 to 9999.
    """
    if not months:
        return day
    when = _DAY_0 + timedelta(days=day)
    year, month0 = divmod(when.year * 12 + when.month - 1 + months, 12)
    return (date(year, month0 + 1, min(when.day, monthrange(year, month0 + 1)[1])) - _DAY_0).days


def _calendar(instant: int, months: int, days: int, zone: str) -> int:
    try:
        offset = steady_offset(zone, instant // DAY_MS)
        if offset is not None:
            day, ms = divmod(instant + offset, DAY_MS)
            day = months_on(day, months) + days
            steady = steady_offset(zone, day)
            if steady is not None:
                return day * DAY_MS + ms - steady
        return _on_the_calendar(instant, months, days, zone)
    except (OverflowError, ValueError):
        # The calendar ends in 9999 and begins in 1: beyond it, months have 30 days.
        return instant + (months * 30 + days) * DAY_MS


def _on_the_calendar(instant: int, months: int, days: int, zone: str) -> int:
    local = (_EPOCH + instant * _MS).astimezone(zone_info(zone)).replace(tzinfo=None)
    day = (local.date() - _DAY_0).days
    # The sum has fold 0: the first of two equal local times, and in a gap the offset from before it.
    moved = (local + timedelta(days=months_on(day, months) - day + days)).replace(tzinfo=zone_info(zone))
    return (moved.astimezone(UTC) - _EPOCH) // _MS


@lru_cache(maxsize=8192)
def steady_offset(zone: str, day: int) -> int | None:
    """The zone's offset (ms) if it does not change within a day of the UTC day `day`: no local time is in doubt."""
    try:
        instants = [_EPOCH + timedelta(days=day + step) for step in (-1, 0, 1, 2)]
        offsets = {at.astimezone(zone_info(zone)).utcoffset() for at in instants}
    except (OverflowError, ValueError):
        return None
    offset = offsets.pop()
    return None if offsets or offset is None else offset // _MS


def zone_info(name: str) -> ZoneInfo:
    """The zone of that name; UTC where there is none."""
    return ZoneInfo(name) if zone_exists(name) else ZoneInfo("UTC")

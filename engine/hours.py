"""Business hours: when a place of work is open next, and what is due when only the time that it is open counts."""

from calendar import isleap
from collections.abc import Container, Iterator
from datetime import date, timedelta
from functools import lru_cache

import msgspec

from engine.time import LAST_AT, after, zone_exists
from engine.wallclock import MINUTE_MS, date_of, day_of, first_instant, local_of, weekday_of
from journeys.duration import Duration
from journeys.model import Hours
from journeys.model.parts import WEEKDAYS, window_of

SEARCHED_DAYS = 731
"""How far an opening is looked for."""


class OpenHours(msgspec.Struct, frozen=True):
    """Windows (minutes since midnight) for each weekday from Monday, in a zone; closed on some days (since 1970).

    `country` and `subdivision` name whose public holidays close it too; empty where none do.
    """

    zone: str
    week: tuple[tuple[tuple[int, int], ...], ...]
    closed: frozenset[int] = frozenset()
    country: str = ""
    subdivision: str = ""


def compile_hours(hours: Hours, zone: str) -> OpenHours:
    """Hours ready to be asked; `zone` where they name none. Raises ValueError with what is wrong and the cure."""
    zone = hours.zone or zone
    if not zone_exists(zone):
        raise ValueError(f"zone `{zone}` is unknown; write one of the IANA database, as in `Europe/Paris`")
    country, _, subdivision = (hours.holidays or "").partition("-")
    if country:
        _known(country, subdivision)
    week: list[tuple[tuple[int, int], ...]] = [()] * 7
    for name, windows in hours.days.items():
        for weekday in _weekdays(name):
            if week[weekday]:
                raise ValueError(f"{WEEKDAYS[weekday]} is given twice, once in `{name}`; give each weekday once")
            week[weekday] = tuple(sorted(map(window_of, [windows] if isinstance(windows, str) else windows)))
    if not any(week):
        raise ValueError("no day is ever open; give at least one, as in `monday-friday: 09:00-18:00`")
    return OpenHours(zone, tuple(week), frozenset(map(_closed_day, hours.closed)), country, subdivision)


def next_open(at: int, hours: OpenHours) -> int:
    """`at` itself while open, else the next opening; `at` where none comes within two years."""
    for opens_at, _ in _openings(at, hours):
        return opens_at
    return at


def after_open(at: int, duration: Duration, hours: OpenHours) -> int:
    """The instant (ms) when `duration` is over, counted from the first open instant from `at` on.

    Months move the date; days are those on which it opens; then hours, minutes and seconds count only while open. What
    is not over within two years counts on as if it were always open. Never later than LAST_AT.
    """
    start = next_open(at, hours)
    if duration.months or duration.days:
        moved = after(start, Duration(duration.months, 0, 0), hours.zone)
        days = _days_until_open(local_of(moved, hours.zone)[0], duration.days, hours)
        start = next_open(after(moved, Duration(0, days, 0), hours.zone), hours)
    left = duration.elapsed_ms
    for opens_at, closes_at in _openings(start, hours) if left else ():
        start = min(opens_at + left, closes_at)
        left -= start - opens_at
        if not left:
            break
    return min(start + left, LAST_AT)


def is_holiday(day: int, country: str) -> bool:
    """Whether a local day (since 1970) is a public holiday of a country, or of its region, as in `DE-BY`."""
    name, _, subdivision = country.partition("-")
    return day in _holidays(name, subdivision, date_of(day).year)


def _openings(at: int, hours: OpenHours) -> Iterator[tuple[int, int]]:
    """Times in which it is open, from `at` on, in order and apart."""
    today = local_of(at, hours.zone)[0]
    for day in range(today - 1, today + SEARCHED_DAYS):
        for opens, closes in _windows(day, hours):
            opens_at = max(first_instant(day, opens * MINUTE_MS, hours.zone), at)
            closes_at = first_instant(day + (closes <= opens), closes * MINUTE_MS, hours.zone)
            if closes_at > opens_at:
                yield opens_at, closes_at
                at = closes_at


def _days_until_open(day: int, count: int, hours: OpenHours) -> int:
    """How many days lie between a day and the one that is the `count`-th open one behind it."""
    passed = 0
    while count and passed < SEARCHED_DAYS:
        passed += 1
        count -= bool(_windows(day + passed, hours))
    return passed + count


def _windows(day: int, hours: OpenHours) -> tuple[tuple[int, int], ...]:
    if day in hours.closed or (hours.country and day in _holidays(hours.country, hours.subdivision, date_of(day).year)):
        return ()
    return hours.week[weekday_of(day)]


@lru_cache(maxsize=2048)
def _holidays(country: str, subdivision: str, year: int) -> frozenset[int]:
    known = _calendar(country, subdivision)
    # The library computes a year when it is asked about one of its days.
    days = (date(year, 1, 1) + timedelta(days=step) for step in range(365 + isleap(year)))
    return frozenset(day_of(each) for each in days if each in known)


@lru_cache(maxsize=256)
def _calendar(country: str, subdivision: str) -> Container[date]:
    """The public holidays of a country; the library reads its names for them once, here."""
    # Imported where it is used: it costs some 50 ms, and most projects have no hours.
    from holidays import country_holidays

    return country_holidays(country, subdivision or None)


def _known(country: str, subdivision: str) -> None:
    try:
        _calendar(country, subdivision)
    except NotImplementedError as error:
        named = f"{country}-{subdivision}" if subdivision else country
        cure = "write its two letters, as in `FR`, with a region where it has holidays of its own, as in `DE-BY`"
        raise ValueError(f"holidays of `{named}` are unknown; {cure}") from error


def _weekdays(name: str) -> list[int]:
    """`friday-monday` as 4, 5, 6, 0."""
    first, _, last = name.partition("-")
    start = WEEKDAYS.index(first)
    return [(start + step) % 7 for step in range((WEEKDAYS.index(last or first) - start) % 7 + 1)]


def _closed_day(text: str) -> int:
    try:
        return day_of(date.fromisoformat(text))
    except ValueError as error:
        raise ValueError(f"closed day `{text}` is no date; write one that exists, as in `2026-12-24`") from error

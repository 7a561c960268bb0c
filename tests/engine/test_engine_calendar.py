"""Windows, moments, dates and anniversaries in the person's zone, through gaps, overlaps and leap years."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from engine.calendar import (
    before,
    days_between,
    inside,
    local_parts,
    next_inside,
    next_midnight,
    next_moment,
    next_yearly,
    read_instant,
)
from engine.time import DAY_MS, LAST_AT, after
from engine.wallclock import FIRST_AT, changes, first_instant, instant_of, local_of
from journeys.duration import Duration, Offset

PARIS, NEW_YORK, LORD_HOWE = "Europe/Paris", "America/New_York", "Australia/Lord_Howe"
CASABLANCA, SAO_PAULO, ST_JOHNS = "Africa/Casablanca", "America/Sao_Paulo", "America/St_Johns"
NUUK = "America/Nuuk"
ZONES = st.sampled_from(
    [PARIS, NEW_YORK, LORD_HOWE, CASABLANCA, SAO_PAULO, ST_JOHNS, NUUK, "Asia/Kathmandu", "Pacific/Apia"]
)
INSTANTS = st.integers(0, 2_400_000_000_000)
MINUTES = st.integers(0, 1439)
MINUTE_MS = 60_000


@st.composite
def near_changes(draw, zones=ZONES):
    """A zone, and an instant that lies within two days of a change of its offset in every other case."""
    zone, at = draw(zones), draw(INSTANTS)
    days = range(at // DAY_MS, at // DAY_MS + 400, 2)
    if draw(st.booleans()):
        change = next((each for day in days for each in changes(zone, day)), at)
        at = change + draw(st.integers(-2 * DAY_MS, 2 * DAY_MS))
    return zone, at


def wall(at: int, zone: str) -> datetime:
    """What the standard library says of an instant."""
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=at)).astimezone(ZoneInfo(zone))


def minutes_of(when: datetime) -> int:
    return when.hour * 60 + when.minute


@settings(deadline=None)
@given(near_changes())
def test_the_wall_clock_is_that_of_the_standard_library(place):
    zone, at = place
    day, ms = local_of(at, zone)
    shown = wall(at, zone)
    assert (day + 719_163, ms) == (shown.toordinal(), minutes_of(shown) * MINUTE_MS + at % MINUTE_MS)
    found = instant_of(day, ms, zone)
    assert found == at if not shown.fold else found < at
    assert first_instant(day, ms, zone) == found


@pytest.mark.parametrize(
    ("zone", "shown", "behind", "moved"),
    [
        (PARIS, "2026-03-29T02:30", "2026-03-29T03:00+02:00", "2026-03-29T03:30+02:00"),
        (NEW_YORK, "2026-03-08T02:59", "2026-03-08T03:00-04:00", "2026-03-08T03:59-04:00"),
        (LORD_HOWE, "2026-10-04T02:15", "2026-10-04T02:30+11:00", "2026-10-04T02:45+11:00"),
        (CASABLANCA, "2026-03-22T02:30", "2026-03-22T03:00+01:00", "2026-03-22T03:30+01:00"),
        (SAO_PAULO, "2018-11-04T00:30", "2018-11-04T01:00-02:00", "2018-11-04T01:30-02:00"),
        ("Pacific/Apia", "2011-12-30T10:00", "2011-12-31T00:00+14:00", "2011-12-31T10:00+14:00"),
        (PARIS, "2026-10-25T02:30", "2026-10-25T02:30+02:00", "2026-10-25T02:30+02:00"),
        (LORD_HOWE, "2026-04-05T01:45", "2026-04-05T01:45+11:00", "2026-04-05T01:45+11:00"),
        (CASABLANCA, "2026-02-15T02:30", "2026-02-15T02:30+01:00", "2026-02-15T02:30+01:00"),
    ],
)
def test_a_time_in_a_gap_or_an_overlap(at, zone, shown, behind, moved):
    day, ms = divmod(at(shown + "+00:00"), DAY_MS)
    assert first_instant(day, ms, zone) == at(behind)
    assert instant_of(day, ms, zone) == at(moved)
    assert read_instant(shown, 0, zone) == at(behind)


@pytest.mark.parametrize(
    ("now", "window", "is_inside", "zone"),
    [
        ("2026-03-02T09:00+01:00", (540, 1200), True, PARIS),
        ("2026-03-02T08:59:59.999+01:00", (540, 1200), False, PARIS),
        ("2026-03-02T19:59:59.999+01:00", (540, 1200), True, PARIS),
        ("2026-03-02T20:00+01:00", (540, 1200), False, PARIS),
        ("2026-03-02T21:00+01:00", (1260, 480), True, PARIS),
        ("2026-03-02T07:59+01:00", (1260, 480), True, PARIS),
        ("2026-03-02T08:00+01:00", (1260, 480), False, PARIS),
        ("2026-03-02T20:59+01:00", (1260, 480), False, PARIS),
        ("2026-03-02T23:59+01:00", (0, 1440), True, PARIS),
        ("2026-03-02T00:00+01:00", (0, 1440), True, PARIS),
        ("2026-03-02T12:00+01:00", (540, 540), True, PARIS),
        ("2026-03-02T23:59+01:00", (540, 1440), True, PARIS),
        ("2026-03-02T08:00+00:00", (540, 1200), False, "Not/AZone"),
    ],
)
def test_inside(at, now, window, is_inside, zone):
    assert inside(at(now), window, zone) is is_inside


@pytest.mark.parametrize(
    ("now", "window", "next_at", "zone"),
    [
        ("2026-03-02T10:00+01:00", (540, 1200), "2026-03-02T10:00+01:00", PARIS),
        ("2026-03-02T20:00+01:00", (540, 1200), "2026-03-03T09:00+01:00", PARIS),
        ("2026-03-02T08:00+01:00", (540, 1200), "2026-03-02T09:00+01:00", PARIS),
        ("2026-03-02T12:00+01:00", (1260, 480), "2026-03-02T21:00+01:00", PARIS),
        ("2026-03-28T21:00+01:00", (540, 1200), "2026-03-29T09:00+02:00", PARIS),
        ("2026-10-24T21:00+02:00", (540, 1200), "2026-10-25T09:00+01:00", PARIS),
        # The start lies in the gap: the window is open behind it.
        ("2026-03-28T21:00+01:00", (150, 300), "2026-03-29T03:00+02:00", PARIS),
        # All of the window lies in the gap: there is none that day.
        ("2026-03-28T21:00+01:00", (150, 165), "2026-03-30T02:30+02:00", PARIS),
        # The clock goes back before the start, and comes there again.
        ("2026-10-25T02:10+01:00", (150, 300), "2026-10-25T02:30+01:00", PARIS),
        # The clock goes back into the window.
        ("2026-10-25T02:45+02:00", (120, 150), "2026-10-25T02:00+01:00", PARIS),
        ("2026-10-04T01:59+10:30", (130, 140), "2026-10-05T02:10+11:00", LORD_HOWE),
        ("2011-12-29T23:00-10:00", (540, 600), "2011-12-31T09:00+14:00", "Pacific/Apia"),
        # Greenland moves its clocks late on Saturday: the gap leaves out tomorrow's window.
        ("2026-03-27T23:56-02:00", (1410, 1435), "2026-03-29T23:30-01:00", NUUK),
    ],
)
def test_next_inside(at, now, window, next_at, zone):
    assert next_inside(at(now), window, zone) == at(next_at)


@settings(deadline=None)
@given(near_changes(), MINUTES, st.integers(0, 1440))
def test_next_inside_is_the_first_instant_inside(place, start, end):
    zone, at = place
    found = next_inside(at, (start, end), zone)
    assert found >= at
    shown = minutes_of(wall(found, zone))
    assert start <= shown < end if start < end else shown >= start or shown < end
    if found > at:
        assert not inside(found - 1, (start, end), zone)
        for share in range(20):
            assert not inside(at + (found - 1 - at) * share // 20, (start, end), zone)


@settings(deadline=None)
@example(("America/St_Johns", 1_035_685_859_999), 1, 0, 0, set())
@given(near_changes(), st.integers(0, 3 * DAY_MS), MINUTES, st.integers(0, 1440), st.sets(st.integers(0, 6)))
def test_what_is_asked_later_is_not_earlier(place, later, start, end, days):
    zone, at = place
    weekdays = frozenset(days)
    for first, second in [
        (next_inside(at, (start, end), zone), next_inside(at + later, (start, end), zone)),
        (next_moment(at, weekdays, start, zone), next_moment(at + later, weekdays, start, zone)),
        (next_midnight(at, zone), next_midnight(at + later, zone)),
    ]:
        assert first <= second


@pytest.mark.parametrize(
    ("now", "weekdays", "minutes", "next_at", "zone"),
    [
        ("2026-03-02T08:00+01:00", None, 540, "2026-03-02T09:00+01:00", PARIS),
        ("2026-03-02T09:00+01:00", None, 540, "2026-03-03T09:00+01:00", PARIS),
        ("2026-03-02T09:00+01:00", {0}, 540, "2026-03-09T09:00+01:00", PARIS),
        ("2026-03-02T09:00+01:00", {0, 3}, 540, "2026-03-05T09:00+01:00", PARIS),
        ("2026-03-02T09:00+01:00", set(), 0, "2026-03-03T00:00+01:00", PARIS),
        ("2026-03-28T12:00+01:00", None, 150, "2026-03-29T03:00+02:00", PARIS),
        ("2026-03-29T03:00+02:00", None, 150, "2026-03-30T02:30+02:00", PARIS),
        ("2026-10-24T12:00+02:00", None, 150, "2026-10-25T02:30+02:00", PARIS),
        ("2026-10-25T02:30+02:00", None, 150, "2026-10-26T02:30+01:00", PARIS),
        ("2026-10-25T02:10+01:00", None, 150, "2026-10-26T02:30+01:00", PARIS),
        ("2026-10-03T12:00+10:30", {6}, 135, "2026-10-04T02:30+11:00", LORD_HOWE),
        ("2011-12-29T12:00-10:00", {4}, 540, "2011-12-31T00:00+14:00", "Pacific/Apia"),
    ],
)
def test_next_moment(at, now, weekdays, minutes, next_at, zone):
    assert next_moment(at(now), weekdays and frozenset(weekdays), minutes, zone) == at(next_at)


@settings(deadline=None)
@given(near_changes(), st.sets(st.integers(0, 6)), MINUTES)
def test_next_moment_is_the_first_of_its_kind(place, days, minutes):
    zone, at = place
    found = next_moment(at, frozenset(days), minutes, zone)
    assert found > at
    shown, last = wall(found, zone), wall(found - 1, zone)
    if last.utcoffset() == shown.utcoffset() or minutes_of(shown) == minutes:
        assert (minutes_of(shown), shown.second, shown.fold) == (minutes, 0, 0)
        assert not days or shown.weekday() in days
    else:
        wanted = last.replace(tzinfo=None, hour=minutes // 60, minute=minutes % 60, second=0, microsecond=0)
        options = (wanted, wanted + timedelta(days=1))
        assert any(last.replace(tzinfo=None) < each < shown.replace(tzinfo=None) for each in options)
    for share in range(10):
        assert next_moment(at + (found - 1 - at) * share // 10, frozenset(days), minutes, zone) == found


@pytest.mark.parametrize(
    ("now", "next_at", "zone"),
    [
        ("2026-03-02T00:00+01:00", "2026-03-03T00:00+01:00", PARIS),
        ("2026-03-28T23:59:59.999+01:00", "2026-03-29T00:00+01:00", PARIS),
        ("2018-11-03T12:00-03:00", "2018-11-04T01:00-02:00", SAO_PAULO),
        # At one minute past midnight, clocks of St. John's went back to 23:01 until 2011: the day began twice.
        ("2010-11-06T12:00-02:30", "2010-11-07T00:00-02:30", ST_JOHNS),
        ("2010-11-06T23:30-03:30", "2010-11-07T00:00-03:30", ST_JOHNS),
    ],
)
def test_next_midnight(at, now, next_at, zone):
    assert next_midnight(at(now), zone) == at(next_at)


@settings(deadline=None)
@given(near_changes())
def test_the_next_midnight_begins_a_day(place):
    zone, at = place
    found = next_midnight(at, zone)
    assert at < found <= at + 3 * DAY_MS
    assert wall(found - 1, zone).date() < wall(found, zone).date()
    assert days_between(found - 1, found, zone) >= 1


@settings(deadline=None)
@given(near_changes(), st.integers(0, 40), st.integers(0, 400), st.integers(0, 10**9))
def test_before_is_the_mirror_of_after(place, months, days, elapsed):
    zone, at = place
    assume(wall(at, zone).day <= 28 and not wall(at, zone).fold)
    duration = Duration(months, days, elapsed)
    reached = after(at, duration, zone)
    landed = reached - elapsed
    assume(not wall(landed, zone).fold and local_of(landed, zone)[1] == local_of(at, zone)[1])
    assert before(reached, duration, zone) == at


@settings(deadline=None)
@given(st.integers(-(2**62), 2**62), st.integers(0, 10**12), st.integers(0, 10**12), st.integers(0, 10**18), ZONES)
def test_nothing_leaves_the_calendar(instant, months, days, elapsed, zone):
    duration = Duration(months, days, elapsed)
    assert before(0, Duration(30_000, days, elapsed), zone) == FIRST_AT
    assert FIRST_AT <= before(instant, duration, zone) <= LAST_AT
    assert next_inside(instant, (540, 600), zone) >= instant or next_inside(instant, (540, 600), zone) == LAST_AT
    assert next_moment(instant, frozenset({2}), 540, zone) <= LAST_AT
    assert next_midnight(instant, zone) <= LAST_AT
    assert isinstance(local_parts(instant, zone)["year"], int)
    read = next_yearly("2024-02-29", Offset(True, duration), 540, zone, instant)
    assert read == 0 or instant < read <= LAST_AT


def test_days_between(at):
    first, second = at("2026-03-28T23:59+01:00"), at("2026-03-29T00:01+01:00")
    assert days_between(first, second, PARIS) == 1
    assert days_between(second, first, PARIS) == -1
    assert days_between(first, second, "UTC") == 0
    assert days_between(at("2026-03-28T12:00+01:00"), at("2026-03-30T11:00+02:00"), PARIS) == 2


def test_local_parts(at):
    assert local_parts(at("2026-03-02T18:05:59+01:00"), PARIS) == {
        "hour": 18,
        "minute": 5,
        "weekday": "monday",
        "day": 2,
        "month": 3,
        "year": 2026,
        "date": "2026-03-02",
        "time": "18:05",
    }
    assert local_parts(at("2026-03-01T23:30+00:00"), PARIS)["time"] == "00:30"
    assert local_parts(at("2026-03-01T23:30+00:00"), PARIS)["weekday"] == "monday"
    assert local_parts(0, "Not/AZone")["date"] == "1970-01-01"

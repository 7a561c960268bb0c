"""Schedules: due once for each local time of day, through gaps and overlaps; faults say their cure."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.cron import fault, next_due
from engine.time import LAST_AT

PARIS, NEW_YORK, LORD_HOWE = "Europe/Paris", "America/New_York", "Australia/Lord_Howe"
ZONES = st.sampled_from([PARIS, NEW_YORK, LORD_HOWE, "Africa/Casablanca", "America/Sao_Paulo"])
EXPRESSIONS = st.builds(
    "{} {} {} {} {}".format,
    st.sampled_from(["0", "30", "*/15", "5,50"]),
    st.sampled_from(["*", "2", "0-3", "*/6", "9"]),
    st.sampled_from(["*", "1", "*/2", "L", "29"]),
    st.sampled_from(["*", "3", "OCT", "2-11"]),
    st.sampled_from(["*", "1", "SUN", "MON-FRI", "7"]),
)


@pytest.mark.parametrize(
    ("expression", "now", "due_at", "zone"),
    [
        ("0 9 * * 1", "2026-03-02T08:59:59.999+01:00", "2026-03-02T09:00+01:00", PARIS),
        ("0 9 * * 1", "2026-03-02T09:00+01:00", "2026-03-09T09:00+01:00", PARIS),
        ("0  9 *\t* MON", "2026-03-28T09:00+01:00", "2026-03-30T09:00+02:00", PARIS),
        ("30 2 * * *", "2026-03-28T12:00+01:00", "2026-03-29T03:00+02:00", PARIS),
        ("30 2 * * *", "2026-03-29T03:00+02:00", "2026-03-30T02:30+02:00", PARIS),
        ("*/15 2 * * *", "2026-03-28T12:00+01:00", "2026-03-29T03:00+02:00", PARIS),
        ("0 2,3 * * *", "2026-03-29T03:00+02:00", "2026-03-30T02:00+02:00", PARIS),
        ("30 2 * * *", "2026-10-24T12:00+02:00", "2026-10-25T02:30+02:00", PARIS),
        ("30 2 * * *", "2026-10-25T02:30+02:00", "2026-10-26T02:30+01:00", PARIS),
        ("30 2 * * *", "2026-10-25T02:10+01:00", "2026-10-26T02:30+01:00", PARIS),
        ("0 * * * *", "2026-10-25T02:00+02:00", "2026-10-25T03:00+01:00", PARIS),
        ("45 1 * * *", "2026-04-04T12:00+11:00", "2026-04-05T01:45+11:00", LORD_HOWE),
        ("15 2 * * *", "2026-10-03T12:00+10:30", "2026-10-04T02:30+11:00", LORD_HOWE),
        ("0 9 29 2 *", "2026-03-02T00:00+01:00", "2028-02-29T09:00+01:00", PARIS),
        ("0 9 L * *", "2026-02-02T00:00+01:00", "2026-02-28T09:00+01:00", PARIS),
        ("0 9 * * 1#1", "2026-03-03T00:00+01:00", "2026-04-06T09:00+02:00", PARIS),
        ("0 9 * * 5L", "2026-03-03T00:00+01:00", "2026-03-27T09:00+01:00", PARIS),
    ],
)
def test_next_due(at, expression, now, due_at, zone):
    assert next_due(expression, at(now), zone) == at(due_at)


@settings(deadline=None)
@given(EXPRESSIONS, st.integers(1_500_000_000_000, 2_200_000_000_000), ZONES)
def test_what_is_due_is_behind_and_the_first(expression, now, zone):
    if fault(expression):
        return
    due = next_due(expression, now, zone)
    assert due > now
    assert all(next_due(expression, now + (due - 1 - now) * share // 5, zone) == due for share in range(5))
    shown = (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=due)).astimezone(ZoneInfo(zone))
    last = (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=due - 1)).astimezone(ZoneInfo(zone))
    assert shown.fold == 0 or last.utcoffset() != shown.utcoffset()


@pytest.mark.parametrize(
    ("expression", "cure"),
    [
        ("", "five fields are expected, minute hour day month weekday, as in `0 9 * * 1` for Mondays at 09:00"),
        ("0 9 * *", "five fields are expected"),
        ("0 0 9 * * 1", "five fields are expected"),
        ("@weekly", "five fields are expected"),
        ("60 9 * * 1", "has no minute that can be read; minutes are 0 to 59"),
        ("0 24 * * 1", "has no hour that can be read; hours are 0 to 23"),
        ("0 9 32 * *", "has no day-of-month that can be read; days are 1 to 31"),
        ("0 9 30 2 *", "must exist in one of the months"),
        ("0 9 * 13 *", "has no month that can be read; months are 1 to 12 or JAN to DEC"),
        ("0 9 * * lundi", "has no day-of-week that can be read; weekdays are 0 to 7"),
        ("*/0 9 * * 1", "has no minute that can be read"),
        ("0 9 ² * *", "has no day-of-month that can be read"),
        (f"{'9' * 5000} 9 * * *", "cannot be read"),
    ],
)
def test_a_fault_says_its_cure(expression, cure):
    told = fault(expression)
    assert told is not None
    assert told.startswith("schedule `")
    assert cure in told
    with pytest.raises(ValueError, match="schedule"):
        next_due(expression, 0, PARIS)


def test_a_day_that_never_comes_is_told_and_never_due():
    told = fault("0 9 */6 2 1#5")
    assert told is not None
    assert told.startswith("schedule `0 9 */6 2 1#5` names a day that never comes; days are 1 to 31")
    assert next_due("0 9 */6 2 1#5", 0, PARIS) == LAST_AT


@settings(deadline=None)
@given(st.text(alphabet="0123456789*/,-L#W JANMONx²", max_size=40), st.integers(0, 2_400_000_000_000))
def test_whatever_is_written_is_told_or_due(expression, now):
    told = fault(expression)
    if told is None:
        assert next_due(expression, now, PARIS) > now
    else:
        assert "; " in told


@settings(deadline=None)
@given(st.integers(-(2**62), 2**62), ZONES)
def test_nothing_is_due_beyond_the_calendar(now, zone):
    assert next_due("0 9 * * 1", now, zone) <= LAST_AT

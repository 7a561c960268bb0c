"""Business hours over week ends, holidays, nights and changes of the clock."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.hours import OpenHours, after_open, compile_hours, next_open
from engine.time import DAY_MS, LAST_AT
from journeys.duration import Duration
from journeys.model import Hours

PARIS, NEW_YORK = "Europe/Paris", "America/New_York"
HOUR_MS = 3_600_000
OFFICE = Hours(days={"monday-friday": "09:00-18:00"}, holidays="FR", closed=["2026-12-24"])
SHIFTS = Hours(
    days={"monday-thursday": ["14:00-18:00", "09:00-12:00"], "friday": "22:00-06:00", "saturday": "05:00-07:00"}
)
ROUND_THE_CLOCK = Hours(days={"monday-sunday": "00:00-24:00"})


@pytest.mark.parametrize(
    ("hours", "now", "open_at"),
    [
        (OFFICE, "2026-03-02T09:00+01:00", "2026-03-02T09:00+01:00"),
        (OFFICE, "2026-03-02T17:59:59.999+01:00", "2026-03-02T17:59:59.999+01:00"),
        (OFFICE, "2026-03-02T18:00+01:00", "2026-03-03T09:00+01:00"),
        (OFFICE, "2026-03-02T08:00+01:00", "2026-03-02T09:00+01:00"),
        (OFFICE, "2026-03-06T18:00+01:00", "2026-03-09T09:00+01:00"),
        (OFFICE, "2026-03-27T18:00+01:00", "2026-03-30T09:00+02:00"),
        # Good Friday is a working day in France, Easter Monday none.
        (OFFICE, "2026-04-03T12:00+02:00", "2026-04-03T12:00+02:00"),
        (OFFICE, "2026-04-03T18:00+02:00", "2026-04-07T09:00+02:00"),
        # Closed on Thursday the 24th, then Christmas and the week end.
        (OFFICE, "2026-12-23T18:00+01:00", "2026-12-28T09:00+01:00"),
        (OFFICE, "2028-12-31T12:00+01:00", "2029-01-02T09:00+01:00"),
        (SHIFTS, "2026-03-02T12:00+01:00", "2026-03-02T14:00+01:00"),
        (SHIFTS, "2026-03-07T03:00+01:00", "2026-03-07T03:00+01:00"),
        (SHIFTS, "2026-03-07T06:30+01:00", "2026-03-07T06:30+01:00"),
        (SHIFTS, "2026-03-07T07:00+01:00", "2026-03-09T09:00+01:00"),
        (ROUND_THE_CLOCK, "2026-03-07T23:59+01:00", "2026-03-07T23:59+01:00"),
    ],
)
def test_next_open(at, hours, now, open_at):
    assert next_open(at(now), compile_hours(hours, PARIS)) == at(open_at)


@pytest.mark.parametrize(
    ("hours", "now", "duration", "due_at"),
    [
        (OFFICE, "2026-03-02T10:00+01:00", "2h", "2026-03-02T12:00+01:00"),
        (OFFICE, "2026-03-02T17:30+01:00", "2h", "2026-03-03T10:30+01:00"),
        (OFFICE, "2026-03-02T16:00+01:00", "2h", "2026-03-02T18:00+01:00"),
        (OFFICE, "2026-03-02T20:00+01:00", "2h", "2026-03-03T11:00+01:00"),
        (OFFICE, "2026-03-06T17:30+01:00", "2h", "2026-03-09T10:30+01:00"),
        (OFFICE, "2026-03-27T17:00+01:00", "2h", "2026-03-30T10:00+02:00"),
        (OFFICE, "2026-04-03T17:30+02:00", "2h", "2026-04-07T10:30+02:00"),
        (OFFICE, "2026-03-02T10:00+01:00", "20h", "2026-03-04T12:00+01:00"),
        (OFFICE, "2026-03-02T20:00+01:00", "0s", "2026-03-03T09:00+01:00"),
        (OFFICE, "2026-03-02T10:00+01:00", "1d", "2026-03-03T10:00+01:00"),
        (OFFICE, "2026-03-06T10:00+01:00", "1d", "2026-03-09T10:00+01:00"),
        (OFFICE, "2026-03-06T20:00+01:00", "1d", "2026-03-10T09:00+01:00"),
        (OFFICE, "2026-04-02T10:00+02:00", "2d 9h", "2026-04-08T10:00+02:00"),
        (OFFICE, "2026-03-02T10:00+01:00", "1w", "2026-03-11T10:00+01:00"),
        (OFFICE, "2026-03-25T10:00+01:00", "1mo", "2026-04-27T09:00+02:00"),
        (SHIFTS, "2026-03-02T11:00+01:00", "2h", "2026-03-02T15:00+01:00"),
        (SHIFTS, "2026-03-05T17:30+01:00", "1d", "2026-03-06T22:00+01:00"),
        # The night of Friday and the morning of Saturday overlap: an hour is counted once.
        (SHIFTS, "2026-03-07T05:00+01:00", "3h", "2026-03-09T10:00+01:00"),
        # Elapsed time through the night on which the clock goes forward, and back.
        (ROUND_THE_CLOCK, "2026-03-28T18:00+01:00", "24h", "2026-03-29T19:00+02:00"),
        (ROUND_THE_CLOCK, "2026-10-24T18:00+02:00", "24h", "2026-10-25T17:00+01:00"),
        (ROUND_THE_CLOCK, "2026-03-28T18:00+01:00", "1d", "2026-03-29T18:00+02:00"),
    ],
)
def test_after_open(at, hours, now, duration, due_at):
    assert after_open(at(now), Duration.parse(duration), compile_hours(hours, PARIS)) == at(due_at)


def test_hours_in_a_gap_and_an_overlap(at):
    night = compile_hours(Hours(days={"sunday": ["02:15-02:45", "04:00-05:00"]}), PARIS)
    assert next_open(at("2026-03-29T00:00+01:00"), night) == at("2026-03-29T04:00+02:00")
    assert next_open(at("2026-10-25T00:00+02:00"), night) == at("2026-10-25T02:15+02:00")
    assert next_open(at("2026-10-25T02:20+01:00"), night) == at("2026-10-25T04:00+01:00")


def test_hours_have_a_zone_of_their_own(at):
    desk = Hours(days={"monday": "09:00-18:00"}, zone=NEW_YORK)
    assert next_open(at("2026-03-02T10:00+01:00"), compile_hours(desk, PARIS)) == at("2026-03-02T09:00-05:00")
    assert compile_hours(Hours(days={"monday": "09:00-18:00"}), PARIS).zone == PARIS


@pytest.mark.parametrize(
    ("named", "day", "is_open"),
    [
        ("DE", "2026-01-06", True),
        ("DE-BY", "2026-01-06", False),
        # New Year's Day of 2022 was a Saturday: observed the day before.
        ("US", "2021-12-31", False),
        ("GB-ENG", "2026-08-31", False),
        ("GB-SCT", "2026-08-31", True),
    ],
)
def test_holidays_of_a_country_and_its_regions(at, named, day, is_open):
    hours = compile_hours(Hours(days={"monday-sunday": "09:00-18:00"}, holidays=named), "UTC")
    noon = at(f"{day}T12:00+00:00")
    assert (next_open(noon, hours) == noon) is is_open


def test_weekdays_go_round(at):
    hours = compile_hours(Hours(days={"saturday-monday": "09:00-18:00", "wednesday": "09:00-10:00"}), PARIS)
    assert [bool(windows) for windows in hours.week] == [True, False, True, False, False, True, True]


def test_what_never_opens_is_bounded(at):
    now = at("2026-03-02T10:00+01:00")
    never = OpenHours(PARIS, ((),) * 7)
    assert next_open(now, never) == now
    assert after_open(now, Duration.parse("2h"), never) == now + 2 * HOUR_MS
    assert after_open(now, Duration.parse("10d"), OpenHours("UTC", ((),) * 7)) == now + (731 + 10) * DAY_MS
    assert after_open(now, Duration(10**12, 10**12, 0), never) <= LAST_AT
    assert after_open(LAST_AT - 5, Duration.parse("1d 2h"), compile_hours(OFFICE, PARIS)) == LAST_AT


@pytest.mark.parametrize(
    ("hours", "fault"),
    [
        (Hours(days={"monday": "09:00-18:00"}, zone="Mars/Base"), "zone `Mars/Base` is unknown; write one of the IANA"),
        (Hours(days={"monday": "09:00-18:00"}, holidays="ZZ"), "holidays of `ZZ` are unknown; write its two letters"),
        (Hours(days={"monday": "09:00-18:00"}, holidays="DE-QQ"), "holidays of `DE-QQ` are unknown; write its two"),
        (Hours(days={"monday": "09:00-18:00"}, closed=["2026-02-30"]), "closed day `2026-02-30` is no date; write one"),
        (
            Hours(days={"monday-friday": "09:00-18:00", "friday": "09:00-17:00"}),
            "friday is given twice, once in `friday`; give each weekday once",
        ),
        (Hours.model_construct(days={}), "no day is ever open; give at least one, as in `monday-friday: 09:00-18:00`"),
    ],
)
def test_faults_of_hours_say_the_cure(hours, fault):
    with pytest.raises(ValueError) as told:
        compile_hours(hours, PARIS)
    assert str(told.value).startswith(fault)


COMPILED = [compile_hours(hours, zone) for hours in (OFFICE, SHIFTS, ROUND_THE_CLOCK) for zone in (PARIS, NEW_YORK)]
INSTANTS = st.integers(1_600_000_000_000, 2_000_000_000_000)


@settings(deadline=None)
@given(st.sampled_from(COMPILED), INSTANTS, st.integers(0, 5 * DAY_MS))
def test_next_open_is_open_and_the_first(hours, now, later):
    found = next_open(now, hours)
    assert now <= found == next_open(found, hours)
    assert found <= next_open(now + later, hours)
    assert all(next_open(now + (found - now) * share // 10, hours) == found for share in range(10))


@settings(deadline=None)
@given(st.sampled_from(COMPILED), INSTANTS, st.integers(1, 40 * HOUR_MS))
def test_what_elapses_is_the_time_that_it_was_open(hours, now, elapsed):
    due = after_open(now, Duration(0, 0, elapsed), hours)
    step = 5 * 60_000
    counted = sum(next_open(at, hours) == at for at in range(next_open(now, hours), due, step)) * step
    assert abs(counted - elapsed) < HOUR_MS
    assert next_open(due - 1, hours) == due - 1


@settings(deadline=None)
@given(st.sampled_from(COMPILED), INSTANTS, st.integers(0, 400 * HOUR_MS), st.integers(0, 400 * HOUR_MS))
def test_parts_of_elapsed_time_add_up(hours, now, first, second):
    step = after_open(after_open(now, Duration(0, 0, first), hours), Duration(0, 0, second), hours)
    whole = after_open(now, Duration(0, 0, first + second), hours)
    assert step == whole if second else next_open(whole, hours) == step


@settings(deadline=None)
@given(INSTANTS, st.integers(0, 30))
def test_days_are_working_days(now, days):
    office = COMPILED[0]
    start, due = next_open(now, office), after_open(now, Duration(0, days, 0), office)
    noon = datetime(1970, 1, 1, 11, tzinfo=UTC)
    first, last = (at // DAY_MS for at in (start, due))
    opened = [day for day in range(first + 1, last + 1) if _is_open(noon + timedelta(days=day), office)]
    assert len(opened) == days
    assert start % DAY_MS - due % DAY_MS in (0, HOUR_MS, -HOUR_MS)


def _is_open(noon: datetime, hours: OpenHours) -> bool:
    at = int(noon.timestamp() * 1000)
    return next_open(at, hours) == at

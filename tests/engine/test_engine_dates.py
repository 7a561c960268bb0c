"""Dates that people and events name, offsets from them, and anniversaries."""

from itertools import pairwise

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from engine.calendar import next_yearly, read_instant, shifted
from engine.time import DAY_MS, LAST_AT
from engine.wallclock import FIRST_AT
from journeys.duration import Offset

PARIS, LORD_HOWE = "Europe/Paris", "Australia/Lord_Howe"
ZONES = st.sampled_from(
    [PARIS, LORD_HOWE, "America/New_York", "Africa/Casablanca", "America/Sao_Paulo", "Pacific/Apia"]
)
INSTANTS = st.integers(0, 2_400_000_000_000)
MINUTES = st.integers(0, 1439)


@pytest.mark.parametrize(
    ("value", "read"),
    [
        ("2026-04-12", "2026-04-12T09:00+02:00"),
        (" 2026-04-12 ", "2026-04-12T09:00+02:00"),
        ("2026-04-12T10:00", "2026-04-12T10:00+02:00"),
        ("2026-04-12 10:00:05", "2026-04-12T10:00:05+02:00"),
        ("2026-04-12T10:00:05.123456", "2026-04-12T10:00:05.123+02:00"),
        ("2026-04-12T10:00Z", "2026-04-12T10:00+00:00"),
        ("2026-04-12T10:00+05:45", "2026-04-12T10:00+05:45"),
        (1_776_000_000_000, "2026-04-12T13:20+00:00"),
        (1_776_000_000_000.9, "2026-04-12T13:20+00:00"),
        (-10_000_000_000, "1969-09-07T06:13:20+00:00"),
        ("1969-12-31T23:59:59.500Z", "1969-12-31T23:59:59.500+00:00"),
    ],
)
def test_read_instant(at, value, read):
    assert read_instant(value, 540, PARIS) == at(read)


@pytest.mark.parametrize(
    "value",
    [
        *(
            "",
            "tomorrow",
            "2026-02-29",
            "2026-13-01",
            "2026-4-12",
            "12/04/2026",
            "20260412",
            "2026-W15-7",
            "٢٠٢٦-٠٤-١٢",
        ),
        *(
            "2026-04-12T",
            "2026-04-12T25:00",
            "2026-04-12T10",
            "2026-04-12T10:00+0200",
            "2026-04-12T10:00 CET",
            "0000-01-01",
            "9999-12-31T23:59-01:00",
        ),
        *(
            9_999_999_999,
            0,
            True,
            None,
            1e308,
            float("nan"),
            float("inf"),
            10**40,
            LAST_AT + 1,
            FIRST_AT - 1,
            [],
            {},
            b"2026",
        ),
    ],
)
def test_what_is_no_instant(value):
    assert read_instant(value, 540, PARIS) is None
    assert next_yearly(value, None, 540, PARIS, 0) == 0


@pytest.mark.parametrize(
    ("start", "offset", "end", "zone"),
    [
        ("2026-03-31T10:00+02:00", "-1mo", "2026-02-28T10:00+01:00", PARIS),
        ("2024-03-31T10:00+02:00", "-1mo", "2024-02-29T10:00+01:00", PARIS),
        ("2026-01-15T10:00+01:00", "-13mo", "2024-12-15T10:00+01:00", PARIS),
        ("2024-02-29T10:00+01:00", "-12mo", "2023-02-28T10:00+01:00", PARIS),
        ("2026-03-01T10:00+01:00", "-1mo 1d", "2026-01-28T10:00+01:00", PARIS),
        ("2026-03-29T18:00+02:00", "-1d", "2026-03-28T18:00+01:00", PARIS),
        ("2026-03-29T18:00+02:00", "-24h", "2026-03-28T17:00+01:00", PARIS),
        ("2026-10-25T18:00+01:00", "-1d", "2026-10-24T18:00+02:00", PARIS),
        ("2026-10-25T18:00+01:00", "-24h", "2026-10-24T19:00+02:00", PARIS),
        ("2026-03-30T02:30+02:00", "-1d", "2026-03-29T03:30+02:00", PARIS),
        ("2026-10-26T02:30+01:00", "-1d", "2026-10-25T02:30+02:00", PARIS),
        ("2026-04-06T01:45+10:30", "-1d", "2026-04-05T01:45+11:00", LORD_HOWE),
        ("2026-04-12T09:00+02:00", "-1w 2h", "2026-04-05T07:00+02:00", PARIS),
        ("2026-04-12T09:00+02:00", "+1w", "2026-04-19T09:00+02:00", PARIS),
        ("2026-04-12T09:00+02:00", "2h", "2026-04-12T11:00+02:00", PARIS),
    ],
)
def test_shifted(at, start, offset, end, zone):
    assert shifted(at(start), Offset.parse(offset), zone) == at(end)
    assert shifted(at(start), None, zone) == at(start)


@pytest.mark.parametrize(
    ("value", "offset", "now", "next_at"),
    [
        ("1980-06-01", None, "2026-03-02T18:00+01:00", "2026-06-01T09:00+02:00"),
        ("1980-06-01", None, "2026-06-01T09:00+02:00", "2027-06-01T09:00+02:00"),
        ("1980-06-01", "-7d", "2026-05-24T09:00+02:00", "2026-05-25T09:00+02:00"),
        ("1980-06-01", "-7d", "2026-05-25T09:00+02:00", "2027-05-25T09:00+02:00"),
        ("1980-01-03", "-7d", "2026-12-20T09:00+01:00", "2026-12-27T09:00+01:00"),
        ("1980-12-28", "7d", "2026-01-02T09:00+01:00", "2026-01-04T09:00+01:00"),
        ("1980-12-28", "30mo", "2026-01-02T09:00+01:00", "2026-06-28T09:00+02:00"),
        ("1980-02-29", None, "2026-01-01T00:00+01:00", "2026-02-28T09:00+01:00"),
        ("1980-02-29", None, "2027-12-01T00:00+01:00", "2028-02-29T09:00+01:00"),
        ("1980-02-29", "-1d", "2027-12-01T00:00+01:00", "2028-02-28T09:00+01:00"),
        ("2030-06-01", None, "2026-03-02T18:00+01:00", "2030-06-01T09:00+02:00"),
        ("1980-06-01T20:15", None, "2026-03-02T18:00+01:00", "2026-06-01T20:15+02:00"),
        ("1980-05-31T23:30Z", None, "2026-03-02T18:00+01:00", "2026-06-01T01:30+02:00"),
    ],
)
def test_next_yearly(at, value, offset, now, next_at):
    assert next_yearly(value, offset and Offset.parse(offset), 540, PARIS, at(now)) == at(next_at)


def test_an_anniversary_in_a_gap_comes_behind_it(at):
    assert next_yearly("1980-03-29", None, 150, PARIS, at("2026-01-01T00:00+01:00")) == at("2026-03-29T03:00+02:00")
    assert next_yearly("1981-03-29", None, 150, PARIS, at("2026-04-01T00:00+01:00")) == at("2027-03-29T02:30+02:00")


@settings(deadline=None)
@given(st.dates(), st.sampled_from(["-1mo", "-9d", "0s", "3d 5h", "14mo"]), MINUTES, ZONES, INSTANTS)
def test_anniversaries_follow_each_other(born, offset, minutes, zone, now):
    moved = Offset.parse(offset)
    series = [now]
    for _ in range(5):
        series.append(next_yearly(born.isoformat(), moved, minutes, zone, series[-1]))
    assume(0 not in series)
    first = read_instant(born.isoformat(), minutes, zone)
    assert first is not None
    assert series[1] == shifted(first, moved, zone) or series[1] - series[0] <= 368 * DAY_MS
    assert all(360 * DAY_MS <= later - earlier <= 372 * DAY_MS for earlier, later in pairwise(series[1:]))

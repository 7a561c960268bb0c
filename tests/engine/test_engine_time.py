"""Calendar units in the person's zone, gaps and overlaps included, and ids that follow from causes."""

import json
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.ids import action_id, enrollment_id, seen_hash
from engine.time import _on_the_calendar, after, late, zone_exists
from journeys.duration import Duration

PARIS = "Europe/Paris"


@pytest.mark.parametrize(
    ("start", "duration", "zone", "end"),
    [
        ("2026-03-02T18:00+00:00", "20h", PARIS, "2026-03-03T14:00+00:00"),
        ("2026-03-28T18:00+01:00", "1d", PARIS, "2026-03-29T18:00+02:00"),
        ("2026-03-28T18:00+01:00", "24h", PARIS, "2026-03-29T19:00+02:00"),
        ("2026-03-28T02:30+01:00", "1d", PARIS, "2026-03-29T03:30+02:00"),
        ("2026-10-24T02:30+02:00", "1d", PARIS, "2026-10-25T02:30+02:00"),
        ("2026-10-25T02:30+01:00", "1d", PARIS, "2026-10-26T02:30+01:00"),
        ("2026-01-31T10:00+01:00", "1mo", PARIS, "2026-02-28T10:00+01:00"),
        ("2024-01-31T10:00+01:00", "1mo", PARIS, "2024-02-29T10:00+01:00"),
        ("2026-11-30T10:00+01:00", "3mo 1d", PARIS, "2027-03-01T10:00+01:00"),
        ("2026-03-27T18:00+01:00", "1w 2h", PARIS, "2026-04-03T20:00+02:00"),
        ("2026-03-02T18:00+00:00", "1d", "Not/AZone", "2026-03-03T18:00+00:00"),
        ("2026-03-02T18:00+00:00", "1d", "../../etc/passwd", "2026-03-03T18:00+00:00"),
        ("2026-04-04T14:00+00:00", "1d", "Australia/Lord_Howe", "2026-04-05T14:30+00:00"),
    ],
)
def test_after(at, start, duration, zone, end):
    assert after(at(start), Duration.parse(duration), zone) == at(end)


@given(
    st.integers(0, 2_400_000_000_000),
    st.integers(0, 30),
    st.integers(0, 900),
    st.sampled_from(
        [PARIS, "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "Africa/Casablanca", "America/Sao_Paulo"]
    ),
)
def test_the_short_way_gives_what_the_calendar_gives(instant, months, days, zone):
    expected = _on_the_calendar(instant, months, days, zone) if months or days else instant
    assert after(instant, Duration(months, days, 0), zone) == expected


@given(st.integers(-(2**62), 2**62), st.integers(0, 10**12), st.integers(0, 10**12), st.integers(0, 10**18))
def test_after_never_raises_and_never_leaves_the_calendar(instant, months, days, elapsed):
    assert after(instant, Duration(months, days, elapsed), PARIS) <= 253_402_300_799_999


def test_late():
    hour = Duration.parse("1h")
    assert not late(1_000, hour, 1_000 + 3_600_000)
    assert late(999, hour, 1_000 + 3_600_000)
    assert not late(10**15, hour, 0)
    assert late(-(2**62), Duration.parse("1mo"), 0)


def test_zone_exists():
    assert zone_exists(PARIS)
    assert not any(zone_exists(name) for name in ("", "Paris", "../x", "/etc/localtime", "x\0y", "x" * 5000))


def test_ids_are_the_first_half_of_sha256_over_their_parts():
    assert (
        action_id("en", "node", 1)
        == sha256(json.dumps(["en", "node", 1, 1], separators=(",", ":")).encode()).hexdigest()[:32]
    )
    assert enrollment_id("p", "j", "k", "e") != enrollment_id("p", "j", "ke", "")
    assert action_id("en", "node", 1) != action_id("en", "node", 2) != action_id("en", "node", 2, 2)
    assert seen_hash("x") == int(sha256(b"x").hexdigest()[:16], 16)

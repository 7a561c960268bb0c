"""What a condition needs is known before it is asked: what to count, over how long, and what it reads."""

from calendar import monthrange
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from journeys.conditions import ConditionError, Needs, Wanted, compile_condition, needs, together
from journeys.conditions.needed import Read, longest
from journeys.duration import Duration


def d(text: str) -> Duration:
    return Duration.parse(text)


def test_a_condition_that_asks_for_nothing_needs_nothing() -> None:
    assert needs("true") == Needs()
    assert needs([]) == Needs()


COUNTS = [
    ('count("a") > 1', {"a": Wanted(True)}),
    ('count("a", "30d") > 1', {"a": Wanted(True, d("30d"))}),
    ('count("a", "30d") > count("a", "90d")', {"a": Wanted(True, d("90d"))}),
    ('count("a", "30d") > count("a")', {"a": Wanted(True)}),
    ('count("a", "1h") > count("b", "2h")', {"a": Wanted(True, d("1h")), "b": Wanted(True, d("2h"))}),
    ('sum("a", "x.y", "1d") > sum("a", "z")', {"a": Wanted(True, None, frozenset({"x.y", "z"}))}),
    ('days_since("a") > 3', {"a": Wanted(last=frozenset({"at"}))}),
    ('last("a").x.y == 1', {"a": Wanted(last=frozenset({"at", "x.y"}))}),
    ('last("a").at > 1', {"a": Wanted(last=frozenset({"at"}))}),
    ('last("a")["x"][0].y == 1', {"a": Wanted(last=frozenset({"at", "x.y"}))}),
    ('has(last("a").x)', {"a": Wanted(last=frozenset({"at", "x"}))}),
    ('last("a")["x.y"] == 1', {"a": Wanted(last=frozenset({"at"}), whole=True)}),
    ('size(last("a")) > 1', {"a": Wanted(last=frozenset({"at"}), whole=True)}),
    ('last("a")[event.field] == 1', {"a": Wanted(last=frozenset({"at"}), whole=True)}),
    ('last("a").x[event.field].y == 1', {"a": Wanted(last=frozenset({"at", "x"}))}),
    (
        'last("a").x == 1 && count("a", "2h") > 1 && days_since("a") > 1',
        {"a": Wanted(True, d("2h"), last=frozenset({"at", "x"}))},
    ),
]


@pytest.mark.parametrize(("source", "counts"), COUNTS, ids=[source for source, _ in COUNTS])
def test_what_to_count(source: str, counts: dict[str, Wanted]) -> None:
    assert needs(source).counts == counts
    assert compile_condition(source).needs.counts == counts


def test_the_rest() -> None:
    found = needs('in_segment("x") || in_segment("y") && local_time().hour > 3 || near(customer.place, "stores", 300)')
    assert found.segments == {"x", "y"}
    assert found.local_time
    assert found.around
    assert found.paths == {("customer", "place")}
    assert not needs("event.local_time == 1").local_time


def test_fields_have_their_places() -> None:
    found = needs(["event.meta.type == 'a'", 'has(customer.tier) &&\n entry["b"].c[0].d == last("x")[vars.y]'])
    assert sorted(found.reads) == [
        Read(("customer", "tier"), 1, 5, 1),
        Read(("entry", "b", "c", "d"), 2, 2, 1),
        Read(("event", "meta", "type"), 1, 1, 0),
        Read(("vars", "y"), 2, 33, 1),
    ]


def test_a_fault_is_told_as_by_compile() -> None:
    with pytest.raises(ConditionError, match="duration 'x'"):
        needs('count("a", "x") > 1')


def test_what_many_need() -> None:
    found = together([needs('count("a", "30d") > 1 && in_segment("s")'), needs('count("a", "2d") > 1'), needs("true")])
    assert found.counts == {"a": Wanted(True, d("30d"))}
    assert found.segments == {"s"}
    assert together([]) == Needs()


LONGEST = [
    (["30d", "7d"], "30d"),
    (["2w", "1mo"], "31d"),
    (["1mo", "30d"], "31d"),
    (["1mo", "2mo"], "2mo"),
    (["2d", "30h"], "3d"),
    (["30d", "20h"], "30d"),
    (["1d 2h", "1d"], "1d 2h"),
    (["24h", "1d"], "2d"),
]


@pytest.mark.parametrize(("windows", "wanted"), LONGEST)
def test_the_longest_window(windows: list[str], wanted: str) -> None:
    for order in (windows, windows[::-1]):
        found = longest(map(d, order))
        assert found is not None
        assert found.text == wanted
    assert longest([*map(d, windows), None]) is None


def _back(window: Duration, now: datetime) -> float:
    """The instant where a window begins: calendar units in the zone, then elapsed time."""
    year, month = divmod(now.year * 12 + now.month - 1 - window.months, 12)
    day = min(now.day, monthrange(year, month + 1)[1])
    local = now.replace(year=year, month=month + 1, day=day) - timedelta(days=window.days)
    return local.timestamp() - window.elapsed_ms / 1000


windows = st.builds(Duration, st.integers(0, 14), st.integers(0, 70), st.integers(0, 60).map(lambda h: h * 3_600_000))


@given(
    st.lists(windows, min_size=1, max_size=4),
    st.datetimes(datetime(2000, 1, 1), datetime(2030, 1, 1)),
    st.sampled_from(["UTC", "Europe/Paris", "America/New_York", "Australia/Lord_Howe", "Pacific/Apia"]),
)
def test_the_longest_window_holds_all_at_any_instant(given: list[Duration], now: datetime, zone: str) -> None:
    here = now.replace(tzinfo=UTC).astimezone(ZoneInfo(zone)).replace(second=0, microsecond=0)
    found = longest(given)
    assert found is not None
    assert all(_back(found, here) <= _back(window, here) for window in given)

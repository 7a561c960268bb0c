"""The page on dispatch says what the code does: its example of limits is read, its numbers are those of the code."""

import re
from pathlib import Path

from channels.limits import PARALLEL, Limits, read_limits
from channels.several import MOST
from state.rates import FORGOTTEN_SECONDS, KEPT_SECONDS, LATE_SECONDS, MOST_LATE_SECONDS, apart
from streams.broker.topic_table import CRITICAL, OTHER, PROVIDERS
from streams.calls.breaker import FAILURES, FIRST_SECONDS, GREATEST_SECONDS
from streams.dispatch.errand import MAX_AGE_MS, Patience
from streams.dispatch.pace import TIMER_SECONDS
from streams.dispatch.parking import FEW_PARKED, HOLD_PARKED

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "dispatch.md").read_text()


def test_the_example_of_limits_is_read() -> None:
    (example,) = re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)
    assert read_limits(example) == {"sms": Limits(50, 20.0, 10.0), "email": Limits(8)}


def test_the_numbers_are_those_of_the_code() -> None:
    assert f"| {PARALLEL}; of e-mail" in PAGE
    assert f"| {Limits().timeout_seconds:.0f} |" in PAGE
    assert (FAILURES, FIRST_SECONDS, GREATEST_SECONDS) == (5, 5.0, 60.0)
    assert "after five hand-overs in a row" in PAGE
    assert "after 5 s and later after up to a minute" in PAGE
    assert Patience().park_seconds == 2.0
    assert Patience().busy_seconds == 10.0
    assert "waited two seconds for a place (ten, where" in PAGE
    assert f"at most {HOLD_PARKED:,} parked messages" in PAGE
    assert f"and {FEW_PARKED} while the provider does not answer" in PAGE
    assert f"({MAX_AGE_MS // 86_400_000} days at most)" in PAGE
    assert f"give\nnothing for {FORGOTTEN_SECONDS:.1f} s" in PAGE
    assert f"more than {MOST} of them has {MOST} providers" in PAGE
    assert Patience().again_seconds == 60.0
    assert (LATE_SECONDS, KEPT_SECONDS) == (0.1, 10.0)
    assert f"up to {(MOST_LATE_SECONDS - TIMER_SECONDS) * 1000:.0f} ms" in PAGE
    assert f"more than {TIMER_SECONDS * 1000:.0f} ms nobody knows" in PAGE
    assert int(1 / apart(20)) == 18


def test_the_topics_are_those_that_are_made() -> None:
    (row,) = [line for line in (DOCS / "events.md").read_text().splitlines() if "are written and read by" in line]
    assert all(f"`{name}`" in row for name in (*PROVIDERS, OTHER, CRITICAL))

"""The watchdog, with time advanced by hand."""

import pytest

from streams.metrics.watchdog import Watchdog

PATIENCE = 60_000


@pytest.fixture
def watchdog() -> Watchdog:
    return Watchdog(PATIENCE, started_at=0)


def test_nothing_waiting_is_no_standstill(watchdog: Watchdog) -> None:
    assert watchdog.verdict(10 * PATIENCE) is None


def test_lag_without_progress_ends_the_process_with_the_reason(watchdog: Watchdog) -> None:
    watchdog.lagging(120, at=1_000)
    assert watchdog.verdict(1_000 + PATIENCE - 1) is None
    reason = watchdog.verdict(1_000 + PATIENCE)
    assert reason is not None
    assert "no progress for 60 s while 120 records wait" in reason


def test_patience_begins_when_lag_begins_and_not_with_each_report_of_it(watchdog: Watchdog) -> None:
    watchdog.lagging(0, at=5 * PATIENCE)
    watchdog.lagging(1, at=6 * PATIENCE)
    watchdog.lagging(9, at=7 * PATIENCE - 1)
    assert watchdog.verdict(7 * PATIENCE - 1) is None
    assert watchdog.verdict(7 * PATIENCE) is not None


def test_progress_starts_the_patience_anew(watchdog: Watchdog) -> None:
    watchdog.lagging(5, at=0)
    watchdog.progressed(PATIENCE - 1)
    assert watchdog.verdict(2 * PATIENCE - 2) is None
    assert watchdog.verdict(2 * PATIENCE - 1) is not None


def test_lag_worked_off_and_grown_again_starts_the_patience_anew(watchdog: Watchdog) -> None:
    watchdog.lagging(5, at=0)
    watchdog.lagging(0, at=PATIENCE - 1)
    watchdog.lagging(5, at=PATIENCE)
    assert watchdog.verdict(2 * PATIENCE - 1) is None


def test_a_broker_away_does_not_count_and_its_return_starts_anew(watchdog: Watchdog) -> None:
    watchdog.lagging(5, at=0)
    watchdog.broker(False, at=1_000)
    assert watchdog.verdict(10 * PATIENCE) is None
    watchdog.broker(True, at=10 * PATIENCE)
    watchdog.broker(True, at=11 * PATIENCE - 1)
    assert watchdog.verdict(11 * PATIENCE - 1) is None
    assert watchdog.verdict(11 * PATIENCE) is not None


def test_a_fault_ends_the_process_at_once_and_the_first_one_is_told(watchdog: Watchdog) -> None:
    watchdog.fault("coordinator: the group refuses this member")
    watchdog.fault("a consequence of it")
    assert watchdog.verdict(0) == "coordinator: the group refuses this member"


def test_an_older_report_never_takes_progress_back(watchdog: Watchdog) -> None:
    watchdog.lagging(5, at=0)
    watchdog.progressed(2 * PATIENCE)
    watchdog.progressed(PATIENCE)
    assert watchdog.verdict(2 * PATIENCE + 1) is None

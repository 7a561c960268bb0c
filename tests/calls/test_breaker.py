"""The breaker of a service, and the gate over it, in a time that is told."""

from hypothesis import given
from hypothesis import strategies as some

from streams.calls.breaker import FAILURES, FIRST_SECONDS, GREATEST_SECONDS, Breaker, State


def opened(at: float = 0.0) -> Breaker:
    breaker = Breaker()
    for _ in range(FAILURES):
        assert breaker.begin(at)
    for _ in range(FAILURES):
        breaker.failed(at)
    return breaker


def test_it_opens_after_so_many_failures_in_a_row_and_no_others() -> None:
    breaker = Breaker()
    for _ in range(FAILURES - 1):
        breaker.failed(0.0)
    breaker.answered()
    for _ in range(FAILURES - 1):
        breaker.failed(0.0)
    assert breaker.state is State.CLOSED
    assert breaker.begin(0.0)
    breaker.failed(0.0)
    assert breaker.state is State.OPEN
    assert not breaker.begin(FIRST_SECONDS - 0.1)


def test_one_try_goes_through_then_and_an_answer_closes_it() -> None:
    breaker = opened()
    assert breaker.begin(FIRST_SECONDS)
    assert not breaker.begin(FIRST_SECONDS)
    assert breaker.pause(FIRST_SECONDS) > 0
    breaker.answered()
    assert breaker.begin(FIRST_SECONDS)
    assert breaker.begin(FIRST_SECONDS)


def test_each_try_that_fails_doubles_the_time_up_to_a_minute() -> None:
    breaker, now, pauses = opened(), 0.0, []
    for _ in range(7):
        pauses.append(breaker.pause(now))
        now += pauses[-1]
        assert breaker.begin(now)
        breaker.failed(now)
    assert pauses == [5.0, 10.0, 20.0, 40.0, GREATEST_SECONDS, GREATEST_SECONDS, GREATEST_SECONDS]
    breaker.begin(now + GREATEST_SECONDS)
    breaker.answered()
    for _ in range(FAILURES):
        breaker.failed(now)
    assert breaker.pause(now) == FIRST_SECONDS


def test_a_try_that_was_given_up_lets_the_next_one_see() -> None:
    breaker = opened()
    assert breaker.begin(FIRST_SECONDS)
    breaker.unknown(FIRST_SECONDS)
    assert breaker.state is State.OPEN
    assert breaker.begin(FIRST_SECONDS)


@given(some.lists(some.sampled_from(["begin", "answered", "failed", "unknown", "later"]), max_size=60))
def test_it_never_stays_shut_for_good_and_an_open_one_lets_one_through_at_a_time(steps: list[str]) -> None:
    breaker, now, under_way = Breaker(), 0.0, 0
    for step in steps:
        if step == "later":
            now += 3.0
        elif step == "begin":
            shut = breaker.state is not State.CLOSED
            begun = breaker.begin(now)
            assert not (begun and shut) or breaker.state is State.PROBING
            under_way += begun
        elif under_way:
            under_way -= 1
            if step == "answered":
                breaker.answered()
                assert breaker.begin(now)
                under_way += 1
            else:
                getattr(breaker, step)(now)
    if breaker.state is State.PROBING:
        assert under_way
        breaker.unknown(now)
    assert breaker.begin(now + GREATEST_SECONDS)

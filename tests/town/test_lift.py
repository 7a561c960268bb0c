"""The lift of the engine's choices, on moments made by hand, whose figures were worked out by hand as well."""

import math

import pytest

from local.town.lift import BEST, FIRST, RANDOM, Lifts, Moment, Option, moment


def test_what_others_would_have_chosen_of_a_moment() -> None:
    options = [Option(2.0, (2, 0), True), Option(1.0, (1, 1), False), Option(6.0, (3, 0), False)]
    assert moment(options) == Moment(2.0, (3.0, 1.0, 6.0))
    both = [Option(2.0, (2, 0), True), Option(1.0, (1, 1), True), Option(6.0, (3, 0), False)]
    assert moment(both) == Moment(3.0, (6.0, 3.0, 8.0))


def test_there_is_no_choice_of_one_thing_nor_where_nothing_was_sent() -> None:
    assert moment([Option(2.0, (1,), True)]) is None
    assert moment([Option(2.0, (1,), False), Option(1.0, (2,), False)]) is None
    assert moment([]) is None


def test_the_lift_is_the_quotient_of_the_sums_with_an_interval_over_people() -> None:
    lifts = Lifts()
    assert lifts.over(RANDOM) is None
    assert lifts.worth() == ()
    # Ten people: five get 3 where chance gives 2 and first come 4, five get 1 where these give 1 and 1.
    for number in range(5):
        lifts.add(f"a{number}", Moment(3.0, (2.0, 4.0, 4.0)))
        lifts.add(f"b{number}", Moment(1.0, (1.0, 1.0, 1.0)))
    assert lifts.moments == 10
    assert lifts.worth() == (2.0, 1.5, 2.5, 2.5)
    found = lifts.over(RANDOM)
    assert found is not None and found.low is not None and found.high is not None
    assert found.more == pytest.approx(1 / 3)
    # Each a is off by 3 - 4/3 * 2 = 1/3, each b by 1 - 4/3 = -1/3: ten squares of 1/9.
    margin = 1.96 * math.sqrt(10 / 9 * 10 / 9) / 15
    assert (found.low, found.high) == (pytest.approx(1 / 3 - margin), pytest.approx(1 / 3 + margin))
    first, best = lifts.over(FIRST), lifts.over(BEST)
    assert first is not None and first.more == pytest.approx(-0.2)
    assert best == first


def test_the_moments_of_one_person_hang_together_and_few_people_have_no_interval() -> None:
    lifts = Lifts()
    for _ in range(500):
        lifts.add("ada", Moment(3.0, (2.0, 2.0, 3.0)))
    found = lifts.over(RANDOM)
    assert found is not None
    assert found.more == pytest.approx(0.5)
    assert (found.low, found.high) == (None, None)


def test_over_what_is_worth_nothing_there_is_no_lift() -> None:
    lifts = Lifts()
    lifts.add("ada", Moment(3.0, (0.0, 0.0, 3.0)))
    assert lifts.over(RANDOM) is None

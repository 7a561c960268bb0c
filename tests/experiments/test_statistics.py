"""The statistics of experiments, against scipy where it knows them, and by simulation where only that can tell."""

import math
from itertools import pairwise

import numpy as np
import pytest
from experiments.peeking import ALPHA, Peeking
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from streams.learner.statistics import (
    Interval,
    Rate,
    chi_square_tail,
    people_needed,
    probabilities_best,
    sequential,
    share_check,
    thompson_weights,
    wilson,
    z_score,
    z_test,
)

RATES = st.integers(1, 5000).flatmap(lambda n: st.builds(Rate, st.integers(0, n), st.just(n)))
CASES = [(Rate(10, 200), Rate(25, 210)), (Rate(3, 9), Rate(1, 12)), (Rate(900, 10_000), Rate(1000, 10_050))]


class TestAgainstScipy:
    @given(RATES)
    def test_the_interval_of_a_rate_is_wilsons(self, rate: Rate) -> None:
        found = stats.binomtest(rate.k, rate.n).proportion_ci(0.95, method="wilson")
        assert wilson(rate) == pytest.approx(Interval(found.low, found.high), abs=1e-12)

    @given(st.floats(0, 400), st.integers(1, 12))
    def test_the_tail_of_chi_square(self, squared: float, freedom: int) -> None:
        assert chi_square_tail(squared, freedom) == pytest.approx(stats.chi2.sf(squared, freedom), rel=1e-9, abs=1e-300)

    @given(RATES, RATES)
    def test_the_z_test_is_the_chi_square_of_the_table(self, arm: Rate, other: Rate) -> None:
        converted = arm.k + other.k
        if 0 < converted < arm.n + other.n:
            table = [[arm.k, arm.n - arm.k], [other.k, other.n - other.k]]
            found = stats.chi2_contingency(table, correction=False)
            assert z_test(arm, other).p_value == pytest.approx(found.pvalue, rel=1e-6, abs=1e-300)
            assert z_score(arm, other) ** 2 == pytest.approx(found.statistic, rel=1e-6, abs=1e-9)
        else:
            assert z_test(arm, other).p_value == 1.0

    @given(st.lists(st.tuples(st.integers(1, 3000), st.integers(1, 100)), min_size=2, max_size=6))
    def test_the_check_of_shares_is_the_chi_square_of_goodness_of_fit(self, arms: list[tuple[int, int]]) -> None:
        found, shares = [n for n, _ in arms], [float(share) for _, share in arms]
        wanted = [share / sum(shares) * sum(found) for share in shares]
        assert share_check(found, shares) == pytest.approx(stats.chisquare(found, wanted).pvalue, rel=1e-6, abs=1e-300)

    def test_newcombes_interval_of_a_difference_is_that_of_his_paper(self) -> None:
        # Newcombe 1998, Statistics in Medicine 17:873, table II, method 10: 56/70 - 48/80 and 9/10 - 3/10.
        found = z_test(Rate(56, 70), Rate(48, 80)).interval
        assert found == pytest.approx(Interval(0.0524, 0.3339), abs=5e-5)
        assert z_test(Rate(9, 10), Rate(3, 10)).interval == pytest.approx(Interval(0.1705, 0.8090), abs=5e-5)

    @pytest.mark.parametrize("arms", [*CASES, (Rate(5, 100), Rate(9, 100), Rate(7, 90)), (Rate(0, 3), Rate(0, 0))])
    def test_the_probability_of_being_best_is_that_of_draws(self, arms: tuple[Rate, ...]) -> None:
        drawn = np.random.default_rng(3)
        draws = np.array([drawn.beta(1 + arm.k, 1 + arm.n - arm.k, 400_000) for arm in arms])
        shares = np.bincount(draws.argmax(axis=0), minlength=len(arms)) / 400_000
        assert probabilities_best(arms) == pytest.approx(list(shares), abs=0.003)

    def test_the_probability_of_two_arms_is_that_of_the_integral(self) -> None:
        for arm, other in CASES:
            own, its = stats.beta(1 + arm.k, 1 + arm.n - arm.k), stats.beta(1 + other.k, 1 + other.n - other.k)
            exact = own.expect(its.cdf, epsabs=1e-12)
            assert probabilities_best([arm, other])[0] == pytest.approx(exact, abs=1e-5)

    def test_the_people_needed_give_the_power(self) -> None:
        n = people_needed(0.10, 0.2)
        assert 3700 < n < 3950
        assert Peeking((0.12, 0.10), n - 1, n, 3000).z_test(1).named == pytest.approx(0.8, abs=0.03)


class TestPeeking:
    """2.9 standard errors of the share of 800 runs lie above 0.05 + 0.022."""

    @pytest.mark.parametrize(("rate", "first", "most"), [(0.02, 500, 10_000), (0.1, 200, 6000), (0.5, 100, 3000)])
    def test_without_a_difference_the_sequential_test_keeps_its_error_under_looks_after_every_person(
        self, rate: float, first: int, most: int
    ) -> None:
        assert Peeking((rate, rate), first, most, 800).sequential().named <= ALPHA + 0.022

    def test_the_z_test_breaks_when_it_is_looked_at_again_and_again_and_keeps_its_error_at_one_look(self) -> None:
        play = Peeking((0.1, 0.1), 200, 6000, 800)
        assert play.z_test().named > 0.3
        assert play.z_test(1).named == pytest.approx(ALPHA, abs=0.022)

    def test_a_difference_is_found_in_time(self) -> None:
        found = Peeking((0.13, 0.10), 500, 8000, 300).sequential()
        assert found.named >= 0.95
        assert found.people < 1.5 * people_needed(0.10, 0.3)

    def test_the_interval_holds_the_truth_at_all_looks_together(self) -> None:
        runs, first, most = 300, 200, 3000
        drawn = np.random.default_rng(5)
        missed = 0
        for _ in range(runs):
            arm, other = (np.cumsum(drawn.random(most) < rate) for rate in (0.13, 0.10))
            looks = [
                sequential(Rate(int(arm[n - 1]), n), Rate(int(other[n - 1]), n), first).interval
                for n in range(first, most, 20)
            ]
            missed += not all(low <= 0.03 <= high for low, high in looks)
        assert missed / runs <= ALPHA + 0.04


class TestEdges:
    NOBODY = Rate(0, 0)

    def test_where_nothing_is_known_nothing_is_concluded(self) -> None:
        for other in (self.NOBODY, Rate(0, 50), Rate(50, 50)):
            for arm in (self.NOBODY, Rate(0, 50)):
                if arm.k == other.k or not arm.n or not other.n:
                    assert sequential(arm, other, 10).p_value == 1.0
                    assert z_test(arm, other).p_value == 1.0
        assert wilson(self.NOBODY) == Interval(0.0, 1.0)
        assert z_test(Rate(1, 5), Rate(0, 5)).lift is None
        assert z_test(Rate(3, 10), Rate(2, 10)).lift == pytest.approx(0.5)

    def test_an_arm_that_should_have_nobody_fails_the_check_by_one(self) -> None:
        assert share_check([50, 50, 1], [50.0, 50.0, 0.0]) == 0.0
        assert share_check([50, 50, 0], [50.0, 50.0, 0.0]) == 1.0
        assert share_check([7], [1.0]) == 1.0
        assert share_check([], []) == 1.0

    def test_a_ratio_that_is_off_by_a_little_is_seen_among_many(self) -> None:
        assert share_check([5000, 5100], [1.0, 1.0]) > 0.1
        assert share_check([50_000, 51_000], [1.0, 1.0]) < 0.01

    @settings(max_examples=40, deadline=None)
    @given(st.lists(RATES, min_size=1, max_size=5), st.floats(0, 0.2))
    def test_shares_by_thompson_sum_to_one_and_keep_the_floor(self, arms: list[Rate], floor: float) -> None:
        found = thompson_weights(arms, floor)
        assert math.fsum(found) == pytest.approx(1.0)
        assert min(found) >= floor - 1e-12

    @given(RATES, RATES, st.integers(1, 1000))
    def test_the_sequential_interval_holds_zero_just_when_the_test_says_nothing(
        self, arm: Rate, other: Rate, first: int
    ) -> None:
        found = sequential(arm, other, first)
        if abs(found.p_value - ALPHA) > 1e-9 and found.interval != Interval(-1.0, 1.0):
            assert (found.interval.low <= 0 <= found.interval.high) == (found.p_value > ALPHA)

    def test_more_people_of_the_same_rates_make_it_surer(self) -> None:
        found = [sequential(Rate(13 * n, 100 * n), Rate(10 * n, 100 * n), 200).p_value for n in range(2, 60)]
        assert all(later <= before for before, later in pairwise(found))
        assert found[-1] < 1e-4

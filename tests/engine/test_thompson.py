"""Draws without chance: they have the distribution that they say."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from engine.ids import share
from engine.thompson import FLOOR, Beta, explored

DRAWS = 20_000


@pytest.mark.parametrize(
    ("alpha", "beta"), [(1, 19), (0.3, 12), (3.08, 28.9), (1, 1), (40, 4_000), (250_000, 750_000), (12, 0.4)]
)
def test_draws_have_the_distribution(alpha: float, beta: float) -> None:
    """Kolmogorov and Smirnov at the hashes of fixed decisions: a distance that chance exceeds in 1 of 1,000."""
    arm = Beta(alpha, beta)
    draws = [arm.quantile(share("thompson", f"decision-{number}", "offer", "email")) for number in range(DRAWS)]
    assert stats.kstest(draws, stats.beta(alpha, beta).cdf).pvalue > 0.001


@given(st.floats(0.05, 1e5), st.floats(0.5, 1e5), st.floats(0.0005, 0.9995))
def test_the_table_is_the_distribution(alpha: float, beta: float, below: float) -> None:
    arm = Beta(alpha, beta)
    value = arm.quantile(below)
    assert 0 <= value <= 1
    # Values nearer to 1 than a float can tell are one.
    if 1e-300 < value < 1 - 1e-9:
        assert stats.beta(alpha, beta).cdf(value) == pytest.approx(below, abs=0.01 if alpha < 0.5 else 0.002)


def test_quantiles_grow() -> None:
    arm = Beta(0.2, 19.8)
    found = [arm.quantile(number / 1_000) for number in range(1, 1_000)]
    assert all(one <= other for one, other in pairwise(found))
    assert 0 <= arm.quantile(1e-18) <= arm.quantile(1 - 1e-12) <= 1


def test_each_is_taken_at_random_as_often_as_any() -> None:
    taken = [explored(f"d{number}", "best", 10) for number in range(DRAWS)]
    assert sum(place == 0 for place in taken) / DRAWS == pytest.approx(FLOOR / 10, abs=0.0015)
    assert sum(place is not None for place in taken) / DRAWS == pytest.approx(FLOOR, abs=0.005)


def test_nothing_to_choose_from() -> None:
    assert explored("any", "best", 0, floor=1.0) is None

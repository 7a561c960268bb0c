"""Off-policy estimates against simulated truth: intervals hold it, and what no log tells is refused."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import pytest

from engine.ids import share
from engine.thompson import FLOOR, Beta, explored, shifted
from streams.learner.chances import Terms, chances
from streams.learner.offpolicy import Estimate, Logged, NoSupport, estimate
from streams.learner.policies import Policy

DRAWS = 20_000
LOGS, LENGTH = 300, 600
KINDS = 8


def test_chances_are_what_draws_come_to() -> None:
    candidates = [Terms(3, 40, 0, 10), Terms(12, 90, 0, 5), Terms(1, 19, 0.8, 8), Terms(5, 5, 0, 0)]
    arms = [Beta(each.alpha, each.beta) for each in candidates]
    taken = [0] * len(candidates)
    for number in range(DRAWS):
        decision = f"d{number}"
        place = explored(decision, "best", len(candidates))
        if place is None:
            scores = [
                shifted(arm.quantile(share("thompson", decision, f"o{at}", "email")), each.shift) * each.factor
                for at, (arm, each) in enumerate(zip(arms, candidates, strict=True))
            ]
            place = scores.index(max(scores))
        taken[place] += 1
    expected = chances(candidates)
    assert sum(expected) == pytest.approx(1)
    assert [count / DRAWS for count in taken] == pytest.approx(expected, abs=0.012)


def test_the_floor_holds_for_the_worst() -> None:
    hopeless = [Terms(1, 1e6), *[Terms(900, 100)] * 9]
    assert chances(hopeless)[0] == pytest.approx(FLOOR / 10)
    assert chances(hopeless, floor=0.0)[0] < 1e-6
    assert chances([]) == []
    assert chances([Terms(1, 1, 0, 0)] * 4) == [0.25] * 4


class World(NamedTuple):
    """Kinds of people: how probable each of three offers was, is under the new policy, is taken in truth, and was
    expected to be taken."""

    logged: np.ndarray
    target: np.ndarray
    truth: np.ndarray
    predicted: np.ndarray

    @property
    def value(self) -> float:
        """What the new policy brings in truth, to a person of any kind."""
        return float((self.target * self.truth).sum(axis=1).mean())

    def log(self, seed: int, length: int = LENGTH) -> list[Logged]:
        chance = np.random.default_rng(seed)
        kinds = chance.integers(KINDS, size=length)
        chosen = (chance.random((length, 1)) > self.logged[kinds].cumsum(axis=1)).sum(axis=1)
        rewards = chance.random(length) < self.truth[kinds, chosen]
        rows = [[list(row) for row in each] for each in (self.logged, self.target, self.predicted)]
        return [
            Logged(rows[0][kind], int(place), float(reward), rows[1][kind], rows[2][kind])
            for kind, place, reward in zip(kinds, chosen, rewards, strict=True)
        ]


def world(wrong: float) -> World:
    """The old policy as Thompson's draws give it, the new one greedy; predictions are off by `wrong`."""
    chance = np.random.default_rng(5)
    truth = chance.uniform(0.05, 0.5, size=(KINDS, 3))
    logged, target = [], []
    for kind in range(KINDS):
        terms = [Terms(1 + 30 * rate, 1 + 30 * (1 - rate)) for rate in truth[kind] * chance.uniform(0.6, 1.4, size=3)]
        logged.append(chances(terms, 0.2))
        target.append(Policy("greedy", 0.1).target(["a", "b", "c"], terms))
    return World(np.array(logged), np.array(target), truth, truth * (1 - wrong))


def simulated(wrong: float) -> tuple[float, list[Estimate]]:
    found = world(wrong)
    return found.value, [estimate(found.log(seed)) for seed in range(LOGS)]


@pytest.mark.parametrize("wrong", [0.0, 0.6])
def test_over_many_logs_estimates_meet_the_truth_and_intervals_hold_it(wrong: float) -> None:
    """The bias is within three errors of the mean over all logs; 95 % intervals hold the truth in 91 % to 98.5 %."""
    truth, found = simulated(wrong)
    kinds: list[tuple[str, Callable[[Estimate], tuple[float, float, float]]]] = [
        ("ips", lambda each: each.ips),
        ("snips", lambda each: each.snips),
        ("doubly robust", lambda each: each.doubly_robust),
    ]
    errors = {}
    for name, of in kinds:
        means = np.array([of(each)[0] for each in found])
        held = sum(of(each)[1] <= truth <= of(each)[2] for each in found) / LOGS
        errors[name] = means.std()
        # A ratio is biased by no more than one part in as many as there are decisions.
        assert abs(means.mean() - truth) < 3 * means.std() / LOGS**0.5 + truth / LENGTH, name
        assert 0.91 <= held <= 0.985, (name, held)
    assert errors["doubly robust"] < errors["ips"]
    assert all(100 < each.effective < LENGTH for each in found)


def test_of_the_policy_that_made_the_log_the_estimate_is_what_it_brought() -> None:
    log = [each._replace(target=each.probabilities) for each in world(0).log(3)]
    found = estimate(log)
    assert found.ips == found.snips == found.logged
    assert found.effective == pytest.approx(LENGTH)
    assert found.heaviest == pytest.approx(1)


def choice(was: list[float], chosen: int, wanted: list[float]) -> Logged:
    return Logged(was, chosen, 1.0, wanted, [0.1] * len(was))


@pytest.mark.parametrize(
    ("log", "why"),
    [
        ([choice([1.0, 0.0], 0, [0.5, 0.5])] * 200, "50.0% of what the policy does was never done"),
        ([choice([0.5, 0.5], 0, [0.5, 0.5])] * 99, "99 decisions have a known outcome, expected 100 at least"),
        ([choice([1.0, 0.0], 1, [1.0, 0.0])] * 200, "a choice of probability 0 was made"),
        (
            [choice([0.999, 0.001], 0, [0.0, 1.0])] * 5_000 + [choice([0.999, 0.001], 1, [0.0, 1.0])] * 6,
            "weigh as much as 6, expected at least 50",
        ),
    ],
)
def test_what_no_log_tells_is_refused_with_the_reason(log: list[Logged], why: str) -> None:
    with pytest.raises(NoSupport, match=why):
        estimate(log)


def test_policies_by_name() -> None:
    terms = [Terms(10, 90, 0, 1), Terms(5, 95, 0, 3), Terms(1, 19, 2.0, 0.5)]
    offers = ["a", "b", "c"]
    assert Policy("uniform").target(offers, terms) == [1 / 3] * 3
    assert Policy("greedy", 0.0).target(offers, terms) == [0, 1, 0]
    assert Policy("value", 0.0).target(offers, terms) == [0, 1, 0]
    assert Policy("propensity", 0.0).target(offers, terms) == [0, 0, 1]
    assert Policy("greedy", 0.0, {"a": 9.0}).target(offers, terms) == [1, 0, 0]
    assert Policy("greedy", 0.3).target(offers, terms) == pytest.approx([0.1, 0.8, 0.1])
    assert Policy("thompson").target(offers, terms) == chances(terms)

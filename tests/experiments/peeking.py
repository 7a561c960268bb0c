"""Experiments simulated by the thousand, looked at after every person: how often a test names a winner, and when."""

import sys
from typing import Any, NamedTuple

import numpy as np
from scipy.stats import norm

from streams.learner.statistics import Comparison, Rate, people_needed, sequential, z_test

ALPHA = 0.05


class Simulated(NamedTuple):
    """`named` is the share of runs in which a winner was named at any look, `people` the mean of an arm by then."""

    named: float
    people: float


class Peeking:
    """Runs of two arms with these rates, each arm one person a look, from `first` people an arm to `most`."""

    def __init__(self, rates: tuple[float, float], first: int, most: int, runs: int, seed: int = 1) -> None:
        drawn = np.random.default_rng(seed)
        self.first = first
        self.n = np.arange(first, most + 1)
        counted = [
            np.cumsum(drawn.random((runs, most), dtype=np.float32) < rate, axis=1, dtype=np.int32)[:, first - 1 :]
            for rate in rates
        ]
        self.arm, self.other = counted
        pooled = (self.arm + self.other) / (2 * self.n)
        with np.errstate(divide="ignore", invalid="ignore"):
            self.z = np.nan_to_num((self.arm - self.other) / self.n / np.sqrt(pooled * (1 - pooled) * 2 / self.n))

    def sequential(self) -> Simulated:
        """By the test that may be looked at always."""
        ratio = self.n / self.first
        found = np.sqrt(1 + ratio) * np.exp(-self.z * self.z / 2 * ratio / (1 + ratio))
        return self._named(found, lambda arm, other: sequential(arm, other, self.first, ALPHA))

    def z_test(self, looks: int | None = None) -> Simulated:
        """By the z-test, at every look, or at the last one alone."""
        found = 2 * (1 - _below(np.abs(self.z)))
        if looks == 1:
            found[:, :-1] = 1.0
        return self._named(found, z_test)

    def _named(self, p_values: Any, test: Any) -> Simulated:
        """Where a run's smallest p-value stands the code under test is asked, and at a look by chance it must agree."""
        named, people = 0, []
        chance = np.random.default_rng(7)
        for run, each in enumerate(p_values):
            smallest = int(each.argmin())
            if self._asked(test, run, smallest).p_value <= ALPHA:
                named += 1
                people.append(self.n[int((each <= ALPHA).argmax())])
            look = int(chance.integers(len(each)))
            if each[look] != 1.0:
                assert abs(self._asked(test, run, look).p_value - min(1.0, each[look])) < 1e-6
        return Simulated(named / len(p_values), float(np.mean(people)) if people else 0.0)

    def _asked(self, test: Any, run: int, look: int) -> Comparison:
        n = int(self.n[look])
        found: Comparison = test(Rate(int(self.arm[run, look]), n), Rate(int(self.other[run, look]), n))
        return found


def _below(z: Any) -> Any:
    return norm.cdf(z)


def main(runs: int) -> None:
    """Writes the figures that docs/experiments.md tells."""
    say = sys.stdout.write
    say("rates            first  most    sequential        z-test always  z-test once\n")
    for rates, first, most in (
        ((0.02, 0.02), 1000, 40_000),
        ((0.05, 0.05), 500, 20_000),
        ((0.10, 0.10), 200, 8_000),
        ((0.50, 0.50), 100, 4_000),
        ((0.10, 0.13), 500, 8_000),
        ((0.10, 0.12), 1000, 16_000),
        ((0.02, 0.024), 1000, 60_000),
    ):
        play = Peeking(rates, first, most, runs)
        own, often, once = play.sequential(), play.z_test(), play.z_test(1)
        needed = people_needed(rates[0], rates[1] / rates[0] - 1) if rates[0] != rates[1] else 0
        say(
            f"{rates[0]:.3f} {rates[1]:.3f}  {first:8d} {most:6d}  {own.named:.3f} at {own.people:7.0f}"
            f"  {often.named:.3f} at {often.people:6.0f}  {once.named:.3f}  fixed size for 80 %: {needed}\n"
        )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1000)

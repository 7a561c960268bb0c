"""Seeds of the simulation: none breaks a promise, each replays step for step, and each mutation is found among them."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from simulation.diary import Outcome
from simulation.mutations import MUTATIONS
from simulation.post import deliver
from simulation.run import play
from simulation.simulate import paced, simulate

SEEDS = 300
"""`make simulate` runs more of them."""
MOST_SEEDS = 800
"""Among so many each mutation is found."""
SEEN_LATE = {"places of walks at the start": 703, "refill of the ledger": 390, "proof of a walk's end": 135}
"""Mutations that take long to find, with the seed that saw them last; where it sees nothing now, all are asked."""
TESTS = Path(__file__).parents[1]


def first_failing(seeds: range) -> Outcome | None:
    return next((outcome for outcome in play(seeds) if outcome.violation), None)


def test_no_seed_breaks_a_promise() -> None:
    failing = first_failing(range(SEEDS))
    assert failing is None, "\n".join([*failing.tail, failing.violation, f"make simulate SEED={failing.seed}"])


@pytest.mark.parametrize("name", MUTATIONS)
def test_a_protocol_with_one_part_switched_off_breaks_a_promise(name: str) -> None:
    late = SEEN_LATE.get(name, 0)
    with MUTATIONS[name]():
        failing = first_failing(range(late, late + 1)) or first_failing(range(MOST_SEEDS))
    assert failing is not None, f"{MOST_SEEDS} seeds do not see that {name} is switched off"
    assert "ended by itself" not in failing.violation, failing.violation


def test_what_is_seen_late_is_a_mutation_and_among_the_seeds() -> None:
    assert SEEN_LATE.keys() <= MUTATIONS.keys()
    assert max(SEEN_LATE.values()) < MOST_SEEDS


def test_a_seed_meets_faults_of_every_kind_now_and_then() -> None:
    met = {kind for outcome in play(range(60)) for kind, count in outcome.faults.items() if count}
    assert {"kill", "freeze", "stop", "rebalance", "join", "compaction"} <= met
    assert {"late", "held", "lost", "unanswered", "no offset", "partly", "queued", "unreadable"} <= met


def test_a_seed_is_the_same_in_every_process() -> None:
    with paced():
        here = [part(seed) for seed in (3, 14) for part in (simulate, deliver)]
        again = simulate(3)
    assert again == here[0]
    for outcome in here:
        told = subprocess.run(
            [sys.executable, "-m", "simulation.run", f"--seed={outcome.seed}"],
            env={**os.environ, "PYTHONPATH": str(TESTS), "PYTHONHASHSEED": "77"},
            capture_output=True,
            text=True,
            check=True,
        )
        assert f"{outcome.steps} steps" in told.stdout
        assert f"digest {outcome.digest:08x}" in told.stdout

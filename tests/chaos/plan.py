"""The plan of a run: which fault comes in which round, aimed at what; the same seed gives the same plan."""

import random
from collections.abc import Sequence
from typing import NamedTuple

from chaos.proxy import Moment

WORKER_AIMS: tuple[tuple[Moment, str] | None, ...] = (
    None,
    ("sent", "state"),
    ("acknowledged", "state"),
    ("sent", "decisions"),
    ("acknowledged", "decisions"),
    ("committing", ""),
)
"""The windows of docs/protocol.md 3.3: a write of state is out, or acknowledged; a publication likewise, which is just
before the outbox is cleared; positions are about to be committed. None is whenever it comes.
"""
DISPATCHER_AIMS: tuple[tuple[Moment, str] | None, ...] = (
    None,
    ("sent", "dispatches"),
    ("acknowledged", "dispatches"),
    ("committing", ""),
)
SECONDS: dict[str, tuple[float, float]] = {
    "worker killed": (0.0, 6.0),
    "worker stopped": (1.0, 8.0),
    "worker stopped long": (12.0, 14.0),
    "worker comes or goes": (0.0, 4.0),
    "dispatcher killed": (0.0, 6.0),
    "dispatcher stopped": (1.0, 14.0),
    "broker killed": (0.5, 6.0),
    "redis killed": (1.0, 8.0),
    "redis emptied": (0.0, 0.0),
    "slow broker": (4.0, 9.0),
    "held requests": (2.0, 4.0),
    "held beyond a take-over": (12.0, 13.0),
    "dropped connections": (3.0, 8.0),
}
"""Each fault, and from how many to how many seconds it lasts. A process stopped for over ten is out of its group."""


class Round(NamedTuple):
    """One fault under load: when it begins in the round and how long it lasts (s), whom it hits (a number to take
    modulo those there are), the moment and topic at which it is aimed.
    """

    number: int
    fault: str
    lazy: bool
    after_seconds: float
    lasts_seconds: float
    victim: int
    aim: tuple[Moment, str] | None


def make_plan(seed: int, rounds: int, faults: Sequence[str] = ()) -> list[Round]:
    """Every fault once before any comes again, in an order of the seed, or exactly `faults`; every other round is lazy.

    A longer plan of the same seed begins like a shorter one.
    """
    shuffled = random.Random(f"order {seed}")
    order = list(faults)
    while len(order) < rounds:
        order += shuffled.sample(list(SECONDS), len(SECONDS))
    return [_round(random.Random(f"round {seed} {number}"), number, order[number]) for number in range(rounds)]


def _round(rng: random.Random, number: int, fault: str) -> Round:
    aims = DISPATCHER_AIMS if fault.startswith("dispatcher") else WORKER_AIMS
    return Round(
        number=number,
        fault=fault,
        lazy=number % 2 == 0,
        after_seconds=rng.uniform(0.5, 4.0),
        lasts_seconds=rng.uniform(*SECONDS[fault]),
        victim=rng.randrange(1_000),
        aim=rng.choice(aims),
    )

"""`make simulate`: many seeds, what they met, and of a failing one all that is needed to see it again."""

import os
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor

import click
from simulation.diary import Outcome
from simulation.post import deliver
from simulation.simulate import paced, simulate

BLOCK = 50
"""Seeds that a core takes at a time."""


@click.command(help=__doc__)
@click.option("--seeds", default=3000, help="How many seeds.")
@click.option("--first", default=0, help="The first of them.")
@click.option("--seed", default=-1, help="One seed alone, shown record by record.")
@click.option("--jobs", default=os.cpu_count() or 1, help="Processes side by side.")
def main(seeds: int, first: int, seed: int, jobs: int) -> None:
    """Exits with 1 where a promise was broken."""
    if seed >= 0:
        first, seeds, jobs = seed, 1, 1
    begun = time.monotonic()
    steps, count, faults = 0, 0, Counter[str]()
    for outcome in outcomes(first, seeds, jobs):
        count += outcome.part == "commit"
        steps += outcome.steps
        faults.update(outcome.faults)
        if outcome.violation or seed >= 0:
            show(outcome)
        if outcome.violation:
            raise SystemExit(1)
    minutes = (time.monotonic() - begun) / 60
    told = ", ".join(f"{number} {kind}" for kind, number in sorted(faults.items()))
    click.echo(f"{count} seeds, {steps} steps, {count / minutes:.0f} seeds a minute; every promise was kept")
    click.echo(f"met: {told}")


def outcomes(first: int, seeds: int, jobs: int) -> Iterator[Outcome]:
    """The outcomes of these seeds in order."""
    blocks = [range(at, min(at + BLOCK, first + seeds)) for at in range(first, first + seeds, BLOCK)]
    if jobs == 1:
        for block in blocks:
            yield from play(block)
        return
    with ProcessPoolExecutor(jobs) as pool:
        try:
            for found in pool.map(play, blocks):
                yield from found
        finally:
            pool.shutdown(cancel_futures=True)


def play(seeds: range) -> list[Outcome]:
    """The outcomes of these seeds, up to the first that fails."""
    found: list[Outcome] = []
    with paced():
        for seed in seeds:
            found += [simulate(seed), deliver(seed)]
            if found[-2].violation or found[-1].violation:
                break
            if len(seeds) > 1:
                found[-2].tail.clear()
                found[-1].tail.clear()
    return found


def show(outcome: Outcome) -> None:
    """The schedule's tail, and what it broke."""
    for line in outcome.tail:
        click.echo(line)
    told = f"{outcome.steps} steps, {outcome.seconds:.3f} s, digest {outcome.digest:08x}"
    click.echo(f"seed {outcome.seed} of {outcome.part}: {told}")
    click.echo(f"met: {', '.join(f'{number} {kind}' for kind, number in sorted(outcome.faults.items())) or 'nothing'}")
    if outcome.violation:
        click.echo(f"broken: {outcome.violation}")
        click.echo(f"again: make simulate SEED={outcome.seed}")


if __name__ == "__main__":
    main()

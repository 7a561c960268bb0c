"""`make fuzz`: folders spoilt by seed after seed for a while, and of a broken promise what shows it again."""

import os
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from random import Random

import click
from fuzz.promises import broken
from fuzz.spoiling import Files, folders, spoilt

BLOCK = 100
"""Seeds that a core takes at a time."""


@click.command(help=__doc__)
@click.option("--seconds", default=60, help="How long.")
@click.option("--first", default=0, help="The first seed.")
@click.option("--seed", default=-1, help="One seed alone.")
@click.option("--jobs", default=os.cpu_count() or 1, help="Processes side by side.")
def main(seconds: int, first: int, seed: int, jobs: int) -> None:
    """Exits with 1 where a promise was broken."""
    if seed >= 0:
        lack, _ = attempt(seed)
        click.echo(lack or "every promise was kept")
        raise SystemExit(bool(lack))
    begun, count, met = time.monotonic(), 0, Counter[str]()
    with ProcessPoolExecutor(jobs) as pool:
        while time.monotonic() - begun < seconds:
            at = first + count
            for lacks, codes in pool.map(block, range(at, at + BLOCK * jobs, BLOCK)):
                met += codes
                for number, lack in lacks.items():
                    click.echo(f"seed {number}: {lack}\nagain: make fuzz SEED={number}\n{shown(smallest(number))}")
                    raise SystemExit(1)
            count += BLOCK * jobs
    minutes = (time.monotonic() - begun) / 60
    click.echo(f"{count} folders, {count / minutes:.0f} a minute; every promise was kept")
    click.echo("met: " + ", ".join(f"{number} {code}" for code, number in sorted(met.items())))


def attempt(seed: int) -> tuple[str, Counter[str]]:
    """The promise that the folder of a seed breaks, if any, and the codes that it met."""
    met = Counter[str]()
    return broken(drawn(seed), met=met), met


def block(first: int) -> tuple[dict[int, str], Counter[str]]:
    """The broken promises of a block of seeds, by seed, and the codes that it met."""
    met = Counter[str]()
    found = {seed: broken(drawn(seed), met=met) for seed in range(first, first + BLOCK)}
    return {seed: lack for seed, lack in found.items() if lack}, met


def drawn(seed: int) -> Files:
    """The folder of a seed."""
    dice = Random(seed)
    return spoilt(dice.choice(folders()), dice)


def smallest(seed: int) -> Files:
    """The folder of a seed without all the files and lines that its broken promise does not need."""
    files = drawn(seed)
    kind = broken(files)[:12]
    for name in list(files):
        if (rest := {other: text for other, text in files.items() if other != name}) and broken(rest)[:12] == kind:
            files = rest
    for name in files:
        lines = files[name].split("\n")
        for at in reversed(range(len(lines))):
            fewer = "\n".join(lines[:at] + lines[at + 1 :])
            if broken(files | {name: fewer})[:12] == kind:
                del lines[at]
                files = files | {name: fewer}
    return files


def shown(files: Files) -> str:
    """A folder as it can be pasted into a test."""
    return "\n".join(f"{name}: {text!r}" for name, text in files.items())


if __name__ == "__main__":
    main()

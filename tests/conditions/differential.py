"""Ours against CEL on expressions of the whole grammar: `python -m conditions.differential --expressions 100000`."""

import sys
from collections.abc import Iterator
from random import Random
from time import monotonic

import click
import msgspec
from conditions.generating import Written, expressions, facts
from conditions.judge import Cel
from conditions.misspelled import difference, misspelled
from conditions.outcome import ERROR, ours
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from journeys.conditions import Absent, ConditionError, EvaluationError, Facts, compile_expression, exact
from journeys.conditions.grammar import parse
from journeys.conditions.tree import Node, children

CHUNK = 2_000
SEEDS = 1_000
FACTS = 4
"""Facts that each expression is asked of."""
CEL = Cel()
QUIET = settings(database=None, deadline=None, suppress_health_check=list(HealthCheck))


class Tally(msgspec.Struct):
    """What came out, and each difference that no documented one explains."""

    expressions: int = 0
    refused: int = 0
    compared: int = 0
    errors: int = 0
    explained: int = 0
    large: int = 0
    misspelled: int = 0
    differences: list[str] = []

    def take(self, written: Written, seeds: list[int]) -> None:
        """Compares one expression over some facts."""
        self.expressions += 1
        try:
            expression = compile_expression(written.ours)
        except ConditionError:
            self.refused += 1
            return
        theirs = CEL.compiled(written.ours)
        for each in map(facts, seeds):
            found = ours(expression, each)
            self.compared += 1
            self.errors += found == ERROR
            if theirs is None or CEL.ask(theirs, each) != found:
                self._explain(written, each, found)

    def _explain(self, written: Written, each: Facts, found: object) -> None:
        """Asks again with our documented differences written out in CEL."""
        theirs = CEL.compiled(written.theirs)
        wanted = "unread" if theirs is None else CEL.ask(theirs, each)
        if wanted == found:
            self.explained += 1
        elif _is_large(parse(written.ours), each):
            self.large += 1
        else:
            self.differences.append(f"{written.ours!r} is {found} here, {wanted} in CEL")

    def misspell(self, written: Written, chance: Random) -> None:
        """Compares whether a misspelling can be read."""
        self.misspelled += 1
        if found := difference(misspelled(written.ours, chance), CEL):
            self.differences.append(found)

    def told(self) -> str:
        """One line."""
        return (
            f"{self.expressions} expressions ({self.refused} refused beforehand), {self.compared} comparisons, of which"
            f" {self.errors} errors on both sides; {self.explained} explained by a documented difference, and"
            f" {self.large} by ints beside doubles beyond 2^53; {self.misspelled} misspellings;"
            f" {len(self.differences)} differences"
        )


def _is_large(root: Node, each: Facts) -> bool:
    """Whether an int and a double of a size meet at which CEL rounds before it compares."""
    numbers = [value for value in _numbers(root, each) if 2**53 <= abs(value) <= 2**64]
    return {type(value) for value in numbers} == {int, float}


def _numbers(node: Node, each: Facts) -> Iterator[int | float]:
    try:
        value = exact.evaluate(node, each)
    except (Absent, EvaluationError):
        value = None
    for part in value if isinstance(value, list) else [value]:
        if isinstance(part, (int, float)):
            yield part
    for child in children(node):
        yield from _numbers(child, each)


def compare(tally: Tally, examples: int, start: int) -> None:
    """So many more expressions, the same for the same start."""

    @seed(start)
    @settings(QUIET, max_examples=examples, phases=[Phase.generate])
    @given(expressions(), st.integers(0, SEEDS))
    def one(written: Written, first: int) -> None:
        tally.take(written, [(first + place) % SEEDS for place in range(FACTS)])
        tally.misspell(written, Random(first))

    one()


@click.command()
@click.option("--expressions", "wanted", default=100_000, show_default=True)
@click.option("--seed", "start", default=1, show_default=True)
def main(wanted: int, start: int) -> None:
    """Compare until so many expressions were generated; exit 1 where one differs."""
    tally, began = Tally(), monotonic()
    while tally.expressions < wanted:
        compare(tally, CHUNK, start)
        start += 1
        sys.stderr.write(f"\r{tally.expressions} expressions, {len(tally.differences)} differences")
    sys.stderr.write("\n")
    for line in tally.differences[:20]:
        sys.stdout.write(f"{line}\n")
    sys.stdout.write(f"{tally.told()}; {monotonic() - began:.0f} s\n")
    sys.exit(1 if tally.differences else 0)


if __name__ == "__main__":
    main()

"""The report of experiments: rates with intervals, lifts over the control, chances, checks; as values to be shown."""

import math
from collections.abc import Iterable, Iterator
from itertools import combinations, product

import msgspec

from streams.learner.experiments import Experiment, Tally
from streams.learner.holdouts import GLOBAL, JOURNEY, TREATED, WHOLE, Holdouts
from streams.learner.planned import Planned, Plans
from streams.learner.statistics import (
    Comparison,
    Interval,
    Rate,
    chi_square_tail,
    probabilities_best,
    sequential,
    share_check,
    wilson,
    z_test,
)

MISMATCH = 0.001
"""A check of shares below this p-value says that something is wrong with who got into which arm."""
FIRST_LOOK = 1000
"""People in each arm from which on the sequential test is read, where no rule says it."""


class ArmReport(msgspec.Struct, frozen=True):
    """One arm. `share` is that of the last draw; `best` the probability that its rate is the highest.

    `lift` and what follows compare with the baseline, None for that itself: `difference` with its interval and
    `p_value` are of one look, `always` is the p-value that may be looked at always.
    """

    arm: str
    control: bool
    share: float | None
    people: int
    converted: int
    rate: float
    interval: Interval
    best: float
    revenue: float
    lift: float | None = None
    difference: float | None = None
    difference_interval: Interval | None = None
    p_value: float | None = None
    always: float | None = None


class SplitReport(msgspec.Struct, frozen=True):
    """One split of one journey. `per` is person or enrollment; `shares_p` that of the check of shares.

    `method` is that of the rule, empty for none; `first_look` the people in each arm from which on it concludes;
    `moved` counts those whom a lost arm took on.
    """

    journey: str
    split: str
    per: str
    baseline: str
    arms: list[ArmReport]
    shares_p: float
    mismatch: bool
    moved: int
    method: str
    first_look: int


class Cell(msgspec.Struct, frozen=True):
    """People who met one arm of each of two splits."""

    arms: tuple[str, str]
    people: int
    converted: int
    rate: float
    interval: Interval


class FactorReport(msgspec.Struct, frozen=True):
    """Two splits of one journey together. `independent_p` is that of their draws having nothing to do with each other.

    `interaction` is by how much the second's difference is another in the first's second arm, for two arms each.
    """

    journey: str
    splits: tuple[str, str]
    cells: list[Cell]
    independent_p: float
    interaction: float | None = None
    interaction_p: float | None = None


class HoldoutReport(msgspec.Struct, frozen=True):
    """A control group beside who was not in it; `journey` is empty for that of the project, over all journeys."""

    journey: str
    group: str
    held_people: int
    held_converted: int
    held_rate: float
    held_interval: Interval
    treated_people: int
    treated_converted: int
    treated_rate: float
    treated_interval: Interval
    lift: float | None
    difference: float
    difference_interval: Interval
    p_value: float


def of_split(found: Experiment, plan: Planned | None, *, by_enrollment: bool = False) -> SplitReport:
    """The report of one split; the baseline is its control, else the arm that was written first."""
    order = list(plan.shares) if plan is not None else list(found.shares)
    tallies = sorted(found.arms.values(), key=lambda each: order.index(each.arm) if each.arm in order else len(order))
    baseline = next((each for each in tallies if each.control), tallies[0])
    rates = [each.rate(by_enrollment=by_enrollment) for each in tallies]
    rule = plan.winner if plan is not None else None
    first_look = rule.min_exposures if rule is not None else FIRST_LOOK
    other = baseline.rate(by_enrollment=by_enrollment)
    arms = [
        _arm(each, rate, best, found.shares.get(each.arm), None if each is baseline else other, first_look)
        for each, rate, best in zip(tallies, rates, probabilities_best(rates), strict=True)
    ]
    shares_p = share_check([each.drawn for each in tallies], [each.expected for each in tallies])
    return SplitReport(
        found.journey, found.split, "enrollment" if by_enrollment else "person", baseline.arm, arms, shares_p,
        shares_p < MISMATCH, found.moved, rule.method if rule is not None else "", first_look,
    )  # fmt: skip


def of_splits(found: Iterable[Experiment], plans: Plans, *, by_enrollment: bool = False) -> list[SplitReport]:
    """The reports of all splits that somebody met."""
    met = (each for each in found if each.arms)
    return [of_split(each, plans.get((each.journey, each.split)), by_enrollment=by_enrollment) for each in met]


def of_factors(found: Iterable[Experiment]) -> Iterator[FactorReport]:
    """Every two splits of one journey that people met both of."""
    for one, other in combinations([each for each in found if each.arms], 2):
        if one.journey == other.journey and (cells := one.cells(other)):
            yield _factors(one, other, cells)


def of_holdouts(found: Holdouts) -> list[HoldoutReport]:
    """The control group of each journey that has one, and that of the project in each journey and in all together."""
    reports = []
    for journey, groups in sorted(found.by_journey.items()):
        for group in (JOURNEY, GLOBAL) if journey != WHOLE else (GLOBAL,):
            held, treated = groups.rate(group), groups.rate(TREATED)
            if held.n:
                reports.append(_holdout(journey, group, held, treated))
    return reports


def _arm(
    tally: Tally, rate: Rate, best: float, share: float | None, baseline: Rate | None, first_look: int
) -> ArmReport:
    about = (tally.arm, tally.control, share, rate.n, rate.k, rate.value, wilson(rate), best, tally.revenue)
    if baseline is None:
        return ArmReport(*about)
    once: Comparison = z_test(rate, baseline)
    always = 1.0
    if min(rate.n, baseline.n) >= first_look:
        always = sequential(rate, baseline, first_look).p_value
    return ArmReport(*about, once.lift, once.difference, once.interval, once.p_value, always)


def _factors(one: Experiment, other: Experiment, found: dict[tuple[str, str], Rate]) -> FactorReport:
    rows, columns = sorted({row for row, _ in found}), sorted({column for _, column in found})
    table = {cell: found.get(cell, Rate(0, 0)) for cell in product(rows, columns)}
    people = sum(rate.n for rate in table.values())
    of_row = {row: sum(table[row, each].n for each in columns) for row in rows}
    of_column = {column: sum(table[each, column].n for each in rows) for column in columns}
    expected = {cell: of_row[cell[0]] * of_column[cell[1]] / people for cell in table}
    squared = sum((table[cell].n - each) ** 2 / each for cell, each in expected.items())
    freedom = (len(rows) - 1) * (len(columns) - 1)
    cells = [Cell(cell, rate.n, rate.k, rate.value, wilson(rate)) for cell, rate in table.items()]
    about = (one.journey, (one.split, other.split), cells, chi_square_tail(squared, freedom) if freedom else 1.0)
    if (len(rows), len(columns)) != (2, 2):
        return FactorReport(*about)
    return FactorReport(*about, *_interaction([table[cell] for cell in product(rows, columns)]))


def _interaction(four: list[Rate]) -> tuple[float, float]:
    """Of two arms each: the difference of the differences, and its p-value (z-test, unpooled)."""
    low, high, other_low, other_high = four
    difference = (other_high.value - other_low.value) - (high.value - low.value)
    variance = sum(rate.value * (1 - rate.value) / rate.n for rate in four if rate.n)
    return difference, math.erfc(abs(difference) / math.sqrt(2 * variance)) if variance else 1.0


def _holdout(journey: str, group: str, held: Rate, treated: Rate) -> HoldoutReport:
    found = z_test(treated, held)
    return HoldoutReport(
        journey, group, held.n, held.k, held.value, wilson(held), treated.n, treated.k, treated.value, wilson(treated),
        found.lift, found.difference, found.interval, found.p_value,
    )  # fmt: skip

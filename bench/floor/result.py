"""What a round measured, medians over rounds, and the comparison of one series with another."""

from collections import defaultdict
from collections.abc import Iterable
from statistics import median
from typing import Any

import msgspec

Figures = dict[str, Any]


class Measured(msgspec.Struct, frozen=True):
    """One process of one round: `row` names the comparison, `series` the program, `durable` what it makes durable."""

    row: str
    series: str
    durable: str
    figures: Figures


class Median(msgspec.Struct, frozen=True):
    """The medians of a series over its rounds, and its ratios to the series that it is compared with."""

    row: str
    series: str
    durable: str
    rounds: int
    figures: Figures
    ratios: dict[str, float]


class Compared(msgspec.Struct, frozen=True):
    """A ratio that is asked for: this figure of `series` over that of `to`, by `name`."""

    series: str
    to: str
    figure: str
    name: str


def medians(measured: Iterable[Measured], compared: Iterable[Compared]) -> list[Median]:
    """One Median a row and series. A ratio is the median of the rounds' own ratios, so that both had one machine."""
    rounds: dict[tuple[str, str], list[Measured]] = defaultdict(list)
    for each in measured:
        rounds[each.row, each.series].append(each)
    asked = list(compared)
    found = []
    for (row, series), mine in rounds.items():
        figures = {name: _median([each.figures[name] for each in mine]) for name in mine[0].figures}
        ratios = {
            each.name: median(_ratios(mine, rounds[row, each.to], each.figure))
            for each in asked
            if each.series == series and _ratios(mine, rounds.get((row, each.to), []), each.figure)
        }
        found.append(Median(row, series, mine[0].durable, len(mine), figures, ratios))
    return found


def _ratios(mine: list[Measured], others: list[Measured], figure: str) -> list[float]:
    pairs = zip(mine, others, strict=False)
    return [one.figures[figure] / other.figures[figure] for one, other in pairs if other.figures.get(figure)]


def _median(values: list[Any]) -> Any:
    return median(values) if all(isinstance(value, int | float) for value in values) else values[0]

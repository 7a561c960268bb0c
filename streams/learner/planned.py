"""Splits as they were written: their arms, the shares, which are controls, and the rule of the winner."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import msgspec

from engine.decision import Line
from journeys.model import Journey, Split, Winner
from journeys.model.walk import all_nodes


class Planned(NamedTuple):
    """One split: `shares` (of 1) and `controls` by arm, and the `winner`, None where it looks for none."""

    journey: str
    split: str
    node: str
    shares: dict[str, float]
    controls: frozenset[str]
    winner: Winner | None


Plans = dict[tuple[str, str], Planned]
"""By journey and the split's name."""


def plans_of(journeys: Iterable[Journey]) -> Plans:
    """The splits of journeys whose ids are filled in."""
    return {(each.journey, each.split): each for journey in journeys for each in _splits(journey)}


def _splits(journey: Journey) -> Iterator[Planned]:
    for _, node in all_nodes(journey):
        if isinstance(node, Split):
            shares = {name: arm.weight / 100 for name, arm in node.arms.items()}
            controls = frozenset(name for name, arm in node.arms.items() if arm.control)
            yield Planned(journey.journey, node.split, node.id or "", shares, controls, node.winner)


def completed(line: Line, plans: Plans) -> Line:
    """An exposure that does not tell of its split, such as that of a row of a file, with what was written of it."""
    plan = next((each for each in plans.values() if (each.journey, each.node) == (line.journey, line.node)), None)
    if plan is None or "split" in line.data:
        return line
    data = {"split": plan.split, "control": line.code in plan.controls, "shares": plan.shares}
    return msgspec.structs.replace(line, data=data)

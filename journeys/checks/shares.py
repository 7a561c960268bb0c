"""Shares and joins: the weights of a split sum to 100, and a parallel can come to its join."""

from collections.abc import Iterator

from journeys.checks.reach import ends
from journeys.load import Folder
from journeys.mend import problem
from journeys.outline import named_blocks, nodes
from journeys.problem import Problem
from journeys.tree import Mapping, Scalar


def faults(folder: Folder) -> Iterator[Problem]:
    """Each split whose weights are not 100, and each parallel whose join nobody reaches."""
    for draft in folder.drafts:
        for node in nodes(draft.positions.root):
            if node.entry("split"):
                yield from _split(draft.path, node)
            elif node.entry("parallel"):
                yield from _parallel(draft.path, node)


def _split(file: str, node: Mapping) -> Iterator[Problem]:
    written = [
        arm.value.get("weight") if isinstance(arm.value, Mapping) else None for arm in named_blocks(node, "arms")
    ]
    weights = [weight.value for weight in written if isinstance(weight, Scalar)]
    numbers = [weight for weight in weights if isinstance(weight, int | float) and not isinstance(weight, bool)]
    entry = node.entry("arms")
    # A weight that is missing or no number is a fault of its own.
    if entry is None or not numbers or len(numbers) != len(written) or not all(0 <= each <= 100 for each in numbers):
        return
    whole = sum(numbers)
    if abs(whole - 100) > 1e-6:
        rest = 100 - whole + numbers[-1]
        hint = f"make the last {rest:g}" if 0 <= rest <= 100 else "make them 100 together"
        yield problem(file, entry.key.start, "J050", f"the weights of the arms sum to {whole:g}", hint)


def _parallel(file: str, node: Mapping) -> Iterator[Problem]:
    branches = named_blocks(node, "branches")
    leaving = [each.name for each in branches if isinstance(each.value, Mapping) and ends(each.value.get("do"))]
    join = node.get("join")
    first = join.get("first") if isinstance(join, Mapping) else None
    wanted = first.value if isinstance(first, Scalar) else None
    entry = node.entry("join") or node.entry("parallel")
    if entry is None or len(branches) < 2:
        return
    if isinstance(wanted, int) and wanted > len(branches):
        what = f"the join waits for {wanted} of {len(branches)} branches"
        yield problem(file, entry.key.start, "J051", what, f"write `join: {{first: {len(branches)}}}`, or `join: all`")
        return
    any_of = isinstance(join, Scalar) and join.text == "any"
    needed = 1 if any_of else wanted if isinstance(wanted, int) else len(branches)
    if len(branches) - len(leaving) < needed:
        what = f"the join is never reached: the branch `{leaving[0]}` always exits, which ends the whole enrollment"
        yield problem(file, entry.key.start, "J051", what, "take the exit out of the branch, and write it below")

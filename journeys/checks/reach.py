"""Nodes that nobody reaches, because every way before them ends in an exit."""

from collections.abc import Iterator

from journeys.load import Folder
from journeys.mend import problem
from journeys.outline import branches, named_blocks, node_lists
from journeys.problem import Problem
from journeys.tree import Mapping, Sequence, Tree


def faults(folder: Folder) -> Iterator[Problem]:
    """The first unreachable node of each list of nodes."""
    for draft in folder.drafts:
        for inner in node_lists(draft.positions.root):
            for before, after in zip(inner.items, inner.items[1:], strict=False):
                if _leaves(before):
                    what = f"nobody reaches this node: the one in line {before.start.line} always exits"
                    yield problem(draft.path, after.start, "J017", what, "remove it, or move it up")
                    break


def _leaves(node: Tree) -> bool:
    """Whether an enrollment that comes to this node never goes on behind it."""
    if not isinstance(node, Mapping) or not node.sound:
        return False
    if node.entry("exit"):
        return True
    if node.entry("choose"):
        ways = branches(node, "choose")
        return any(way.entry("else") for way in ways) and all(ends(way.get("do") or way.get("else")) for way in ways)
    if node.entry("wait_for"):
        ways = branches(node, "wait_for") or [node]
        return ends(node.get("else")) and (ends(node.get("do")) or all(ends(way.get("do")) for way in ways))
    if node.entry("split"):
        arms = [arm.value for arm in named_blocks(node, "arms")]
        return bool(arms) and all(isinstance(arm, Mapping) and ends(arm.get("do")) for arm in arms)
    if node.entry("parallel"):
        blocks = [each.value for each in named_blocks(node, "branches")]
        return bool(blocks) and all(isinstance(block, Mapping) and ends(block.get("do")) for block in blocks)
    # A loop whose first round always exits; whether `until` holds before it is asked after a round.
    return node.entry("repeat") is not None and ends(node.get("do"))


def ends(inner: Tree | None) -> bool:
    """Whether an enrollment that comes to a list of nodes never comes to its end."""
    return isinstance(inner, Sequence) and any(_leaves(node) for node in inner.items)

"""Nodes that leave a way open: a `choose` without `else`."""

from collections.abc import Iterator

from journeys.load import Folder
from journeys.mend import problem
from journeys.outline import branches, nodes
from journeys.problem import Problem
from journeys.tree import Mapping, Sequence


def faults(folder: Folder) -> Iterator[Problem]:
    """Each `choose` whose last branch, and only that, is not its `else`."""
    for draft in folder.drafts:
        for node in nodes(draft.positions.root):
            yield from _choose(draft.path, node)


def _choose(file: str, node: Mapping) -> Iterator[Problem]:
    entry = node.entry("choose")
    if entry is None or not isinstance(entry.value, Sequence) or not entry.value.items:
        return
    among = branches(node, "choose")
    otherwise = [branch for branch in among if branch.entry("else")]
    if not otherwise:
        yield problem(file, entry.key.start, "J010", "`choose` has no `else`", "add `- else: []` as its last branch")
    for branch in otherwise:
        if branch is not entry.value.items[-1]:
            what = "`else` is not the last branch of its `choose`"
            yield problem(file, branch.start, "J010", what, "move it to the end, and keep only one")

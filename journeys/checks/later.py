"""What the language has and nothing does yet: told as such, so that nobody waits for it in vain."""

from collections.abc import Iterator

from journeys.load import Folder
from journeys.mend import problem
from journeys.outline import nodes
from journeys.problem import Problem
from journeys.tree import Entry, Scalar

_NODES = {
    "fallback": "write a `wait_for` behind the send, and a second send under its `else`",
}


def faults(folder: Folder) -> Iterator[Problem]:
    """Each node, option and setting that is not there yet."""
    for draft in folder.drafts:
        for node in nodes(draft.positions.root):
            for name, hint in _NODES.items():
                if entry := node.entry(name):
                    yield _later(draft.path, entry, f"`{name}`", hint)
            pick = node.entry("pick")
            if pick and node.entry("send") and isinstance(pick.value, Scalar) and pick.value.text == "best":
                yield _later(draft.path, pick, "`pick: best`", "write `pick: first`, the channels in your order")


def _later(file: str, entry: Entry, what: str, hint: str) -> Problem:
    return problem(file, entry.key.start, "J090", f"{what} is not here yet", hint)

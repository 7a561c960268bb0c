"""Winners of splits: something tells which arm is better, and there are arms to choose from."""

from collections.abc import Iterator

from journeys.load import Folder
from journeys.mend import problem
from journeys.model.parts import share_of
from journeys.outline import named_blocks, nodes
from journeys.problem import Problem
from journeys.tree import Entry, Mapping, Scalar


def faults(folder: Folder) -> Iterator[Problem]:
    """Each winner that nothing tells, whose arms leave nothing to choose, or whose split another one shares."""
    splits: dict[str, int] = {}
    for draft in folder.drafts:
        for name in _names(draft.positions.root):
            splits[name] = splits.get(name, 0) + 1
    for draft in folder.drafts:
        root = draft.positions.root
        measured = isinstance(root, Mapping) and root.entry("goal") is not None
        for node in nodes(root):
            if (entry := node.entry("winner")) and (split := node.get("split")) and isinstance(split, Scalar):
                if not measured:
                    hint = "write `goal:` in the journey, with the event that counts"
                    yield _fault(draft.path, entry, "a winner that no goal tells", hint)
                if splits.get(split.text, 0) > 1:
                    what = f"a winner of the split `{split.text}`, of which there are {splits[split.text]}"
                    yield _fault(draft.path, entry, what, "give it a name of its own; splits of one name share arms")
                yield from _arms(draft.path, node, entry)


def _names(root: object) -> Iterator[str]:
    for node in nodes(root) if isinstance(root, Mapping) else ():
        if isinstance(split := node.get("split"), Scalar):
            yield split.text


def _arms(file: str, node: Mapping, entry: Entry) -> Iterator[Problem]:
    weights = [arm.value.get("weight") for arm in named_blocks(node, "arms") if isinstance(arm.value, Mapping)]
    numbers = [weight.value for weight in weights if isinstance(weight, Scalar)]
    taking = [weight for weight in numbers if isinstance(weight, int | float) and weight > 0]
    if not taking:
        return
    if len(taking) < 2:
        yield _fault(file, entry, "a winner of one arm", "write another arm with a weight above 0")
        return
    floor = entry.value.get("floor") if isinstance(entry.value, Mapping) else None
    share = _share(floor) if isinstance(floor, Scalar) else 0.0
    if share * len(taking) > 1:
        hint = f"write at most {100 / len(taking):.4g}%"
        yield _fault(file, entry, f"a floor of {share * 100:g}% for each of {len(taking)} arms", hint)


def _share(written: Scalar) -> float:
    try:
        return share_of(written.text)
    except ValueError:
        # A share that cannot be read is a fault of its form.
        return 0.0


def _fault(file: str, entry: Entry, what: str, hint: str) -> Problem:
    return problem(file, entry.key.start, "J065", what, hint)

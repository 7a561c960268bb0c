"""Names that must differ or agree: ids of nodes, names of journeys and of their files."""

import re
from collections.abc import Iterator

from journeys.ids import NAMED, default_id
from journeys.load import Draft, Folder
from journeys.mend import problem
from journeys.model import SLUG
from journeys.outline import branches, is_slug, nodes, verb
from journeys.problem import Problem
from journeys.tree import Mapping, Mark, Scalar, Sequence, Tree


def faults(folder: Folder) -> Iterator[Problem]:
    """Equal ids in one journey, equal names in one folder, files not named after their journey."""
    for draft in folder.drafts:
        yield from _ids(draft)
    yield from _journeys(folder)


def _ids(draft: Draft) -> Iterator[Problem]:
    first: dict[str, Mark] = {}
    for node in sorted(nodes(draft.positions.root), key=lambda node: node.start.index):
        given = _id(node)
        if given is None:
            continue
        name, mark = given
        if name in first:
            what = f"two nodes have the id `{name}`, the other in line {first[name].line}"
            yield problem(draft.path, mark, "J018", what, f"write `id:` here, such as `id: {name[:78]}-2`")
        first.setdefault(name, mark)


def _id(node: Mapping) -> tuple[str, Mark] | None:
    """The id of a node and where it stands; None where a node has none, or none that could be told."""
    entry = verb(node)
    if entry is None or entry.name not in NAMED:
        return None
    written = node.get("id")
    if written is not None:
        return (written.text, written.start) if isinstance(written, Scalar) and is_slug(written) else None
    arguments = _arguments(node, entry.value)
    name = default_id(entry.name, arguments) if arguments else ""
    return (name, entry.key.start) if re.fullmatch(SLUG, name) else None


def _arguments(node: Mapping, value: Tree) -> list[str]:
    items = [way.get("on") for way in branches(node, "wait_for")] if isinstance(value, Sequence) else [value]
    words = [item.text for item in items if isinstance(item, Scalar) and isinstance(item.value, str)]
    return words if len(words) == len(items) else []


def _journeys(folder: Folder) -> Iterator[Problem]:
    named: dict[str, list[tuple[Draft, Scalar]]] = {}
    for draft in folder.drafts:
        name = draft.positions.root.get("journey") if isinstance(draft.positions.root, Mapping) else None
        if isinstance(name, Scalar) and is_slug(name):
            named.setdefault(name.text, []).append((draft, name))
    for title, places in named.items():
        ordered = sorted(places, key=lambda place: (_stem(place[0].path) != title, place[0].path))
        yield from _misnamed(*ordered[0])
        for draft, scalar in ordered[1:]:
            what = f"the journey `{title}` is also in {ordered[0][0].path}"
            yield problem(draft.path, scalar.start, "J019", what, "give one of them another name")


def _misnamed(draft: Draft, name: Scalar) -> Iterator[Problem]:
    """A file given alone may have any name; in a folder a journey is found by its file."""
    stem = _stem(draft.path)
    if draft.path.startswith("journeys/") and stem != name.text:
        what = f"the file of the journey `{name.text}` is named {stem}.yaml"
        yield problem(draft.path, name.start, "J020", what, f"name it {name.text}.yaml, or write `journey: {stem}`")


def _stem(path: str) -> str:
    return path.rpartition("/")[2].removesuffix(".yaml")

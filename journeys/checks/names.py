"""Names that must differ or agree: ids of nodes, names of journeys and of their files."""

import re
from collections.abc import Iterator
from itertools import count

from journeys.ids import NAMED, default_id
from journeys.load import Draft, Folder
from journeys.mend import problem
from journeys.model import SLUG
from journeys.outline import branches, is_slug, nodes, verb
from journeys.problem import Problem
from journeys.tree import Mapping, Mark, Scalar, Sequence, Tree

_WHEN = Scalar("when", "when", "", Mark(), Mark())
_MIDNIGHT = Scalar("00:00", "00:00", "", Mark(), Mark())


def faults(folder: Folder) -> Iterator[Problem]:
    """Equal ids in one journey, equal names in one folder, files not named after their journey."""
    for draft in folder.drafts:
        yield from _ids(draft)
    yield from _journeys(folder)


def doubled(draft: Draft) -> list[tuple[Mapping, str]]:
    """The nodes whose id another before them has, each with an id that is free; those with a written one are left."""
    taken = {given[0] for node in nodes(draft.positions.root) if (given := _id(node))}
    met: set[str] = set()
    found = []
    for node in _in_order(draft):
        given = _id(node)
        if given and given[0] in met and not node.entry("id"):
            name = next(name for number in count(2) if (name := f"{given[0][:76]}-{number}") not in taken)
            taken.add(name)
            found.append((node, name))
        met |= {given[0]} if given else set()
    return found


def _in_order(draft: Draft) -> list[Mapping]:
    return sorted(nodes(draft.positions.root), key=lambda node: node.start.index)


def _ids(draft: Draft) -> Iterator[Problem]:
    first: dict[str, Mark] = {}
    for node in _in_order(draft):
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
    """The words of a default id, as journeys/ids.py makes it; none where one of them is no text."""
    items: list[Tree | None] = [value]
    if node.entry("wait_for") and not isinstance(value, Scalar):
        ways = branches(node, "wait_for")
        items = [way.get("on") if way.entry("on") else _WHEN for way in ways]
    elif isinstance(value, Mapping):
        weekday = value.get("weekday")
        named = list(weekday.items) if isinstance(weekday, Sequence) else [weekday] if weekday else []
        items = [*named, value.get("at") or _MIDNIGHT]
    elif isinstance(value, Sequence):
        items = list(value.items)
    words = [item.text for item in items if isinstance(item, Scalar) and isinstance(item.value, str | int)]
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

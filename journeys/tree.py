"""YAML as it was written: values with the places where they stand."""

from collections.abc import Iterator
from collections.abc import Sequence as Items
from typing import Any

import msgspec

Core = str | int | float | bool | None
Path = Items[str | int]


class Mark(msgspec.Struct, frozen=True):
    """A place in a text: line and column from 1, index from 0."""

    line: int = 1
    column: int = 1
    index: int = 0


class Scalar(msgspec.Struct, frozen=True):
    """One value. `text` is its content, `style` the sign it was written with (`'`, `"`, `|`, `>` or none)."""

    value: Core
    text: str
    style: str
    start: Mark
    end: Mark


class Sequence(msgspec.Struct):
    """A list."""

    items: "list[Tree]"
    start: Mark
    flow: bool = False


class Entry(msgspec.Struct):
    """One key with its value; `name` may be the key that was meant, `key` is the one that stands there."""

    name: str
    key: Scalar
    value: "Tree"


class Mapping(msgspec.Struct):
    """Keys and values in the order written. `sound` is false for a node whose verb nobody knows."""

    entries: list[Entry]
    start: Mark
    flow: bool = False
    sound: bool = True

    def entry(self, name: str) -> Entry | None:
        """The entry of that key, if there is one."""
        return next((entry for entry in self.entries if entry.name == name), None)

    def get(self, name: str) -> "Tree | None":
        """The value of that key, if there is one."""
        entry = self.entry(name)
        return entry.value if entry else None

    def names(self) -> list[str]:
        """All keys."""
        return [entry.name for entry in self.entries]


Tree = Scalar | Sequence | Mapping


def copied(tree: Tree, seen: dict[int, Tree]) -> Tree:
    """The tree anew, so that mending one leaves the other; what an alias shares is shared in the copy too."""
    if isinstance(tree, Scalar):
        return tree
    if (known := seen.get(id(tree))) is not None:
        return known
    made: Tree
    if isinstance(tree, Sequence):
        made = Sequence([copied(item, seen) for item in tree.items], tree.start, tree.flow)
    else:
        entries = [Entry(entry.name, entry.key, copied(entry.value, seen)) for entry in tree.entries]
        made = Mapping(entries, tree.start, tree.flow, tree.sound)
    seen[id(tree)] = made
    return made


def plain(tree: Tree) -> Any:
    """The tree as dictionaries, lists and values; a node whose verb nobody knows counts as an exit."""
    match tree:
        case Scalar():
            return tree.value
        case Sequence():
            return [plain(item) for item in tree.items]
        case Mapping():
            if not tree.sound:
                return {"exit": "unknown"}
            return {entry.name: plain(entry.value) for entry in tree.entries}


def texts(tree: Tree | None) -> Iterator[Scalar]:
    """The text of a value, or of each item of a list; anything else is none."""
    items = tree.items if isinstance(tree, Sequence) else [tree]
    for item in items:
        if isinstance(item, Scalar) and isinstance(item.value, str):
            yield item


def scalars(tree: "Tree | None") -> Iterator[Scalar]:
    """Every value that stands somewhere in a tree, in the order written."""
    if isinstance(tree, Scalar):
        yield tree
    elif isinstance(tree, Mapping | Sequence):
        for each in (entry.value for entry in tree.entries) if isinstance(tree, Mapping) else tree.items:
            yield from scalars(each)


class Positions:
    """Where each part of one YAML document stands in its file."""

    def __init__(self, file: str, text: str, root: Tree | None) -> None:
        self.file = file
        self.text = text
        self.root = root

    def at(self, path: Path = ()) -> Mark:
        """Where the value of a path such as `("steps", 0, "wait")` begins; where it is absent, its nearest ancestor."""
        return _walk(self.root, path)[0]

    def key(self, path: Path) -> Mark:
        """Where the key of a path stands; for an item of a list, the item."""
        return _walk(self.root, path)[1]

    def find(self, path: Path) -> Tree | None:
        """What stands at a path, if anything does."""
        tree = self.root
        for step in path:
            tree = child(tree, step)
        return tree

    def inside(self, scalar: Scalar, line: int, column: int) -> Mark:
        """The place in the file of a line and column (from 1) of a value's own text, whatever its style."""
        lines = scalar.text.split("\n")
        before = sum(len(part) + 1 for part in lines[: max(line, 1) - 1])
        wanted = min(before + max(column, 1) - 1, len(scalar.text))
        index = _written(scalar, self.text)[wanted]
        head = self.text[scalar.start.index : index]
        if "\n" not in head:
            return Mark(scalar.start.line, scalar.start.column + len(head), index)
        return Mark(scalar.start.line + head.count("\n"), len(head) - head.rfind("\n"), index)


def child(tree: Tree | None, step: str | int) -> Tree | None:
    """The value of a key, or the item of a list; None where there is none."""
    if isinstance(tree, Mapping):
        return tree.get(str(step))
    if isinstance(tree, Sequence) and isinstance(step, int) and step < len(tree.items):
        return tree.items[step]
    return None


def _walk(tree: Tree | None, path: Path) -> tuple[Mark, Mark]:
    if tree is None:
        return Mark(), Mark()
    value = key = tree.start
    for step in path:
        found = child(tree, step)
        if found is None:
            break
        entry = tree.entry(str(step)) if isinstance(tree, Mapping) else None
        key = entry.key.start if entry else found.start
        tree, value = found, found.start
    return value, key


def _written(scalar: Scalar, text: str) -> list[int]:
    """For each character of a value, and for its end, the index in the file where it was written."""
    at = scalar.start.index
    if scalar.style in ("|", ">"):
        at = text.find("\n", at) + 1
    elif scalar.style:
        at += 1
    end = max(scalar.end.index, at)
    places = []
    for char in scalar.text:
        if char.isspace():
            places.append(min(at, end))
            at += text[at : at + 1] == char and char != "\n"
            continue
        there = _next(text, at, end, char)
        places.append(min(there, end))
        at = there + 1
    places.append(min(at, end))
    return places


def _next(text: str, at: int, end: int, char: str) -> int:
    """Where a character was written: behind line breaks, and the signs that quote or escape."""
    there = at
    while there < end and text[there] != char and (text[there].isspace() or text[there] in "\\'\""):
        there += 1
    return there if there < end and text[there] == char else at

"""Where in a journey's YAML its nodes, conditions and expressions stand, sound or not."""

import re
from collections.abc import Iterator

from journeys.model import SLUG, TRIGGERS, VERBS
from journeys.model.parts import names_date
from journeys.tree import Entry, Mapping, Scalar, Sequence, Tree, texts

CONDITIONS = ("where", "unless", "when", "until", "eligible", "applicable", "suitable")
EXPRESSIONS = ("key", "revenue", "date", "wait_until", "context")
NAMED_EXPRESSIONS = ("set", "add", "data", "with", "keep")
"""Keys whose values are an expression, and those that hold expressions by name."""
_LISTS = ("steps", "on_error", "do", "else")
_NAMED_BLOCKS = ("arms", "branches", "outcomes")
_LISTED_BLOCKS = ("choose", "wait_for")


def node_lists(tree: Tree | None) -> Iterator[Sequence]:
    """Every list of nodes, each before those inside it."""
    if not isinstance(tree, Mapping):
        return
    for name in _LISTS:
        inner = tree.get(name)
        if isinstance(inner, Sequence):
            yield inner
            for node in inner.items:
                yield from node_lists(node)
    for name in _LISTED_BLOCKS:
        for branch in branches(tree, name):
            yield from node_lists(branch)
    yield from node_lists(tree.get("when_blocked"))
    for name in _NAMED_BLOCKS:
        for block in named_blocks(tree, name):
            yield from node_lists(block.value)


def branches(node: Mapping, name: str) -> list[Mapping]:
    """The mappings in the list under `choose` or `wait_for`, of which the second may be one mapping alone."""
    inner = node.get(name)
    if isinstance(inner, Mapping):
        return [inner]
    return [item for item in inner.items if isinstance(item, Mapping)] if isinstance(inner, Sequence) else []


def named_blocks(node: Mapping, name: str) -> list[Entry]:
    """The entries under `arms`, `branches`, `outcomes` or `offers`."""
    inner = node.get(name)
    return inner.entries if isinstance(inner, Mapping) else []


def triggers(tree: Tree | None) -> list[Mapping]:
    """The mappings under `enter`."""
    inner = tree.get("enter") if isinstance(tree, Mapping) else None
    among = inner.items if isinstance(inner, Sequence) else [inner]
    return [item for item in among if isinstance(item, Mapping)]


def trigger(mapping: Mapping) -> Entry | None:
    """The entry that makes a trigger what it is, if it is known."""
    return next((entry for entry in mapping.entries if entry.name in TRIGGERS), None)


def nodes(tree: Tree | None) -> Iterator[Mapping]:
    """Every node, each before those inside it."""
    for inner in node_lists(tree):
        yield from (item for item in inner.items if isinstance(item, Mapping))


def verb(node: Mapping) -> Entry | None:
    """The entry that makes a node what it is, if its verb is known."""
    return next((entry for entry in node.entries if entry.name in VERBS), None)


def is_slug(tree: Tree | None) -> bool:
    """Whether a value is a name of the right form."""
    return isinstance(tree, Scalar) and isinstance(tree.value, str) and re.fullmatch(SLUG, tree.text) is not None


def conditions(tree: Tree | None) -> Iterator[tuple[str, Scalar]]:
    """Every condition with the key it stands under."""
    for part in parts(tree):
        yield from conditions_in(part)


def conditions_in(part: Mapping) -> Iterator[tuple[str, Scalar]]:
    """The conditions of one mapping."""
    for name in CONDITIONS:
        yield from ((name, text) for text in texts(part.get(name)))


def expressions(tree: Tree | None) -> Iterator[tuple[str, Scalar]]:
    """Every expression with the key it stands under."""
    for part in parts(tree):
        yield from expressions_in(part)


def expressions_in(part: Mapping) -> Iterator[tuple[str, Scalar]]:
    """The expressions of one mapping."""
    entries = [entry for entry in part.entries if entry.name in EXPRESSIONS]
    due = part.entry("due")
    if due is not None and isinstance(due.value, Scalar) and names_date(due.value.value):
        entries.append(due)
    for name in NAMED_EXPRESSIONS:
        named = part.get(name)
        entries += named.entries if isinstance(named, Mapping) else []
    for entry in entries:
        if isinstance(entry.value, Scalar):
            yield from ((entry.name, text) for text in texts(entry.value))


def parts(tree: Tree | None) -> Iterator[Mapping]:
    """Every mapping that may hold a condition or an expression."""
    if not isinstance(tree, Mapping):
        return
    if tree.entry("segment"):
        yield tree
    yield from (entry.value for entry in named_blocks(tree, "offers") if isinstance(entry.value, Mapping))
    for name in ("enter", "exit", "goal", "content_policy"):
        inner = tree.get(name)
        for rule in inner.items if isinstance(inner, Sequence) else [inner]:
            if isinstance(rule, Mapping):
                yield rule
    for node in nodes(tree):
        yield node
        yield from branches(node, "choose")
        yield from branches(node, "wait_for")

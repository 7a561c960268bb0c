"""Wrong verbs and conditions that YAML misread: one Problem each, and the tree mended so that the rest is checked."""

import json

from journeys.model import VERBS
from journeys.outline import CONDITIONS, branches, node_lists, parts
from journeys.problem import Problem, close_to, did_you_mean, listed
from journeys.quoting import condition_at
from journeys.tree import Entry, Mapping, Mark, Positions, Scalar, Sequence, Tree

OPTIONS = {name: {field.alias or key for key, field in part.model_fields.items()} for name, part in VERBS.items()}
_EVERY = frozenset().union(*OPTIONS.values())
_KNOWN = f"a node is one of {listed(VERBS)}"


def mend_nodes(file: str, root: Tree) -> list[Problem]:
    """Faults of verbs. A verb that was probably meant takes the place of the one written; a second verb goes."""
    problems: list[Problem] = []
    for inner in node_lists(root):
        for place, node in enumerate(inner.items):
            if not isinstance(node, Mapping):
                what = f"a node must be a mapping, found {found(node)}"
                problems.append(problem(file, node.start, "J006", what, "write `- VERB: ARGUMENT`"))
                inner.items[place] = Mapping([], node.start, sound=False)
            elif node.sound:
                problems += _mend_node(file, node)
    return problems


def mend_conditions(where: Positions) -> list[Problem]:
    """Conditions that YAML reads as mappings: each a fault, with the text that was meant put in its place."""
    problems: list[Problem] = []
    for part in parts(where.root):
        for entry in part.entries:
            if entry.name in CONDITIONS and isinstance(entry.value, Mapping):
                entry.value = _meant(where, entry.value, problems)
            elif entry.name in CONDITIONS and isinstance(entry.value, Sequence):
                entry.value.items = [_meant(where, item, problems) for item in entry.value.items]
    return problems


def _meant(where: Positions, tree: Tree, problems: list[Problem]) -> Tree:
    bare = condition_at(where.text, tree.start.line) if isinstance(tree, Mapping) else None
    if bare is None:
        return tree
    problems.append(Problem(where.file, bare.line, bare.column, "J001", bare.reason, bare.hint))
    return bare.scalar_in(where.text)


def _mend_node(file: str, node: Mapping) -> list[Problem]:
    verbs = [entry for entry in node.entries if entry.name in VERBS]
    if not verbs:
        return [_mend_unknown(file, node)]
    if len(verbs) > 1:
        return [_mend_two(file, node, verbs)]
    if verbs[0].name == "choose":
        return [fault for branch in branches(node, "choose") for fault in _mend_branch(file, branch)]
    return []


def _mend_unknown(file: str, node: Mapping) -> Problem:
    strange = [entry for entry in node.entries if entry.name not in _EVERY] or node.entries
    if not strange:
        node.sound = False
        return problem(file, node.start, "J003", "a node is empty", _KNOWN)
    meant = next((entry for entry in strange if close_to(entry.name, VERBS)), None)
    entry = meant or strange[0]
    what = f"unknown node `{entry.name}`"
    hint = did_you_mean(entry.name, VERBS, _KNOWN)
    near = close_to(entry.name, VERBS)
    if near:
        entry.name = near
    else:
        node.sound = False
    return problem(file, entry.key.start, "J003", what, hint)


def _mend_two(file: str, node: Mapping, verbs: list[Entry]) -> Problem:
    kept, *others = verbs
    gone = {other.name for other in others}
    options = set[str]().union(*(OPTIONS[name] for name in gone)) - OPTIONS[kept.name]
    node.entries = [entry for entry in node.entries if entry.name not in options | gone]
    what = f"a node has {len(verbs)} verbs, {listed((entry.name for entry in verbs), 'and')}"
    return problem(file, others[0].key.start, "J007", what, "begin each node of the list with its own `- `")


def _mend_branch(file: str, branch: Mapping) -> list[Problem]:
    if branch.entry("when") or branch.entry("else"):
        return []
    for entry in branch.entries:
        near = close_to(entry.name, ("when", "else"))
        if near and entry.name != "do":
            what = f"unknown key `{entry.name}`"
            entry.name = near
            return [problem(file, entry.key.start, "J004", what, f"did you mean `{near}`?")]
    return []


def problem(file: str, mark: Mark, code: str, message: str, hint: str = "") -> Problem:
    """A problem at a mark."""
    return Problem(file, mark.line, mark.column, code, message, hint)


def found(tree: Tree) -> str:
    """What stands there, in words a designer knows."""
    match tree:
        case Mapping():
            return "a mapping" if tree.entries else "an empty mapping"
        case Sequence():
            return "a list" if tree.items else "an empty list"
        case Scalar(value=None):
            return "nothing"
        case Scalar(value=str() as text):
            return f"`{text if len(text) <= 40 else text[:37] + '...'}`"
        case Scalar():
            return json.dumps(tree.value)

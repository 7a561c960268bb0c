"""What is known, at each place of a journey, of the event in hand, of the entry and of the customer."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from journeys.conditions.declared import Declared, Shape
from journeys.load import Folder
from journeys.outline import branches, nodes, triggers
from journeys.schemas.declared import Declarations
from journeys.schemas.schema import ANY, Schema
from journeys.schemas.shapes import shape_of
from journeys.tree import Mapping, Scalar, Sequence, Tree, texts

_TRIGGERS = ("on", "broadcast", "sequence")
"""The triggers whose event is one that the company sends; of a sequence it is the last."""
_OUTCOMES = ("task.done", "task.no_answer")
"""What wakes whoever stands at a task, and is in hand behind it."""
_AT_PLACE = {"enters_place": "place.entered", "leaves_place": "place.left", "stays_in_place": "place.stayed"}


@dataclass
class Scope:
    """What one journey knows. `entry` is what one of its triggers may have brought, `event` in steps what may wake it.

    Where a rule or trigger names several event types, a property must be in all of them; in steps, in any.
    """

    declared: Declarations
    entry: Schema = ANY
    event: Schema = ANY
    _of_part: dict[int, list[str]] = field(default_factory=dict)

    def at(self, part: Mapping) -> Declared:
        """What a condition or expression in this mapping of the journey may name."""
        types = self._of_part.get(id(part))
        event = self.event if types is None else self.declared.each_event(types) if types else ANY
        known = self.declared
        return Declared(
            event=_known(event),
            customer=known.person,
            entry=_known(self.entry),
            events=known.shapes,
            context=known.things,
            places=known.places or None,
        )


def named(folder: Folder) -> frozenset[str]:
    """The segments of a folder, those that do not fit included."""
    roots = (draft.positions.root for draft in folder.segment_drafts)
    written = (root.get("segment") for root in roots if isinstance(root, Mapping))
    return frozenset(value.text for value in written if isinstance(value, Scalar)) | frozenset(folder.segments)


def scope_of(declared: Declarations, root: Tree | None) -> Scope:
    """The scope of one journey as it was read."""
    scope = Scope(declared)
    begun: list[str] | None = []
    for trigger in triggers(root):
        types = _begins(trigger)
        scope._of_part[id(trigger)] = types or []
        begun = None if begun is None or types is None else [*begun, *types]
    for rule in _rules(root):
        scope._of_part[id(rule)] = _types(rule.get("on"))
    woken = [type_ for node in nodes(root) for type_ in _wakes(scope, node)]
    if begun:
        scope.entry = declared.some_event(begun)
        scope.event = declared.some_event([*begun, *woken])
    return scope


def _begins(trigger: Mapping) -> list[str] | None:
    """The types of event that a trigger begins with; None where nobody knows what they hold."""
    for name, type_ in _AT_PLACE.items():
        if trigger.entry(name):
            return [type_]
    for name in _TRIGGERS:
        if trigger.entry(name):
            types = _types(trigger.get(name))
            return types[-1:] if name == "sequence" else types
    return None


def _wakes(scope: Scope, node: Mapping) -> Iterator[str]:
    """The types of event that a node waits for, each noted at the mapping whose conditions look at it."""
    if node.entry("task"):
        yield from _OUTCOMES
    if node.entry("hand_over"):
        yield "task.replied"
    for name in ("wait_for", "digest"):
        written = node.get(name)
        if isinstance(written, Scalar) or (name == "digest" and isinstance(written, Sequence)):
            scope._of_part[id(node)] = _types(written)
            yield from _types(written)
    for branch in branches(node, "wait_for"):
        if branch.entry("on"):
            scope._of_part[id(branch)] = _types(branch.get("on"))
            yield from _types(branch.get("on"))


def _rules(root: Tree | None) -> Iterator[Mapping]:
    for name in ("exit", "goal"):
        inner = root.get(name) if isinstance(root, Mapping) else None
        for rule in inner.items if isinstance(inner, Sequence) else [inner]:
            if isinstance(rule, Mapping):
                yield rule


def _types(tree: Tree | None) -> list[str]:
    return [text.text for text in texts(tree)]


def _known(schema: Schema) -> Shape | None:
    return None if schema is ANY else shape_of(schema)

"""The name `context`: kinds of things, each looked up by its key only where a condition asks for it."""

from typing import Any

from journeys.conditions.around import Around
from journeys.conditions.errors import ConditionError
from journeys.conditions.tree import Binary, Has, Index, Name, Node, Select, children

NAME = "context"
_HINT = 'write the kind and the key, as in context.stock["sku-1"].left'


class Things(dict[str, Any]):
    """The things of one kind by key. It holds none by itself, and one that is not there is absent."""

    __slots__ = ("_around", "_kind")

    def __init__(self, around: Around, kind: str) -> None:
        super().__init__()
        self._around = around
        self._kind = kind

    def __missing__(self, key: str) -> Any:
        found = self._around.thing(self._kind, key)
        if found is None:
            raise KeyError(key)
        return found

    def __contains__(self, key: object) -> bool:
        return isinstance(key, str) and self._around.thing(self._kind, key) is not None


class Kinds(dict[str, Things]):
    """All kinds by name: also of one that nobody knows, where nothing is there."""

    __slots__ = ("_around",)

    def __init__(self, around: Around) -> None:
        super().__init__()
        self._around = around

    def __missing__(self, kind: str) -> Things:
        return Things(self._around, kind)


def refuse_whole(node: Node, *, taken: bool = False) -> None:
    """Raises ConditionError where the context, or a kind of it, is asked for as a whole: only single things are.

    `taken`: what stands above the node takes a single thing of it.
    """
    if _level(node) is not None and not taken:
        raise ConditionError(f"{NAME} is read thing by thing", *node.where, _HINT)
    for child in children(node):
        refuse_whole(child, taken=_takes_one(node, child))


def _takes_one(above: Node, node: Node) -> bool:
    match above:
        case Select() | Index():
            return above.operand is node
        case Has():
            return _level(node) == 1
        case Binary(sign="in"):
            return above.right is node and _level(node) == 1
        case _:
            return False


def _level(node: Node) -> int | None:
    """0 for the context, 1 for a kind of it, None for all else."""
    match node:
        case Name(name="context"):
            return 0
        case Select(operand=Name(name="context")) | Index(operand=Name(name="context")):
            return 1
        case _:
            return None

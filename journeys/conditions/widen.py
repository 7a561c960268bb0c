"""Divisions beside a declared `number`, which is a double even where JSON brings it as 7: written out as such."""

from typing import Any, get_args

import msgspec

from journeys.conditions.kinds import Kind
from journeys.conditions.tree import Binary, Literal, Node
from journeys.conditions.types import Kinds

_NODES = get_args(Node)


def widened(node: Node, kinds: Kinds) -> Node:
    """The same tree, in which `event.total / 2` is `event.total * 1.0 / 2` where `event.total` is a double by `kinds`.

    Only `/` can tell 7 from 7.0: `%` and places in lists refuse doubles beforehand.
    """
    changed = {name: _inside(getattr(node, name), kinds) for name in node.__struct_fields__}
    same = all(changed[name] is getattr(node, name) for name in changed)
    found: Node = node if same else type(node)(**changed)
    if isinstance(node, Binary) and node.sign == "/" and Kind.DOUBLE in (kinds[id(node.left)], kinds[id(node.right)]):
        assert isinstance(found, Binary)
        return msgspec.structs.replace(found, left=Binary(node.where, "*", found.left, Literal(node.where, 1.0)))
    return found


def _inside(part: Any, kinds: Kinds) -> Any:
    if isinstance(part, _NODES):
        return widened(part, kinds)
    if isinstance(part, tuple) and part and isinstance(part[0], _NODES):
        inner = tuple(widened(each, kinds) for each in part)
        return part if all(one is other for one, other in zip(inner, part, strict=True)) else inner
    return part

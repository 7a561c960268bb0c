"""The tree of an expression: one class a form, each with the line and column that a message points at."""

from collections.abc import Iterator
from typing import Any

import msgspec

from journeys.conditions.tokens import Where


class Literal(msgspec.Struct, frozen=True):
    """A number, a text, true, false or null."""

    where: Where
    value: int | float | str | bool | None


class Name(msgspec.Struct, frozen=True):
    """A root: event, event.meta, customer, entry, vars; anything else is refused by the types."""

    where: Where
    name: str


class Select(msgspec.Struct, frozen=True):
    """`operand.field`."""

    where: Where
    operand: "Node"
    field: str


class Index(msgspec.Struct, frozen=True):
    """`operand[key]`."""

    where: Where
    operand: "Node"
    key: "Node"


class Has(msgspec.Struct, frozen=True):
    """`has(operand.field)`."""

    where: Where
    operand: "Node"
    field: str


class Call(msgspec.Struct, frozen=True):
    """`function(arguments)`, or `arguments[0].function(...)` when `member`."""

    where: Where
    function: str
    arguments: tuple["Node", ...]
    member: bool = False


class Unary(msgspec.Struct, frozen=True):
    """`!operand` or `-operand`."""

    where: Where
    sign: str
    operand: "Node"


class Binary(msgspec.Struct, frozen=True):
    """A comparison, `in`, or arithmetic."""

    where: Where
    sign: str
    left: "Node"
    right: "Node"


class Logic(msgspec.Struct, frozen=True):
    """`&&` or `||` over two or more operands."""

    where: Where
    sign: str
    operands: tuple["Node", ...]


class Ternary(msgspec.Struct, frozen=True):
    """`test ? then : other`."""

    where: Where
    test: "Node"
    then: "Node"
    other: "Node"


class ListOf(msgspec.Struct, frozen=True):
    """`[a, b]`."""

    where: Where
    items: tuple["Node", ...]


class MapOf(msgspec.Struct, frozen=True):
    """`{"a": b}`."""

    where: Where
    keys: tuple["Node", ...]
    values: tuple["Node", ...]


Node = Literal | Name | Select | Index | Has | Call | Unary | Binary | Logic | Ternary | ListOf | MapOf


def children(node: Node) -> tuple[Node, ...]:
    """The nodes right below this one, in the order in which they are evaluated."""
    match node:
        case Select() | Has() | Unary():
            return (node.operand,)
        case Index():
            return (node.operand, node.key)
        case Binary():
            return (node.left, node.right)
        case Call():
            return node.arguments
        case Logic():
            return node.operands
        case Ternary():
            return (node.test, node.then, node.other)
        case ListOf():
            return node.items
        case MapOf():
            return tuple(part for pair in zip(node.keys, node.values, strict=True) for part in pair)
        case Literal() | Name():
            return ()


def start(node: Node) -> Where:
    """Where the first part of a node stands; brackets around it are not in the tree."""
    return min((node.where, *map(start, children(node))))


def path(node: Node) -> tuple[str, ...] | None:
    """The fields from a root down, `("event", "lines", "sku")`, or None when the node is no such path.

    A place in a list is no field: `event.lines[0].sku` is the path above.
    """
    match node:
        case Name():
            return tuple(node.name.split("."))
        case Select():
            above = path(node.operand)
            return None if above is None else (*above, node.field)
        case Index(key=Literal(value=key)):
            above = path(node.operand)
            return above if above is None or not isinstance(key, str) else (*above, key)
        case _:
            return None


def names(root: Node) -> Iterator[str]:
    """The dotted paths that an expression reads, each as long as it is known before the facts are."""
    fields = path(root.operand) if isinstance(root, Has) else path(root)
    if fields is None:
        for child in children(root):
            yield from names(child)
    else:
        yield ".".join((*fields, root.field) if isinstance(root, Has) else fields)


def literal(node: Node) -> Any:
    """The value of a literal, else the node itself, for which no comparison with a value holds."""
    return node.value if isinstance(node, Literal) else node

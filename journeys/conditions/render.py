"""Trees and values back to text, for messages and explanations."""

import re
from collections.abc import Iterable
from typing import Any

from journeys.conditions.functions import WRITTEN
from journeys.conditions.tree import (
    Binary,
    Call,
    Has,
    Index,
    ListOf,
    Literal,
    Logic,
    MapOf,
    Name,
    Node,
    Select,
    Ternary,
    Unary,
    literal,
)

_LONGEST = 80
_ESCAPED = re.compile(r'[\\"\x00-\x1f\x7f]')
_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"}
_TIGHT = {"*": 5, "/": 5, "%": 5, "+": 4, "-": 4, "&&": 2, "||": 1}


def text(node: Node) -> str:
    """The source of a tree, in one spelling, with no more brackets than it needs."""
    return _Text(bare=False).of(node)


def told(node: Node) -> str:
    """As `text`, for people: `count(order.placed, 30d)`, without the quotes that only the grammar asks for."""
    return _Text(bare=True).of(node)


class _Text:
    """Writes trees; `bare` leaves the quotes out where a function takes nothing but texts that stand there."""

    def __init__(self, bare: bool) -> None:
        self._bare = bare

    def of(self, node: Node) -> str:
        match node:
            case Literal():
                return shown(node.value, 10**6)
            case Name():
                return node.name
            case Select():
                return f"{self._wrapped(node.operand, 7)}.{node.field}"
            case Has():
                return f"has({self._wrapped(node.operand, 7)}.{node.field})"
            case Index():
                return f"{self._wrapped(node.operand, 7)}[{self.of(node.key)}]"
            case Call():
                return self._call(node)
            case Unary():
                return f"{node.sign}{self._wrapped(node.operand, 7)}"
            case Binary():
                level = _level(node)
                return f"{self._wrapped(node.left, level)} {node.sign} {self._wrapped(node.right, level + 1)}"
            case Logic():
                return f" {node.sign} ".join(self._wrapped(operand, _level(node) + 1) for operand in node.operands)
            case Ternary():
                return f"{self._wrapped(node.test, 1)} ? {self._wrapped(node.then, 1)} : {self.of(node.other)}"
            case ListOf():
                return f"[{self._row(node.items)}]"
            case MapOf():
                pairs = (f"{self.of(key)}: {self.of(value)}" for key, value in zip(node.keys, node.values, strict=True))
                return f"{{{', '.join(pairs)}}}"

    def _call(self, node: Call) -> str:
        if node.member:
            first, *rest = node.arguments
            return f"{self._wrapped(first, 7)}.{node.function}({self._row(rest)})"
        if self._bare and node.function in WRITTEN:
            return f"{node.function}({', '.join(str(literal(argument)) for argument in node.arguments)})"
        return f"{node.function}({self._row(node.arguments)})"

    def _row(self, nodes: Iterable[Node]) -> str:
        return ", ".join(map(self.of, nodes))

    def _wrapped(self, node: Node, level: int) -> str:
        return self.of(node) if _level(node) >= level else f"({self.of(node)})"


def _level(node: Node) -> int:
    match node:
        case Ternary():
            return 0
        case Binary() | Logic():
            return _TIGHT.get(node.sign, 3)
        case Unary():
            return 6
        case Literal(value=int() | float()) if not isinstance(node.value, bool):
            return 6
        case _:
            return 7


def shown(value: Any, longest: int = _LONGEST) -> str:
    """A value as the language writes it, cut when it is longer than `longest` characters."""
    found = _shown(value, longest)
    return found if len(found) <= longest else f"{found[: longest - 3]}..."


def _shown(value: Any, longest: int) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case str():
            return f'"{_ESCAPED.sub(_escape, value[:longest])}"'
        case list():
            return f"[{', '.join(_shown(item, longest) for item in value[:longest])}]"
        case dict():
            pairs = list(value.items())[:longest]
            return f"{{{', '.join(f'{_shown(key, longest)}: {_shown(item, longest)}' for key, item in pairs)}}}"
        case int() | float():
            return repr(value)
        case _:
            return type(value).__name__


def _escape(found: "re.Match[str]") -> str:
    return _ESCAPES.get(found[0]) or f"\\x{ord(found[0]):02x}"

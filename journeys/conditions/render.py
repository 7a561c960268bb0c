"""Trees and values back to text, for messages and explanations."""

import re
from typing import Any

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
)

_LONGEST = 80
_ESCAPED = re.compile(r'[\\"\x00-\x1f\x7f]')
_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"}
_TIGHT = {"*": 5, "/": 5, "%": 5, "+": 4, "-": 4, "&&": 2, "||": 1}


def text(node: Node) -> str:
    """The source of a tree, in one spelling, with no more brackets than it needs."""
    match node:
        case Literal():
            return shown(node.value, 10**6)
        case Name():
            return node.name
        case Select():
            return f"{_wrapped(node.operand, 7)}.{node.field}"
        case Has():
            return f"has({_wrapped(node.operand, 7)}.{node.field})"
        case Index():
            return f"{_wrapped(node.operand, 7)}[{text(node.key)}]"
        case Call(member=True):
            first, *rest = node.arguments
            return f"{_wrapped(first, 7)}.{node.function}({', '.join(map(text, rest))})"
        case Call():
            return f"{node.function}({', '.join(map(text, node.arguments))})"
        case Unary():
            return f"{node.sign}{_wrapped(node.operand, 7)}"
        case Binary():
            level = _level(node)
            return f"{_wrapped(node.left, level)} {node.sign} {_wrapped(node.right, level + 1)}"
        case Logic():
            return f" {node.sign} ".join(_wrapped(operand, _level(node) + 1) for operand in node.operands)
        case Ternary():
            return f"{_wrapped(node.test, 1)} ? {_wrapped(node.then, 1)} : {text(node.other)}"
        case ListOf():
            return f"[{', '.join(map(text, node.items))}]"
        case MapOf():
            pairs = (f"{text(key)}: {text(value)}" for key, value in zip(node.keys, node.values, strict=True))
            return f"{{{', '.join(pairs)}}}"


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


def _wrapped(node: Node, level: int) -> str:
    return text(node) if _level(node) >= level else f"({text(node)})"


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

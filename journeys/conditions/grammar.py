"""Tokens to a tree: the grammar of CEL by recursive descent, with limits on length and depth."""

from collections.abc import Callable
from typing import TypeVar

from journeys.conditions.errors import ConditionError
from journeys.conditions.tokens import Token, tokens
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
    children,
)

MAX_LENGTH = 4_000
MAX_DEPTH = 50

_LEVELS: tuple[tuple[str, ...], ...] = (
    ("||",),
    ("&&",),
    ("==", "!=", "<", "<=", ">", ">=", "in"),
    ("+", "-"),
    ("*", "/", "%"),
)
_KEYWORDS = {"true": True, "false": False, "null": None}
_RESERVED = frozenset(
    {"as", "break", "const", "continue", "else", "for", "function", "if", "import", "let", "loop"}
    | {"package", "namespace", "return", "var", "void", "while"}
)
_WORDS = {"and": "&&", "or": "||", "not": "!", "is": "==", "eq": "==", "AND": "&&", "OR": "||", "NOT": "!"}


_T = TypeVar("_T")


def parse(source: str) -> Node:
    """The tree of one expression. Raises ConditionError with the place of the first fault."""
    if len(source) > MAX_LENGTH:
        raise ConditionError(
            f"condition has {len(source)} characters, at most {MAX_LENGTH} are read",
            1,
            1,
            "split it into a list of conditions",
        )
    node = _Parser(tokens(source)).whole()
    _measure(node)
    return node


def _measure(root: Node) -> None:
    # An own stack, because a chain such as 1+1+1... is as deep as it is long, deeper than Python recurses.
    stack = [(root, 1)]
    while stack:
        node, depth = stack.pop()
        if depth > MAX_DEPTH:
            raise _too_deep(node.where)
        stack.extend((child, depth + 1) for child in children(node))


def _too_deep(where: tuple[int, int]) -> ConditionError:
    return ConditionError(
        f"condition is nested more than {MAX_DEPTH} deep", *where, "split it into a list of simpler conditions"
    )


class _Parser:
    def __init__(self, found: list[Token]) -> None:
        self._tokens = found
        self._at = 0
        self._open = 0

    def whole(self) -> Node:
        first = self._next
        if first.kind == "end":
            raise ConditionError("condition is empty", *first.where, "write true for one that always holds")
        node = self._expression()
        last = self._next
        if last.kind != "end":
            raise self._unexpected("an operator or the end")
        return node

    @property
    def _next(self) -> Token:
        return self._tokens[self._at]

    def _take(self) -> Token:
        token = self._next
        self._at += 1
        return token

    def _sees(self, *marks: str) -> bool:
        token = self._next
        return token.kind in ("mark", "name") and token.text in marks

    def _expect(self, mark: str) -> Token:
        if not self._sees(mark):
            raise self._unexpected(mark)
        return self._take()

    def _unexpected(self, expected: str) -> ConditionError:
        token = self._next
        hint = f"expected {expected}"
        if token.kind == "name" and token.text in _WORDS:
            hint = f"write {_WORDS[token.text]} for {token.text}"
        return ConditionError(f"unexpected {token.text}", *token.where, hint)

    def _expression(self) -> Node:
        self._open += 1
        if self._open > MAX_DEPTH:
            raise _too_deep(self._next.where)
        node = self._binary(0)
        if self._sees("?"):
            mark = self._take()
            then = self._binary(0)
            self._expect(":")
            node = Ternary(mark.where, node, then, self._expression())
        self._open -= 1
        return node

    def _binary(self, level: int) -> Node:
        if level == len(_LEVELS):
            return self._unary()
        left = self._binary(level + 1)
        if level < 2:
            return self._logic(level, left)
        while self._sees(*_LEVELS[level]):
            mark = self._take()
            left = Binary(mark.where, mark.text, left, self._binary(level + 1))
        return left

    def _logic(self, level: int, first: Node) -> Node:
        # Kept as one node with many operands, so that a long chain is wide and not deep.
        (mark,) = _LEVELS[level]
        operands = [first]
        where = self._next.where
        while self._sees(mark):
            self._take()
            operands.append(self._binary(level + 1))
        return first if len(operands) == 1 else Logic(where, mark, tuple(operands))

    def _unary(self) -> Node:
        mark = self._next
        if not self._sees("!", "-"):
            return self._member()
        marks = []
        while self._sees(mark.text):
            marks.append(self._take())
        if mark.text == "-" and len(marks) == 1 and self._next.kind in ("int", "double"):
            node = self._negative(marks.pop())
        elif self._sees("-") and self._tokens[self._at + 1].kind in ("int", "double"):
            node = self._negative(self._take())
        else:
            node = self._member()
        for outer in reversed(marks):
            node = Unary(outer.where, outer.text, node)
        return node

    def _negative(self, minus: Token) -> Node:
        token = self._take()
        assert not isinstance(token.value, str)
        return self._postfix(Literal(minus.where, _in_range(token, -token.value)))

    def _member(self) -> Node:
        return self._postfix(self._primary())

    def _postfix(self, node: Node) -> Node:
        while True:
            if self._sees("."):
                self._take()
                node = self._selected(node)
            elif self._sees("["):
                mark = self._take()
                key = self._expression()
                self._expect("]")
                node = Index(mark.where, node, key)
            else:
                return node

    def _selected(self, operand: Node) -> Node:
        field = self._next
        if field.kind != "name":
            raise self._unexpected("the name of a field")
        if field.text in _KEYWORDS or field.text == "in":
            raise ConditionError(f"{field.text} is a word of the language", *field.where, f'write ["{field.text}"]')
        self._take()
        if self._sees("("):
            return Call(field.where, field.text, (operand, *self._arguments()), member=True)
        if field.text == "meta" and isinstance(operand, Name) and operand.name == "event":
            return Name(operand.where, "event.meta")
        return Select(field.where, operand, field.text)

    def _items(self, closing: str, item: Callable[[], _T]) -> list[_T]:
        found = []
        while not self._sees(closing):
            found.append(item())
            if not self._sees(closing):
                self._expect(",")
        self._expect(closing)
        return found

    def _arguments(self) -> tuple[Node, ...]:
        self._expect("(")
        return tuple(self._items(")", self._expression))

    def _pair(self) -> tuple[Node, Node]:
        key = self._expression()
        self._expect(":")
        return key, self._expression()

    def _primary(self) -> Node:
        token = self._next
        if token.kind in ("int", "double"):
            self._take()
            assert not isinstance(token.value, str)
            return Literal(token.where, _in_range(token, token.value))
        if token.kind == "string":
            self._take()
            return Literal(token.where, token.value)
        if token.kind == "name" and token.text != "in":
            return self._named()
        if self._sees("("):
            self._take()
            node = self._expression()
            self._expect(")")
            return node
        return self._collection()

    def _collection(self) -> Node:
        mark = self._next
        if self._sees("["):
            self._take()
            return ListOf(mark.where, tuple(self._items("]", self._expression)))
        if self._sees("{"):
            self._take()
            pairs = self._items("}", self._pair)
            return MapOf(mark.where, tuple(key for key, _ in pairs), tuple(value for _, value in pairs))
        raise self._unexpected("a value")

    def _named(self) -> Node:
        token = self._take()
        if token.text in _KEYWORDS:
            return Literal(token.where, _KEYWORDS[token.text])
        if token.text in _RESERVED:
            raise ConditionError(f"{token.text} is a reserved word", *token.where, "write a name such as event.value")
        if not self._sees("("):
            return Name(token.where, token.text)
        arguments = self._arguments()
        return _has(token, arguments) if token.text == "has" else Call(token.where, token.text, arguments)


def _has(token: Token, arguments: tuple[Node, ...]) -> Node:
    match arguments:
        case (Select(operand=operand, field=field),):
            return Has(token.where, operand, field)
        case (Name(name="event.meta"),):
            return Literal(token.where, True)
        case _:
            raise ConditionError("has() asks for one field", *token.where, "write has(event.code)")


def _in_range(token: Token, value: int | float) -> int | float:
    if isinstance(value, int) and not -(2**63) <= value < 2**63:
        raise ConditionError(
            f"number {token.text} does not fit 64 bits", *token.where, f"write it as a double: {token.text}.0"
        )
    return value

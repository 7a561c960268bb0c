"""The meaning of a tree, node by node: the reference that generated code agrees with, and falls back to."""

from collections.abc import Callable
from typing import Any

from journeys.conditions import values
from journeys.conditions.errors import Absent, EvaluationError
from journeys.conditions.facts import Facts
from journeys.conditions.functions import FUNCTIONS
from journeys.conditions.kinds import NOUNS
from journeys.conditions.render import shown, told
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

OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    "==": values.equal,
    "!=": lambda left, right: not values.equal(left, right),
    "<": values.less,
    "<=": values.less_equal,
    ">": values.greater,
    ">=": values.greater_equal,
    "in": values.contained,
    "+": values.add,
    "-": values.subtract,
    "*": values.multiply,
    "/": values.divide,
    "%": values.modulo,
}


def evaluate(node: Node, facts: Facts) -> Any:
    """The value of a tree. Raises Absent or EvaluationError; of several errors, the leftmost."""
    try:
        return _value(node, facts)
    except RecursionError:
        raise EvaluationError(f"{told(node)}: the facts are nested too deep") from None


def holds(node: Node, facts: Facts) -> bool:
    """Whether a condition holds: not when a field that it needs is absent. Raises EvaluationError."""
    try:
        found = evaluate(node, facts)
    except Absent:
        return False
    return _truth(node, found)


def _truth(node: Node, found: Any) -> bool:
    if found is True or found is False:
        return bool(found)
    noun = NOUNS[values.kind_of(found)]
    raise EvaluationError(f"{told(node)} is {shown(found)}, {noun}; wanted true or false")


def _value(node: Node, facts: Facts) -> Any:
    match node:
        case Literal():
            return node.value
        case Name():
            return root(node, facts)
        case Logic():
            return _logic(node, facts)
        case Ternary():
            chosen = node.then if _truth(node.test, _value(node.test, facts)) else node.other
            return _value(chosen, facts)
        case Unary(sign="!"):
            return not _truth(node.operand, _value(node.operand, facts))
        case _:
            # Every other form needs all its operands, so the first error among them is the form's.
            return _applied(node, [_value(child, facts) for child in children(node)], facts)


def root(node: Name, facts: Facts) -> dict[str, Any]:
    """The part of the facts that a root name stands for."""
    found: dict[str, Any] = facts.meta if node.name == "event.meta" else getattr(facts, node.name)
    return found


def _logic(node: Logic, facts: Facts) -> bool:
    decisive = node.sign == "||"
    first: Absent | EvaluationError | None = None
    for operand in node.operands:
        try:
            if _truth(operand, _value(operand, facts)) is decisive:
                return decisive
        except (Absent, EvaluationError) as error:
            first = first or error
    if first:
        raise first
    return not decisive


def _applied(node: Node, operands: list[Any], facts: Facts) -> Any:
    try:
        return _result(node, operands, facts)
    except KeyError:
        raise Absent(told(node)) from None
    except EvaluationError as error:
        raise EvaluationError(f"{told(node)}: {error}") from None


def _result(node: Node, operands: list[Any], facts: Facts) -> Any:
    match node:
        case Select():
            return values.field(operands[0], node.field)
        case Has():
            return values.present(operands[0], node.field)
        case Index():
            return values.element(*operands)
        case Unary():
            return values.negate(operands[0])
        case Binary():
            return OPERATORS[node.sign](*operands)
        case Call():
            function = FUNCTIONS[node.function]
            given = [getattr(facts, function.reads)] if function.reads else []
            return function.run(*given, *operands)
        case ListOf():
            return operands
        case MapOf():
            return values.mapping(*operands)
        case _:
            raise AssertionError(f"{type(node).__name__} is evaluated elsewhere")

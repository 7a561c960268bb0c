"""Conditions in words, where they are simple enough to be said."""

from journeys.conditions.errors import ConditionError
from journeys.conditions.grammar import parse
from journeys.conditions.tree import Binary, Call, Has, ListOf, Literal, Logic, Node, Select, Unary, path

IS = {"==": "is", "!=": "is not", ">=": "is at least", ">": "is more than", "<=": "is at most", "<": "is less than"}
OPPOSITE = {"==": "!=", "!=": "==", ">=": "<", "<": ">=", ">": "<=", "<=": ">"}
UNITS = ("s", "ms", "m", "km")
"""What stands behind the last `_` of a name and is said behind the number."""


def condition_words(source: str) -> str:
    """`the value is at least 30`; empty for what is better read as it is written."""
    try:
        return _said(parse(source))
    except ConditionError:
        return ""


def _said(node: Node) -> str:
    match node:
        case Logic():
            parts = [_said(each) for each in node.operands]
            mixed = any(isinstance(each, Logic) for each in node.operands)
            return (" and " if node.sign == "&&" else " or ").join(parts) if all(parts) and not mixed else ""
        case Unary(sign="!"):
            return _denied(node.operand)
        case _:
            return _plain(node, True)


def _denied(node: Node) -> str:
    if isinstance(node, Binary) and node.sign in OPPOSITE:
        return _compared(node, OPPOSITE[node.sign])
    return _plain(node, False)


def _plain(node: Node, holds: bool) -> str:
    """A statement without `and` and `or`, or its contrary."""
    is_ = "is" if holds else "is not"
    match node:
        case Binary(sign="in", right=ListOf(items=listed)):
            items = [_literal(each) for each in listed]
            subject = _subject(node.left)
            return f"{subject} {is_} one of {', '.join(items)}" if subject and all(items) else ""
        case Binary():
            return _compared(node, node.sign) if holds else ""
        case Has():
            names = path(node.operand)
            subject = _named((*names, node.field)) if names else ""
            return f"{subject} {is_} known" if subject else ""
        case Call():
            return _asked(node, holds)
        case Select(operand=Call(function="weather", arguments=asked), field="raining"):
            where = "there" if path(asked[0]) == ("customer", "place") else ""
            return f"it {'rains' if holds else 'does not rain'} {where}" if where else ""
        case Select():
            subject = _subject(node)
            return f"{subject} {is_} true" if subject else ""
        case _:
            return ""


def _compared(node: Binary, sign: str) -> str:
    left, right = path(node.left), path(node.right)
    if left and right and sign in ("==", "!=") and {left[0], right[0]} == {"event", "entry"} and left[1:] == right[1:]:
        return f"{_named(('event', *left[1:]))} is {'' if sign == '==' else 'not '}the same as at entry"
    subject = _subject(node.left)
    value = _literal(node.right) or _subject(node.right)
    unit = next((unit for unit in UNITS if left and left[-1].endswith(f"_{unit}") and _literal(node.right)), "")
    return f"{subject} {IS[sign]} {value} {unit}".strip() if subject and value and sign in IS else ""


def _asked(node: Call, holds: bool) -> str:
    given = [each.value if isinstance(each, Literal) else None for each in node.arguments]
    match node.function, given:
        case "consented", [str() as topic, str() as channel]:
            return f"consent {'was' if holds else 'was not'} given for {topic} by {channel}"
        case "in_segment", [str() as name]:
            return f"the person {'is' if holds else 'is not'} in the segment {name}"
        case "near", [None, str() as kind, int() | float() as metres] if path(node.arguments[0]):
            return f"{'one' if holds else 'none'} of the {kind} lies within {metres:g} m"
        case "inside", [None, str() as name] if path(node.arguments[0]):
            return f"the place {'lies' if holds else 'does not lie'} in {name}"
        case _:
            return ""


def _subject(node: Node) -> str:
    """What a comparison is about; empty for what has no plain name."""
    names = path(node)
    if names:
        return _named(names)
    if not isinstance(node, Call):
        return ""
    given = [each.value for each in node.arguments if isinstance(each, Literal)]
    match node.function, given:
        case "count", [str() as type_, str() as span]:
            return f"the number of `{type_}` within {span}"
        case "sum", [str() as type_, str() as field, str() as span]:
            return f"the sum of the {_blank(field)} of `{type_}` within {span}"
        case "days_since", [str() as type_]:
            return f"the number of days since the last `{type_}`"
        case _:
            return ""


def _named(names: tuple[str, ...]) -> str:
    root, *fields = names
    said = " ".join(_blank(field) for field in fields if field != "meta")
    if not said:
        return ""
    match root:
        case "event":
            return f"the {said}"
        case "entry":
            return f"the {said} at entry"
        case "customer":
            return f"the person's {said}"
        case "vars":
            return f"the noted {said}"
        case _:
            return ""


def _blank(name: str) -> str:
    head, _, unit = name.rpartition("_")
    return (head if head and unit in UNITS else name).replace("_", " ")


def _literal(node: Node) -> str:
    if not isinstance(node, Literal):
        return ""
    match node.value:
        case bool():
            return "true" if node.value else "false"
        case str():
            return f"“{node.value}”"
        case int() | float():
            return f"{node.value:g}" if isinstance(node.value, float) else str(node.value)
        case _:
            return "null"

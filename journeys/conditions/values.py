"""What operators mean: CEL over plain JSON values, exactly, shared by generated code and interpreter."""

import math
from typing import Any

from journeys.conditions.errors import EvaluationError
from journeys.conditions.kinds import NOUNS, NUMBERS, ORDERED, Kind
from journeys.conditions.things import Kinds, Things

_KINDS: dict[type, Kind] = {
    int: Kind.INT,
    float: Kind.DOUBLE,
    str: Kind.STRING,
    bool: Kind.BOOL,
    type(None): Kind.NULL,
    list: Kind.LIST,
    dict: Kind.MAP,
    Kinds: Kind.MAP,
    Things: Kind.MAP,
}


def kind_of(value: Any) -> Kind:
    """The kind of a value. Raises EvaluationError for what is not plain JSON."""
    kind = _KINDS.get(type(value))
    if kind is None:
        raise EvaluationError(f"the facts hold a {type(value).__name__}, only plain JSON values are read")
    return kind


def _refused(sign: str, left: Any, right: Any) -> EvaluationError:
    return EvaluationError(f"{NOUNS[kind_of(left)]} {sign} {NOUNS[kind_of(right)]} has no meaning")


def equal(left: Any, right: Any) -> bool:
    """Different kinds are unequal, but whole numbers and doubles compare by value; lists and maps by what they hold."""
    kind, other = kind_of(left), kind_of(right)
    if kind in NUMBERS and other in NUMBERS:
        return bool(left == right)
    if kind is not other:
        return False
    if kind is Kind.LIST:
        return len(left) == len(right) and all(map(equal, left, right))
    if kind is Kind.MAP:
        return left.keys() == right.keys() and all(equal(left[key], right[key]) for key in left)
    return bool(left == right)


def contained(item: Any, container: Any) -> bool:
    """`in`: an equal element of a list, or a key of a map."""
    kind = kind_of(container)
    if kind is Kind.LIST:
        return any(equal(item, element) for element in container)
    if kind is Kind.MAP and kind_of(item) in ORDERED:
        return kind_of(item) is Kind.STRING and item in container
    raise _refused("in", item, container)


def _check_order(sign: str, left: Any, right: Any) -> None:
    kind, other = kind_of(left), kind_of(right)
    if not (kind in NUMBERS and other in NUMBERS) and not (kind is other and kind in ORDERED):
        raise _refused(sign, left, right)


def less(left: Any, right: Any) -> bool:
    """Two numbers, two texts (by code point) or two booleans (false first); anything else has no order."""
    _check_order("<", left, right)
    return bool(left < right)


def less_equal(left: Any, right: Any) -> bool:
    """As `less`."""
    _check_order("<=", left, right)
    return bool(left <= right)


def greater(left: Any, right: Any) -> bool:
    """As `less`."""
    _check_order(">", left, right)
    return bool(left > right)


def greater_equal(left: Any, right: Any) -> bool:
    """As `less`."""
    _check_order(">=", left, right)
    return bool(left >= right)


def whole(value: int) -> int:
    """The value, when it fits 64 bits."""
    if -(2**63) <= value < 2**63:
        return value
    raise EvaluationError("the result is a whole number beyond 64 bits")


def _numbers(sign: str, left: Any, right: Any) -> bool:
    """Whether both are whole; else both are to be read as doubles."""
    kind, other = kind_of(left), kind_of(right)
    if kind is Kind.INT and other is Kind.INT:
        return True
    if kind in NUMBERS and other in NUMBERS:
        return False
    raise _refused(sign, left, right)


def double(value: Any) -> float:
    """A number as a double; a whole number beyond its range is an error."""
    try:
        return float(value)
    except OverflowError:
        raise EvaluationError("a whole number is beyond what a double holds") from None


def add(left: Any, right: Any) -> Any:
    """Numbers are added; two texts or two lists are joined."""
    kind = kind_of(left)
    if kind is kind_of(right) and kind in (Kind.STRING, Kind.LIST):
        return left + right
    return whole(left + right) if _numbers("+", left, right) else double(left) + double(right)


def subtract(left: Any, right: Any) -> int | float:
    """Numbers only."""
    return whole(left - right) if _numbers("-", left, right) else double(left) - double(right)


def multiply(left: Any, right: Any) -> int | float:
    """Numbers only."""
    return whole(left * right) if _numbers("*", left, right) else double(left) * double(right)


def divide(left: Any, right: Any) -> int | float:
    """Whole numbers truncate toward zero and refuse a zero; doubles follow IEEE 754, as CEL does."""
    if _numbers("/", left, right):
        return whole(_quotient(left, right))
    dividend, divisor = double(left), double(right)
    if divisor:
        return dividend / divisor
    if math.isnan(dividend) or not dividend:
        return math.nan
    return math.copysign(math.inf, dividend) * math.copysign(1.0, divisor)


def _quotient(left: int, right: int) -> int:
    if not right:
        raise EvaluationError("division by zero")
    quotient = abs(left) // abs(right)
    return quotient if (left < 0) == (right < 0) else -quotient


def modulo(left: Any, right: Any) -> int:
    """Of whole numbers only; the sign is the dividend's."""
    if kind_of(left) is not Kind.INT or kind_of(right) is not Kind.INT:
        raise _refused("%", left, right)
    return int(left) - int(right) * whole(_quotient(left, right))


def negate(value: Any) -> int | float:
    """A number with the other sign."""
    kind = kind_of(value)
    if kind is Kind.INT:
        return whole(-int(value))
    if kind is Kind.DOUBLE:
        return -float(value)
    raise EvaluationError(f"- before {NOUNS[kind]} has no meaning")


def field(container: Any, key: str) -> Any:
    """A field of a map. Raises KeyError when it is not there."""
    if type(container) is dict or kind_of(container) is Kind.MAP:
        return container[key]
    raise EvaluationError(f"{NOUNS[kind_of(container)]} has no fields")


def present(container: Any, key: str) -> bool:
    """Whether a map has the field, be it null."""
    if type(container) is dict or kind_of(container) is Kind.MAP:
        return key in container
    raise EvaluationError(f"{NOUNS[kind_of(container)]} has no fields")


def element(container: Any, key: Any) -> Any:
    """`container[key]`: a list by a place from 0, a map by a text. Raises KeyError when a map lacks the key."""
    kind, wanted = kind_of(container), kind_of(key)
    if kind is Kind.MAP and wanted is Kind.STRING:
        return container[key]
    if kind is Kind.LIST and wanted is Kind.INT:
        if 0 <= key < len(container):
            return container[key]
        raise EvaluationError(f"place {key} is outside a list of {len(container)}")
    raise EvaluationError(f"{NOUNS[kind]} cannot be indexed by {NOUNS[wanted]}")


def mapping(*parts: Any) -> dict[str, Any]:
    """A map of alternating keys and values. A key is a text and stands once."""
    found: dict[str, Any] = {}
    for key, value in zip(parts[::2], parts[1::2], strict=True):
        if kind_of(key) is not Kind.STRING:
            raise EvaluationError(f"the key of a map is {NOUNS[kind_of(key)]}, wanted a text")
        if key in found:
            raise EvaluationError(f"the key {key!r} stands twice in a map")
        found[key] = value
    return found

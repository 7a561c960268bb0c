"""The functions that a condition may call: their overloads, and what they do."""

import math
import re
from collections.abc import Callable
from enum import StrEnum
from typing import Any

import msgspec

from journeys.conditions import asking
from journeys.conditions.asking import texts
from journeys.conditions.declared import BOOL, DOUBLE, INT, MAP, STRING, Shape, map_of
from journeys.conditions.errors import EvaluationError
from journeys.conditions.kinds import NOUNS, NUMBERS, SIZED, Kind
from journeys.conditions.values import double, kind_of, whole

_WHOLE = re.compile(r"[+-]?[0-9]{1,20}")
_DECIMAL = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_TRUTH = dict.fromkeys(("true", "True", "TRUE", "t", "1"), True) | dict.fromkeys(
    ("false", "False", "FALSE", "f", "0"), False
)


class Written(StrEnum):
    """An argument that stands there as a text, since it says what must be counted; its value is an example."""

    TYPE = "order.placed"
    FIELD = "total"
    WINDOW = "30d"
    SEGMENT = "regulars"


class Function(msgspec.Struct, frozen=True):
    """One function: what each argument may be, what it gives, how it is written, and the code.

    `run` may trust the number of arguments, and those that are `written`. `reads` names the part of the facts that
    comes first. The `optional` last arguments may be left out. One that is `partial` may have nothing to give.
    """

    name: str
    accepts: tuple[frozenset[Kind], ...]
    gives: Shape
    run: Callable[..., Any]
    member: bool = False
    plain: bool = True
    reads: str = ""
    optional: int = 0
    written: tuple[Written, ...] = ()
    partial: bool = False

    def takes(self, count: int) -> bool:
        """Whether it is called with so many arguments."""
        return len(self.accepts) - self.optional <= count <= len(self.accepts)

    @property
    def form(self) -> str:
        """How it is written, for hints."""
        arguments = [f'"{example}"' for example in self.written]
        arguments = arguments or [" or ".join(sorted(kinds)) for kinds in self.accepts]
        if not self.plain:
            return f"{arguments[0]}.{self.name}({', '.join(arguments[1:])})"
        lengths = range(len(arguments) - self.optional, len(arguments) + 1)
        return " or ".join(f"{self.name}({', '.join(arguments[:length])})" for length in lengths)


def _size(value: Any) -> int:
    if kind_of(value) not in SIZED:
        raise EvaluationError(f"{NOUNS[kind_of(value)]} has no size")
    return len(value)


def _starts_with(text: Any, start: Any) -> bool:
    texts("startsWith", text, start)
    return bool(text.startswith(start))


def _ends_with(text: Any, end: Any) -> bool:
    texts("endsWith", text, end)
    return bool(text.endswith(end))


def _contains(text: Any, part: Any) -> bool:
    texts("contains", text, part)
    return part in text


def _no_conversion(value: Any, target: str) -> EvaluationError:
    shown = f"the text {value[:60]!r}" if type(value) is str else NOUNS[kind_of(value)]
    return EvaluationError(f"{shown} cannot become {target}")


def _to_int(value: Any) -> int:
    match kind_of(value):
        case Kind.INT:
            return whole(int(value))
        case Kind.DOUBLE if math.isfinite(value):
            return whole(int(value))
        case Kind.STRING if _WHOLE.fullmatch(value):
            return whole(int(value))
        case _:
            raise _no_conversion(value, "a whole number")


def _to_double(value: Any) -> float:
    match kind_of(value):
        case Kind.INT | Kind.DOUBLE:
            return double(value)
        case Kind.STRING if _DECIMAL.fullmatch(value):
            return float(value)
        case _:
            raise _no_conversion(value, "a double")


def _to_string(value: Any) -> str:
    match kind_of(value):
        case Kind.STRING:
            return str(value)
        case Kind.BOOL:
            return "true" if value else "false"
        case Kind.INT:
            return str(whole(value))
        case Kind.DOUBLE:
            return repr(value).removesuffix(".0")
        case _:
            raise _no_conversion(value, "a text")


def _to_bool(value: Any) -> bool:
    match kind_of(value):
        case Kind.BOOL:
            return bool(value)
        case Kind.STRING if value in _TRUTH:
            return _TRUTH[value]
        case _:
            raise _no_conversion(value, "a boolean")


_TEXT = frozenset({Kind.STRING})
_MAP = frozenset({Kind.MAP})
_SCALAR = frozenset({Kind.INT, Kind.DOUBLE, Kind.STRING})
_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_NOW = map_of(
    dict.fromkeys(("hour", "minute", "day", "month", "year"), INT)
    | {"weekday": Shape(Kind.STRING, values=_WEEKDAYS), "date": STRING, "time": STRING, "holiday": BOOL}
)
_EVENT = map_of({"at": INT}, closed=False)


def _asked(name: str, written: tuple[Written, ...], gives: Shape, run: Callable[..., Any], **more: Any) -> Function:
    return Function(name, (_TEXT,) * len(written), gives, run, reads="past", written=written, **more)


FUNCTIONS: dict[str, Function] = {
    function.name: function
    for function in (
        Function("size", (SIZED,), INT, _size, member=True),
        Function("startsWith", (_TEXT, _TEXT), BOOL, _starts_with, member=True, plain=False),
        Function("endsWith", (_TEXT, _TEXT), BOOL, _ends_with, member=True, plain=False),
        Function("contains", (_TEXT, _TEXT), BOOL, _contains, member=True, plain=False),
        Function("int", (_SCALAR,), INT, _to_int),
        Function("double", (_SCALAR,), DOUBLE, _to_double),
        Function("string", (_SCALAR | {Kind.BOOL},), STRING, _to_string),
        Function("bool", (frozenset({Kind.BOOL, Kind.STRING}),), BOOL, _to_bool),
        Function("consented", (_TEXT, _TEXT), BOOL, asking.consented, reads="consents"),
        Function("near", (_MAP, _TEXT, NUMBERS), BOOL, asking.near, reads="around", partial=True),
        Function("nearest", (_MAP, _TEXT, NUMBERS), MAP, asking.nearest, reads="around", partial=True),
        Function("inside", (_MAP, _TEXT), BOOL, asking.inside, reads="around", partial=True),
        Function("weather", (_MAP,), MAP, asking.weather, reads="around", partial=True),
        _asked("count", (Written.TYPE, Written.WINDOW), INT, asking.count, optional=1),
        _asked("sum", (Written.TYPE, Written.FIELD, Written.WINDOW), DOUBLE, asking.total, optional=1),
        _asked("last", (Written.TYPE,), _EVENT, asking.last, partial=True),
        _asked("days_since", (Written.TYPE,), INT, asking.days_since, partial=True),
        _asked("in_segment", (Written.SEGMENT,), BOOL, asking.in_segment),
        _asked("local_time", (), _NOW, asking.local_time),
    )
}
WRITTEN = frozenset(function.name for function in FUNCTIONS.values() if function.written)
"""Functions whose arguments are texts that stand there."""

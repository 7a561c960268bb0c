"""The functions that a condition may call: their overloads, and what they do."""

import math
import re
from collections.abc import Callable
from typing import Any

import msgspec

from journeys.conditions.errors import EvaluationError
from journeys.conditions.kinds import NOUNS, NUMBERS, SIZED, Kind
from journeys.conditions.values import double, kind_of, whole

MOST_METRES = 20_000
"""The greatest distance that `near` and `nearest` look at."""
_WHOLE = re.compile(r"[+-]?[0-9]{1,20}")
_DECIMAL = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_TRUTH = dict.fromkeys(("true", "True", "TRUE", "t", "1"), True) | dict.fromkeys(
    ("false", "False", "FALSE", "f", "0"), False
)


class Function(msgspec.Struct, frozen=True):
    """One function: what each argument may be, what it gives, how it is written, and the code.

    `run` may trust the number of arguments and nothing else. `reads` names the part of the facts that comes first.
    """

    name: str
    accepts: tuple[frozenset[Kind], ...]
    gives: Kind
    run: Callable[..., Any]
    member: bool = False
    plain: bool = True
    reads: str = ""

    @property
    def form(self) -> str:
        """How it is written, for hints."""
        arguments = [" or ".join(sorted(kinds)) for kinds in self.accepts]
        if self.plain:
            return f"{self.name}({', '.join(arguments)})"
        return f"{arguments[0]}.{self.name}({', '.join(arguments[1:])})"


def _texts(name: str, *values: Any) -> None:
    for value in values:
        if type(value) is not str:
            raise EvaluationError(f"{name} takes a text, not {NOUNS[kind_of(value)]}")


def _size(value: Any) -> int:
    if kind_of(value) not in SIZED:
        raise EvaluationError(f"{NOUNS[kind_of(value)]} has no size")
    return len(value)


def _starts_with(text: Any, start: Any) -> bool:
    _texts("startsWith", text, start)
    return bool(text.startswith(start))


def _ends_with(text: Any, end: Any) -> bool:
    _texts("endsWith", text, end)
    return bool(text.endswith(end))


def _contains(text: Any, part: Any) -> bool:
    _texts("contains", text, part)
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


def _consented(consents: Any, topic: Any, channel: Any) -> bool:
    _texts("consented", topic, channel)
    return consents.get(f"{topic}/{channel}", False) is True


def _near(around: Any, place: Any, kind: Any, metres: Any) -> bool:
    return _place_near(around, "near", place, kind, metres) is not None


def _nearest(around: Any, place: Any, kind: Any, metres: Any) -> Any:
    """A KeyError means absent."""
    found = _place_near(around, "nearest", place, kind, metres)
    if found is None:
        raise KeyError(kind)
    return found


def _weather(around: Any, place: Any) -> Any:
    """A KeyError means absent."""
    found = around.weather(*_point("weather", place))
    if found is None:
        raise KeyError("weather")
    return found


def _place_near(around: Any, name: str, place: Any, kind: Any, metres: Any) -> Any:
    _texts(name, kind)
    if kind_of(metres) not in NUMBERS or not 0 <= metres <= MOST_METRES:
        raise EvaluationError(f"{name} takes a distance of 0 to {MOST_METRES} metres")
    return around.nearest(*_point(name, place), kind, float(metres))


def _point(name: str, place: Any) -> tuple[float, float]:
    """Degrees north and east of a place; a KeyError where it lacks one."""
    if kind_of(place) is not Kind.MAP:
        raise EvaluationError(f"{name} takes a place, a map with lat and lon, not {NOUNS[kind_of(place)]}")
    lat, lon = place["lat"], place["lon"]
    if not {kind_of(lat), kind_of(lon)} <= NUMBERS or not (-90 <= lat <= 90 and -180 <= lon <= 180):
        raise EvaluationError(f"{name} takes a place with lat from -90 to 90 and lon from -180 to 180")
    return float(lat), float(lon)


_STRING = frozenset({Kind.STRING})
_MAP = frozenset({Kind.MAP})
_SCALAR = frozenset({Kind.INT, Kind.DOUBLE, Kind.STRING})
FUNCTIONS: dict[str, Function] = {
    function.name: function
    for function in (
        Function("size", (SIZED,), Kind.INT, _size, member=True),
        Function("startsWith", (_STRING, _STRING), Kind.BOOL, _starts_with, member=True, plain=False),
        Function("endsWith", (_STRING, _STRING), Kind.BOOL, _ends_with, member=True, plain=False),
        Function("contains", (_STRING, _STRING), Kind.BOOL, _contains, member=True, plain=False),
        Function("int", (_SCALAR,), Kind.INT, _to_int),
        Function("double", (_SCALAR,), Kind.DOUBLE, _to_double),
        Function("string", (_SCALAR | {Kind.BOOL},), Kind.STRING, _to_string),
        Function("bool", (frozenset({Kind.BOOL, Kind.STRING}),), Kind.BOOL, _to_bool),
        Function("consented", (_STRING, _STRING), Kind.BOOL, _consented, reads="consents"),
        Function("near", (_MAP, _STRING, NUMBERS), Kind.BOOL, _near, reads="around"),
        Function("nearest", (_MAP, _STRING, NUMBERS), Kind.MAP, _nearest, reads="around"),
        Function("weather", (_MAP,), Kind.MAP, _weather, reads="around"),
    )
}

"""What stands in a condition as a text and must be known or have a form: types of events, fields, windows, segments."""

import re
from collections.abc import Collection, Iterable
from difflib import get_close_matches
from typing import Any

from journeys.conditions.declared import Declared, Shape
from journeys.conditions.errors import ConditionError, Fault
from journeys.conditions.functions import Function, Written
from journeys.conditions.kinds import NOUNS, NUMBERS, Kind
from journeys.conditions.tree import Call, Literal, Node, start
from journeys.duration import Duration

_DOTTED = re.compile(r"[^.\s]+(?:\.[^.\s]+)*")
_NOUNS = {
    Written.TYPE: "type of event",
    Written.FIELD: "field",
    Written.WINDOW: "window",
    Written.SEGMENT: "segment",
}
_AT_PLACES = ("near", "nearest", "inside")
"""Functions whose second argument is a kind of places; of `inside` also the id of one."""
_MOST_SHOWN = 8


def close(word: Any, known: Collection[str]) -> str:
    """`did you mean ...?` when something known is spelled alike, else nothing."""
    if not isinstance(word, str):
        return ""
    alike = get_close_matches(word, known, n=1, cutoff=0.6)
    lower = {name.lower(): name for name in known}
    meant = lower.get(word.lower()) or (alike[0] if alike else "")
    return f"did you mean {meant}?" if meant else ""


def some(known: Iterable[Any]) -> str:
    """The first of what is known, for a hint."""
    names = [str(each) for each in known]
    more = f", and {len(names) - _MOST_SHOWN} more" if len(names) > _MOST_SHOWN else ""
    return f"{', '.join(names[:_MOST_SHOWN])}{more}" if names else "none"


def call(node: Call, function: Function, types: Declared) -> Shape:
    """What a call gives whose arguments are texts that stand there. Raises ConditionError for one that does not fit."""
    for argument, role in zip(node.arguments, function.written, strict=False):
        _form(node, function, argument, role)
        if role is Written.SEGMENT:
            _known(argument, _NOUNS[role], types.segments)
        elif role is Written.TYPE:
            _known(argument, _NOUNS[role], types.events)
    return _given(node, function, types)


def place(node: Call, types: Declared) -> None:
    """Raises ConditionError for a call that names a place, as a text that stands there, which is not declared."""
    if node.function in _AT_PLACES:
        _known(node.arguments[1], "place", types.places)


def _form(node: Call, function: Function, argument: Node, role: Written) -> None:
    hint = f"write {function.form}"
    if not isinstance(argument, Literal):
        what = f"the {_NOUNS[role]} that {node.function} asks for must stand there as a text"
        raise ConditionError(what, *start(argument), hint)
    written = str(argument.value)
    if role is Written.WINDOW:
        try:
            Duration.parse(written)
        except ValueError as error:
            raise ConditionError(str(error), *argument.where, hint) from None
    elif not (_DOTTED.fullmatch(written) if role is Written.FIELD else written.strip()):
        raise ConditionError(f"{written!r} is no {_NOUNS[role]}", *argument.where, hint)


def _known(argument: Node, noun: str, known: Collection[str] | None) -> None:
    if known is None or not isinstance(argument, Literal) or argument.value in known:
        return
    hint = close(argument.value, known) or f"there is {some(sorted(known))}"
    if noun == "segment" and not known:
        hint = f"write segments/{argument.value}.yaml"
    raise ConditionError(f"unknown {noun} {argument.value}", *argument.where, hint, fault=Fault.DECLARED)


def _given(node: Call, function: Function, types: Declared) -> Shape:
    declared = _event(node, types)
    if declared is None:
        return function.gives
    if node.function == "last":
        return Shape(Kind.MAP, {**declared.fields, **function.gives.fields}, declared.closed)
    if Written.FIELD in function.written:
        _summed(node.arguments[function.written.index(Written.FIELD)], declared)
    return function.gives


def _event(node: Call, types: Declared) -> Shape | None:
    first = node.arguments[0] if node.arguments else None
    return (types.events or {}).get(str(first.value)) if isinstance(first, Literal) else None


def _summed(argument: Node, declared: Shape) -> None:
    """A dotted path that leads to a number, or to what nobody has declared."""
    assert isinstance(argument, Literal)
    at = declared
    for name in str(argument.value).split("."):
        below = at.field(name) if at.kind in (Kind.MAP, Kind.DYN) else None
        if below is None:
            hint = close(name, tuple(at.fields)) or f"there is {some(at.fields)}"
            raise ConditionError(f"unknown field {argument.value}", *argument.where, hint, fault=Fault.DECLARED)
        at = below
    if at.kind not in NUMBERS and at.kind is not Kind.DYN:
        raise ConditionError(f"{argument.value} is {NOUNS[at.kind]}, a sum takes numbers", *argument.where, "count it")

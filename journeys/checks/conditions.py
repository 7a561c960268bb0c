"""Conditions and expressions: that they can be read, and know every name and function they use."""

from collections.abc import Callable, Iterator
from typing import Any

from journeys.conditions import ConditionError, compile_condition, compile_expression
from journeys.load import Draft, Folder
from journeys.outline import conditions, expressions
from journeys.problem import Problem
from journeys.quoting import condition_at
from journeys.tree import Scalar


def faults(folder: Folder) -> Iterator[Problem]:
    """The first fault of each condition, at its place in the file."""
    for draft in folder.drafts:
        for name, text in conditions(draft.positions.root):
            yield from _faults(draft, name, text, compile_condition)
        for name, text in expressions(draft.positions.root):
            yield from _faults(draft, name, text, compile_expression)


def _faults(draft: Draft, name: str, scalar: Scalar, compiled: Callable[[str], Any]) -> Iterator[Problem]:
    try:
        compiled(scalar.text)
    except ConditionError as error:
        misread = _misread(draft, scalar)
        if misread:
            yield misread
            return
        unknown = error.message.startswith("unknown")
        if not unknown and scalar.start.line in draft.quoted:
            return
        mark = draft.positions.inside(scalar, error.line, error.column)
        what = f"`{name}`: {error.message}"
        yield Problem(draft.path, mark.line, mark.column, "J009" if unknown else "J008", what, error.hint)


def _misread(draft: Draft, scalar: Scalar) -> Problem | None:
    """A plain condition of which YAML kept only a part, such as what stands before ` #` inside quotes."""
    bare = condition_at(draft.positions.text, scalar.start.line) if not scalar.style else None
    if bare is None or not bare.reason or bare.source.split() == scalar.text.split():
        return None
    return Problem(draft.path, bare.line, bare.column, "J001", bare.reason, bare.hint)

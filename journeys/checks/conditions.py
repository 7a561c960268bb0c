"""Conditions and expressions: that they can be read, and know every name and function they use."""

from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from journeys.checks.scope import named, scope_of
from journeys.conditions import ConditionError, compile_condition, compile_expression
from journeys.conditions.declared import Declared
from journeys.conditions.errors import Fault
from journeys.load import Draft, Folder
from journeys.outline import conditions_in, expressions_in, parts
from journeys.problem import Problem
from journeys.quoting import condition_at
from journeys.tree import Mapping, Scalar

_CODES = {Fault.FORM: "J008", Fault.NAME: "J009", Fault.DECLARED: "J034"}


def faults(folder: Folder) -> Iterator[Problem]:
    """The first fault of each condition, at its place in the file."""
    known = named(folder)
    declared = folder.declared
    anywhere = Declared(
        customer=declared.person, events=declared.shapes, segments=known, places=declared.places or None
    )
    for draft in (*folder.offer_drafts, *folder.brand_drafts):
        for part in parts(draft.positions.root):
            yield from _of_part(draft, part, anywhere)
    for draft in folder.drafts:
        scope = scope_of(declared, draft.positions.root)
        for part in parts(draft.positions.root):
            yield from _of_part(draft, part, msgspec.structs.replace(scope.at(part), segments=known))


def _of_part(draft: Draft, part: Mapping, types: Declared) -> Iterator[Problem]:
    found = [condition_fault(draft, *each, compile_condition, types) for each in conditions_in(part)]
    found += [condition_fault(draft, *each, compile_expression, types) for each in expressions_in(part)]
    yield from (fault for fault in found if fault)


def condition_fault(
    draft: Draft, name: str, scalar: Scalar, compiled: Callable[..., Any], types: Declared
) -> Problem | None:
    """The first fault of one condition or expression under a key, None where there is none."""
    try:
        compiled(scalar.text, types=types)
    except ConditionError as error:
        misread = _misread(draft, scalar)
        if misread:
            return misread
        if error.fault is Fault.FORM and scalar.start.line in draft.quoted:
            return None
        mark = draft.positions.inside(scalar, error.line, error.column)
        what = f"`{name}`: {error.message}"
        return Problem(draft.path, mark.line, mark.column, _CODES[error.fault], what, error.hint)
    return None


def _misread(draft: Draft, scalar: Scalar) -> Problem | None:
    """A plain condition of which YAML kept only a part, such as what stands before ` #` inside quotes."""
    bare = condition_at(draft.positions.text, scalar.start.line) if not scalar.style else None
    if bare is None or not bare.reason or bare.source.split() == scalar.text.split():
        return None
    return Problem(draft.path, bare.line, bare.column, "J001", bare.reason, bare.hint)

"""Segments: journeys name those that are there, and each looks at nothing but the customer and what they did."""

from collections.abc import Iterator

from journeys.checks.conditions import condition_fault
from journeys.checks.scope import named
from journeys.conditions import ConditionError, compile_condition
from journeys.conditions.declared import Declared
from journeys.load import Draft, Folder
from journeys.mend import problem
from journeys.outline import conditions_in, is_slug, triggers
from journeys.problem import Problem, did_you_mean
from journeys.tree import Mapping, Scalar

_NAMING = ("enters_segment", "leaves_segment", "to_segment")


def faults(folder: Folder) -> Iterator[Problem]:
    """Each name of a segment that is not there, and each fault of a segment's own conditions."""
    known = named(folder)
    types = Declared(customer=folder.declared.person, events=folder.declared.shapes, segments=known)
    for draft in folder.drafts:
        for trigger in triggers(draft.positions.root):
            for key in _NAMING:
                value = trigger.get(key)
                if isinstance(value, Scalar) and is_slug(value) and value.text not in known:
                    hint = did_you_mean(value.text, known, f"write segments/{value.text}.yaml")
                    yield problem(draft.path, value.start, "J054", f"unknown segment `{value.text}`", hint)
    for draft in folder.segment_drafts:
        yield from _own(draft, types)


def _own(draft: Draft, types: Declared) -> Iterator[Problem]:
    root = draft.positions.root
    for name, text in conditions_in(root) if isinstance(root, Mapping) else []:
        fault = condition_fault(draft, name, text, compile_condition, types)
        if fault:
            yield fault
            continue
        what = _beyond(text.text)
        if what:
            hint = "put that into the journey's `where`"
            yield problem(draft.path, text.start, "J055", f"`{name}` looks at {what}, which a segment does not", hint)


def _beyond(source: str) -> str:
    """What a condition looks at beside the customer and the past, empty where it is nothing."""
    try:
        needs = compile_condition(source).needs
    except ConditionError:
        return ""
    roots = sorted({path[0] for path in needs.paths} - {"customer"})
    if roots:
        return f"`{roots[0]}`"
    return "places, weather or the time of day" if needs.around or needs.local_time else ""

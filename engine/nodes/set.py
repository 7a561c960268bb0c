"""Nodes `set` and `add`: write to the person or to the enrollment, read back by what follows in the same decision."""

from typing import Any

from engine import trace
from engine.attributes import write
from engine.program import SetStep, Step
from engine.run import Run
from journeys.conditions import Absent, EvaluationError


def enter(step: SetStep, run: Run) -> Step:
    """Writes in order; an expression that names something absent writes nothing. Raises EvaluationError."""
    for target, expression in step.writes:
        name = ".".join(target)
        try:
            value = expression.evaluate(run.facts())
        except Absent as absent:
            run.say(trace.SET, step.label, "absent", f"{name} stays as it was: {absent}")
            continue
        if step.adds:
            value = _sum(run, target, value)
        if target[0] == "vars":
            run.enrollment.vars = _written(run.enrollment.vars, target[1:], value)
        else:
            _write_attribute(run, target[1:], value)
        run.say(trace.SET, step.label, name=name, value=value)
    return step.then


def _write_attribute(run: Run, path: tuple[str, ...], value: Any) -> None:
    """A journey's word is the newest: it takes the later of its own instant and the one that it replaces."""
    customer = run.draft.own()
    written_at = max(run.at, customer.attributes_at.get(path[0], run.at))
    attributes = _written(customer.attributes, path, value)
    write(customer, {path[0]: attributes[path[0]]}, (), written_at)
    run.draft.touch("customer")


def _sum(run: Run, target: tuple[str, ...], value: Any) -> Any:
    """What stands there plus the value; what is absent, or no number, counts as 0."""
    if not _is_number(value):
        raise EvaluationError(f"add takes a number, found {type(value).__name__}")
    found: Any = run.enrollment.vars if target[0] == "vars" else run.draft.customer.attributes
    for name in target[1:]:
        found = found.get(name) if isinstance(found, dict) else None
    return found + value if _is_number(found) else value


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _written(items: dict[str, Any], path: tuple[str, ...], value: Any) -> dict[str, Any]:
    """A copy of `items` with `value` at `path`; what is no mapping on the way there gives way to one."""
    if len(path) > 1:
        inner = items.get(path[0])
        value = _written(inner if isinstance(inner, dict) else {}, path[1:], value)
    return {**items, path[0]: value}

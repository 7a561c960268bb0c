"""Inputs: values by name, each an expression, as they are now."""

from typing import Any

from engine.program import Inputs
from journeys.conditions import Absent, Facts


def evaluated(inputs: Inputs, facts: Facts) -> dict[str, Any]:
    """The values of what is there; what is absent is left out. Raises EvaluationError."""
    found = {}
    for name, expression in inputs:
        try:
            found[name] = expression.evaluate(facts)
        except Absent:
            continue
    return found

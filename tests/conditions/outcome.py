"""What an expression gives, in a form that compares by kind too."""

from typing import Any

from journeys.conditions import Absent, Compiled, EvaluationError, Facts

ERROR = ("error",)
"""What an expression gives that has no value, here as there: an absent field, or a wrong kind."""


def exactly(value: Any) -> Any:
    """A form in which values compare by kind as well, and NaN is equal to itself."""
    if isinstance(value, list):
        return [exactly(item) for item in value]
    if isinstance(value, dict):
        return {key: exactly(item) for key, item in value.items()}
    return type(value).__name__, "nan" if value != value else value


def ours(expression: Compiled, facts: Facts) -> Any:
    """What we give."""
    try:
        return exactly(expression.evaluate(facts))
    except (Absent, EvaluationError):
        return ERROR

"""Conditions: the CEL subset of the language, compiled once to a generated Python function."""

from journeys.conditions.compile import Compiled, compile_condition, compile_expression
from journeys.conditions.errors import Absent, ConditionError, EvaluationError
from journeys.conditions.facts import Facts

__all__ = [
    "Absent",
    "Compiled",
    "ConditionError",
    "EvaluationError",
    "Facts",
    "compile_condition",
    "compile_expression",
]

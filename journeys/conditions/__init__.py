"""Conditions: the CEL subset of the language, compiled once to a generated Python function."""

from journeys.conditions.compile import Compiled, compile_condition, compile_expression
from journeys.conditions.declared import Declared, Shape
from journeys.conditions.errors import Absent, ConditionError, EvaluationError, Fault
from journeys.conditions.facts import Facts

__all__ = [
    "Absent",
    "Compiled",
    "ConditionError",
    "Declared",
    "EvaluationError",
    "Facts",
    "Fault",
    "Shape",
    "compile_condition",
    "compile_expression",
]

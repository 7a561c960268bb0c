"""Conditions: the CEL subset of the language, compiled once to a generated Python function."""

from journeys.conditions.compile import Compiled, compile_condition, compile_expression
from journeys.conditions.declared import Declared, Shape
from journeys.conditions.errors import Absent, ConditionError, EvaluationError, Fault
from journeys.conditions.facts import Facts
from journeys.conditions.needed import Needs, Wanted, needs, together

__all__ = [
    "Absent",
    "Compiled",
    "ConditionError",
    "Declared",
    "EvaluationError",
    "Facts",
    "Fault",
    "Needs",
    "Shape",
    "Wanted",
    "compile_condition",
    "compile_expression",
    "needs",
    "together",
]

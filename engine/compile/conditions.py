"""Conditions and inputs of definitions, compiled."""

from engine.program import Inputs
from journeys.conditions import Compiled, compile_condition, compile_expression
from journeys.model import Condition
from journeys.model import Inputs as Written


def optional(source: Condition | None) -> Compiled | None:
    """A condition where there is one; of a list all must hold."""
    return None if source is None else compile_condition(source)


def unless(source: Condition | None) -> Compiled | None:
    """A condition where there is one; of a list one is enough."""
    return None if source is None else compile_condition(source, every=False)


def inputs(written: Written) -> Inputs:
    """Values by name."""
    return tuple((name, compile_expression(value)) for name, value in written.items())

"""What can go wrong with a condition: a fault with its place at compile, an absent field or a wrong value later."""

from enum import StrEnum


class Fault(StrEnum):
    """What a fault of the source is about, for those who number faults."""

    FORM = "form"
    """It cannot be read, or has no meaning."""
    NAME = "name"
    """A name, a function or a field that the language does not know."""
    DECLARED = "declared"
    """A field, an event type, a segment, a kind of context or a value that is not declared."""


class ConditionError(Exception):
    """A fault of the source, found at compile: `line` and `column` (from 1) inside the source text, and a cure.

    `item` is the place (from 0) in the list when the source is a list of conditions, else None.
    """

    def __init__(
        self,
        message: str,
        line: int,
        column: int,
        hint: str = "",
        item: int | None = None,
        fault: Fault = Fault.FORM,
    ) -> None:
        super().__init__(message, line, column, hint, item, fault)
        self.message = message
        self.line = line
        self.column = column
        self.hint = hint
        self.item = item
        self.fault = fault

    def __str__(self) -> str:
        cure = f"; hint: {self.hint}" if self.hint else ""
        return f"{self.line}:{self.column}: {self.message}{cure}"


class Absent(Exception):
    """A field that is not there reached the top; `path` is the first one missing, such as `customer.loyalty`."""

    def __init__(self, path: str) -> None:
        super().__init__(path)
        self.path = path

    def __str__(self) -> str:
        return f"{self.path} is absent"


class EvaluationError(Exception):
    """The facts do not fit the condition: a value of a wrong kind, division by zero, a number beyond 64 bits."""

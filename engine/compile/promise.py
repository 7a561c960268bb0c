"""What the compilers of single nodes may ask of the one that compiles the blocks around them."""

from collections.abc import Mapping
from typing import Protocol

from engine.compile.errors import DefinitionError
from engine.hours import OpenHours
from engine.program import Inputs, MessageSpec, Step
from journeys.conditions import Compiled
from journeys.model import Condition, Expression, Node
from journeys.model import Inputs as Written


class Around(Protocol):
    """Paths are those of the journey, such as `steps[2].else[0]`, for messages only."""

    rescue: bool
    messages: Mapping[str, MessageSpec]

    def block(self, nodes: list[Node], then: Step, path: str) -> Step:
        """The first step of a block that goes on at `then`."""
        ...

    def condition(self, source: Condition) -> Compiled:
        """A condition whose needs are noted."""
        ...

    def expression(self, source: Expression) -> Compiled:
        """An expression whose needs are noted."""
        ...

    def inputs(self, written: Written) -> Inputs:
        """Inputs whose needs are noted."""
        ...

    def id(self, given: str | None, path: str) -> str:
        """The id of a node, taken from now on. Raises DefinitionError."""
        ...

    def hours(self, name: str | None, path: str) -> OpenHours | None:
        """The hours of the project under a name. Raises DefinitionError."""
        ...

    def fault(self, path: str, what: str) -> DefinitionError:
        """What is wrong at a path of the journey."""
        ...

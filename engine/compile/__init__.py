"""The compiler: definitions become programs and rules."""

from engine.compile.errors import DefinitionError
from engine.compile.journey import compile_journey
from engine.compile.segment import compile_segment

__all__ = ["DefinitionError", "compile_journey", "compile_segment"]

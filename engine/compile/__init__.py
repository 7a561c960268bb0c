"""The compiler: definitions become programs and rules."""

from engine.compile.errors import DefinitionError
from engine.compile.journey import compile_journey
from engine.compile.offers import compile_offers
from engine.compile.segment import compile_segment
from engine.compile.terms import compile_terms

__all__ = ["DefinitionError", "compile_journey", "compile_offers", "compile_segment", "compile_terms"]

"""Declared schemas as the shapes that conditions are checked against."""

from journeys.conditions.declared import Shape
from journeys.conditions.kinds import NUMBERS, Kind
from journeys.schemas.schema import Schema

_KINDS = {
    "string": Kind.STRING,
    "number": Kind.DOUBLE,
    "integer": Kind.INT,
    "boolean": Kind.BOOL,
    "object": Kind.MAP,
    "array": Kind.LIST,
}


def shape_of(schema: Schema) -> Shape:
    """The shape of a schema. A value of several types is of any kind, but whole and other numbers are numbers."""
    kinds = {_KINDS[name] for name in schema.types if name in _KINDS}
    kind = kinds.pop() if len(kinds) == 1 else Kind.DOUBLE if kinds and kinds <= NUMBERS else Kind.DYN
    return Shape(
        kind,
        {name: shape_of(inner) for name, inner in schema.properties.items()} if kind is Kind.MAP else {},
        kind is Kind.MAP and not schema.is_open,
        shape_of(schema.items) if schema.items and kind is Kind.LIST else None,
        schema.enum or None,
        "null" in schema.types,
    )

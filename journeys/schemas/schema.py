"""A schema as a value: what one property, one event type or the customer may hold."""

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

TYPES = ("string", "number", "integer", "boolean", "object", "array", "null")
FORMATS = ("date", "date-time")


class Schema(msgspec.Struct, frozen=True):
    """What a value may be. `types` are those of JSON Schema, none means any.

    `extra` is what properties that are not declared may hold, None where there are none; `enum` is empty where every
    value of the types may stand.
    """

    types: frozenset[str] = frozenset()
    properties: Mapping[str, "Schema"] = {}
    required: frozenset[str] = frozenset()
    extra: "Schema | None" = None
    items: "Schema | None" = None
    enum: tuple[Any, ...] = ()
    format: str = ""
    description: str = ""

    def find(self, name: str) -> "Schema | None":
        """What the property of that name may hold; None where there can be none."""
        if self.types and "object" not in self.types:
            return None
        if not self.types and not self.properties:
            return ANY
        return self.properties.get(name, self.extra)

    @property
    def is_open(self) -> bool:
        """Whether a property of any name may stand here."""
        return self.extra is not None or (not self.types and not self.properties)


ANY = Schema()
"""Nothing is known."""


def object_of(properties: Mapping[str, Schema], required: Iterable[str] = (), extra: Schema | None = None) -> Schema:
    """A mapping with these properties."""
    return Schema(frozenset({"object"}), properties, frozenset(required), extra)


def common(schemas: Iterable[Schema]) -> Schema:
    """What holds for each of several mappings: a property is known where all of them know it."""
    return _joined(list(schemas), every=True)


def possible(schemas: Iterable[Schema]) -> Schema:
    """What may stand in one of several mappings: a property is known where any of them knows it."""
    return _joined(list(schemas), every=False)


def either(schemas: Iterable[Schema]) -> Schema:
    """A value that is of one of these schemas."""
    among = list(schemas)
    if len(among) == 1:
        return among[0]
    if not among or not all(schema.types for schema in among):
        return ANY
    types = frozenset[str]().union(*(schema.types for schema in among))
    shaped = [schema for schema in among if "object" in schema.types]
    items = [schema.items or ANY for schema in among if "array" in schema.types]
    enum = tuple(value for schema in among for value in schema.enum) if all(schema.enum for schema in among) else ()
    inner = possible(shaped) if shaped else ANY
    return Schema(types, inner.properties, frozenset(), inner.extra, either(items) if items else None, enum)


def _joined(schemas: list[Schema], *, every: bool) -> Schema:
    if len(schemas) == 1:
        return schemas[0]
    names = dict.fromkeys(name for schema in schemas for name in schema.properties)
    properties: dict[str, Schema] = {}
    for name in names:
        known = [schema.find(name) for schema in schemas]
        found = [one for one in known if one is not None]
        if len(found) == len(known) or not every:
            properties[name] = either(found)
    opened = [schema.is_open for schema in schemas]
    extra = ANY if schemas and (all(opened) if every else any(opened)) else None
    return object_of(properties, extra=extra)

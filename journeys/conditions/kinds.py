"""The kinds of values that conditions know, and what they are called in messages."""

from enum import StrEnum


class Kind(StrEnum):
    """A CEL type; DYN is one that only the facts will tell."""

    INT = "int"
    DOUBLE = "double"
    STRING = "string"
    BOOL = "bool"
    NULL = "null"
    LIST = "list"
    MAP = "map"
    DYN = "dyn"


NUMBERS = frozenset({Kind.INT, Kind.DOUBLE})
ORDERED = frozenset({Kind.INT, Kind.DOUBLE, Kind.STRING, Kind.BOOL})
SIZED = frozenset({Kind.STRING, Kind.LIST, Kind.MAP})
NOUNS: dict[Kind, str] = {
    Kind.INT: "a whole number",
    Kind.DOUBLE: "a double",
    Kind.STRING: "a text",
    Kind.BOOL: "a boolean",
    Kind.NULL: "null",
    Kind.LIST: "a list",
    Kind.MAP: "a map",
    Kind.DYN: "a value",
}

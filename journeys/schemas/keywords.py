"""The part of JSON Schema that schemas/*.yaml may use, keyword by keyword: for the reader, and for editors."""

from typing import Any

from journeys.schemas.schema import FORMATS, TYPES

_TEXTS = {"type": "array", "items": {"type": "string"}}
_SCHEMA = {"$ref": "#/$defs/schema"}
_MAPPING = {"type": "object", "additionalProperties": _SCHEMA}

KEYWORDS: dict[str, dict[str, Any]] = {
    "type": {
        "description": "What the value is: one type, or a list of them.",
        "anyOf": [{"enum": list(TYPES)}, {"type": "array", "items": {"enum": list(TYPES)}, "minItems": 1}],
    },
    "title": {"description": "A name for people.", "type": "string"},
    "description": {"description": "What it means, for people.", "type": "string"},
    "properties": {"description": "What an object holds, by name.", **_MAPPING},
    "required": {"description": "The properties that are always there.", **_TEXTS},
    "additionalProperties": {
        "description": "Whether properties of other names may stand here too, and what they hold. "
        "`check` knows no others unless this says so.",
        "anyOf": [{"type": "boolean"}, _SCHEMA],
    },
    "items": {"description": "What each item of an array holds.", **_SCHEMA},
    "enum": {"description": "All values that it can have.", "type": "array", "minItems": 1},
    "format": {"description": "How a text is written.", "enum": list(FORMATS)},
    "examples": {"description": "Values as they may be, for people.", "type": "array"},
}

FOREIGN = {
    "$ref": "write the properties out, so that a reader of the file sees them",
    "$defs": "write the properties out where they belong",
    "oneOf": "list the types under `type`, and the properties of all",
    "anyOf": "list the types under `type`, and the properties of all",
    "allOf": "write all properties into one schema",
    "const": "write `enum:` with one value",
    "patternProperties": "write `additionalProperties:` with what they hold",
}
"""Keywords of JSON Schema that are refused, with what to write instead; all others are refused with the list above."""


def file_schema() -> dict[str, Any]:
    """The JSON Schema of a file in schemas/: event types, things by key, places, or the customer."""
    event = {"description": "The event type that this file declares.", "type": "string"}
    events = {"description": "Several event types, each with its schema.", **_MAPPING}
    context = {"description": "Kinds of things that the company keeps up to date by key.", **_MAPPING}
    places = {
        "description": "Kinds and ids of places, each with a sentence of what it is.",
        "type": "object",
        "minProperties": 1,
        "additionalProperties": {"type": "string", "minLength": 1},
    }
    return {
        "description": "What an event type of the company, or the customer, holds.",
        "type": "object",
        "properties": {"event": event, "events": events, "context": context, "places": places, **KEYWORDS},
        "additionalProperties": False,
        "$defs": {"schema": {"type": "object", "properties": KEYWORDS, "additionalProperties": False}},
    }

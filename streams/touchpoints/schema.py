"""The JSON Schema of a touchpoint, generated from the model that the decoder compiles."""

from typing import Any

import msgspec

from streams.touchpoints.ids import EVERYONE, KINDS
from streams.touchpoints.reserved import MODELS, PERSONAL, STOP, EnginesOwn, Nothing
from streams.touchpoints.wire import Touchpoint
from streams.touchpoints.wire_limits import EXACT, NO_NUL, bytes_up_to

DIALECT = "http://json-schema.org/draft-07/schema#"
_LONGEST_KIND = max(len(kind) for kind in KINDS) + len(":")
_REF = "#/definitions/{name}"
_FILLED = {"required": ["identifiers"], "properties": {"identifiers": {"type": "object", "minProperties": 1}}}
_SOUND = {"$ref": "#/definitions/Sound"}


def touchpoint_schema() -> dict[str, Any]:
    """The schema of a record's value as plain JSON, in draft 7, which AsyncAPI reads.

    What it accepts the decoder accepts, but for the 29th of February in other years, values over 1 MiB and properties
    more than 64 levels deep, which it cannot see.
    """
    _, parts = msgspec.json.schema_components({Touchpoint, *MODELS.values()}, ref_template=_REF)
    definitions = {name: _cleaned(part) for name, part in sorted(parts.items())} | {"Sound": _sound()}
    touchpoint = definitions.pop("Touchpoint")
    del definitions["Nothing"], definitions["EnginesOwn"]
    fields = touchpoint["properties"]
    fields["identifiers"] |= {"anyOf": [_identifiers(), {"type": "null"}]}
    fields["properties"] |= {"anyOf": [{"type": "object", **_sound_parts()}, {"type": "null"}]}
    definitions["IdentityLinked"]["properties"]["identifiers"] = _identifiers()
    return {
        "$schema": DIALECT,
        **touchpoint,
        **_sound_parts(),
        "anyOf": [_told("customer"), {**_told("identifiers"), "properties": {"identifiers": _naming()}}],
        "allOf": [*(_reserved(kind, model) for kind, model in MODELS.items()), *_addressed()],
        "definitions": definitions,
    }


def _cleaned(part: Any) -> Any:
    """Without `default: null`, which says no more than that a field may be left out."""
    if isinstance(part, dict):
        return {key: _cleaned(value) for key, value in part.items() if key != "default"}
    return [_cleaned(value) for value in part] if isinstance(part, list) else part


def _sound_parts() -> dict[str, Any]:
    return {"propertyNames": NO_NUL, "additionalProperties": _SOUND}


def _sound() -> dict[str, Any]:
    """Any JSON without the character NUL and without integers over 64 bits."""
    return {
        "anyOf": [
            {"type": ["null", "boolean"]},
            {"type": "number", "minimum": -(1 << 63), "maximum": (1 << 63) - 1},
            {"type": "string", **NO_NUL},
            {"type": "array", "items": _SOUND},
            {"type": "object", **_sound_parts()},
        ]
    }


def _identifiers() -> dict[str, Any]:
    """With its kind before it an identifier may become a customer's id, so it must be that much shorter."""
    value = {"anyOf": [{"type": "string", **bytes_up_to(200 - _LONGEST_KIND)}, {"type": "number", **EXACT}]}
    return {"type": "object", "propertyNames": bytes_up_to(200), "additionalProperties": value}


def _told(field: str) -> dict[str, Any]:
    return {"required": [field], "properties": {field: {"not": {"type": "null"}}}}


def _naming() -> dict[str, Any]:
    return {"type": "object", "anyOf": [{"required": [kind]} for kind in KINDS]}


def _addressed() -> list[dict[str, Any]]:
    """What can be said to everyone, and what to no one else."""
    everyone = {"properties": {"customer": {"const": EVERYONE}}, "required": ["customer"]}
    stops = {"properties": {"type": {"const": STOP}}, "required": ["type"]}
    nobody = {"anyOf": [{"type": "null"}, {"type": "object", "maxProperties": 0}]}
    about_all = {"properties": {"type": {"not": {"enum": sorted(PERSONAL)}}, "identifiers": nobody}}
    return [{"if": everyone, "then": about_all}, {"if": stops, "then": everyone}]


def _reserved(kind: str, model: type[msgspec.Struct]) -> dict[str, Any]:
    return {"if": {"properties": {"type": {"const": kind}}, "required": ["type"]}, "then": _demand(kind, model)}


def _demand(kind: str, model: type[msgspec.Struct]) -> dict[str, Any] | bool:
    if model is EnginesOwn:
        return False
    if kind == "position.reported":
        return _told("place")
    if model is Nothing:
        return {}
    whole: dict[str, Any] = {"$ref": _REF.format(name=model.__name__)}
    if kind == "identity.linked":
        inside = {"required": ["properties"], "properties": {"properties": {"type": "object", **_FILLED}}}
        return {"properties": {"properties": {"anyOf": [whole, {"type": "null"}]}}, "anyOf": [_FILLED, inside]}
    if kind == "message.replied":
        whole = {"allOf": [whole, {"anyOf": [_told("action_id"), _told("text")]}]}
    if kind == "customer.updated":
        whole = {"allOf": [whole, {"anyOf": [_told("set"), _told("unset")]}]}
    return {"required": ["properties"], "properties": {"properties": whole}}

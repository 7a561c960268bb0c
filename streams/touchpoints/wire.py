"""A touchpoint as it stands on the wire: the model that decoder, JSON Schema and publishers share."""

import re
from collections.abc import Mapping
from typing import Annotated, Any, TypeVar

import msgspec
from msgspec import Meta

from streams.broker.publish import Out
from streams.touchpoints.record import RefusalError
from streams.touchpoints.soundness import refuse_malformed
from streams.touchpoints.wire_limits import EPOCH_MS, EXACT, ID_TEXT, ISO_8601, NO_NUL

Name = Annotated[str, Meta(min_length=1, max_length=200, extra_json_schema=NO_NUL)]
Id = (
    Annotated[str, Meta(extra_json_schema=ID_TEXT)]
    | Annotated[int, Meta(extra_json_schema=EXACT)]
    | Annotated[float, Meta(extra_json_schema=EXACT)]
)
Instant = (
    Annotated[str, Meta(extra_json_schema=ISO_8601)]
    | Annotated[int, Meta(extra_json_schema=EPOCH_MS)]
    | Annotated[float, Meta(extra_json_schema=EPOCH_MS)]
)


class Fix(msgspec.Struct, gc=False, omit_defaults=True):
    """Where it happened: degrees north and east (WGS 84), accuracy in metres."""

    lat: Annotated[float, Meta(ge=-90, le=90)]
    lon: Annotated[float, Meta(ge=-180, le=180)]
    accuracy_m: Annotated[float, Meta(ge=0)] | None = None


class Touchpoint(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """One event as plain JSON. `customer` or `identifiers` says whose it is; null is as good as left out."""

    type: Annotated[Name, Meta(description="What happened, such as order.placed. Some types are reserved.")]
    customer: Annotated[
        Id | None,
        Meta(description="Whose it is: 1 to 200 bytes; a number becomes text. * is everyone (docs/fanout.md)."),
    ] = None
    identifiers: Annotated[
        dict[str, Id] | None,
        Meta(description="Kind to value. The first of loyalty, email, phone, device, cookie stands for a customer."),
    ] = None
    id: Annotated[Id | None, Meta(description="Of this event: sent twice, it counts once.")] = None
    channel: Annotated[Name | None, Meta(description="Where it happened, else what the topic is named after.")] = None
    occurred_at: Annotated[
        Instant | None,
        Meta(description="ISO 8601 (without a zone: UTC) or epoch milliseconds, else its arrival."),
    ] = None
    place: Annotated[Fix | None, Meta(description="Where on earth.")] = None
    properties: Annotated[dict[str, Any] | None, Meta(description="All else that is known of it.")] = None


Integer = Annotated[int, Meta(ge=-(1 << 63), le=(1 << 63) - 1)]
Shallow: Any = str | Integer | float | bool | None
for _ in range(5):
    Shallow = str | Integer | float | bool | None | list[Shallow] | dict[str, Shallow]


class Usual(Touchpoint):
    """A touchpoint whose properties are sound as they are: five levels at most, integers of 64 bits.

    Spelled out as a type, this costs the compiled decoder nothing, where a walk would cost more than all the rest.
    """

    properties: dict[str, Shallow] | None = None


Read = tuple[Touchpoint, dict[str, Any], str | None]
"""A touchpoint, the fields beside it that the house does not know, and the brand it was sent under."""

FIELDS = frozenset(Touchpoint.__struct_encode_fields__)
DECODE_FAULTS = (msgspec.MsgspecError, ValueError, RecursionError)
_MISSING = re.compile("Object missing required field `(.*)`")
Model = TypeVar("Model")

decode_usual = msgspec.json.Decoder(Usual).decode
"""The fast path. Raises one of DECODE_FAULTS for whatever is not usual; `read_tree` then looks again."""

_decode_anything = msgspec.json.Decoder().decode
_encode = msgspec.json.Encoder().encode


def encode_touchpoint(touchpoint: Touchpoint) -> Out:
    """A touchpoint of our own processes as a record: plain JSON, keyed by the customer where it names one."""
    customer = touchpoint.customer
    return Out(None if customer is None else str(customer).encode(), _encode(touchpoint))


def read_tree(value: bytes) -> dict[str, Any]:
    """The value as a JSON object. Raises RefusalError that says where it is none."""
    try:
        tree = _decode_anything(value)
    except DECODE_FAULTS as fault:
        refuse_malformed(value, fault)
    if not isinstance(tree, dict):
        kind = {list: "an array", str: "a text", bool: "a boolean", type(None): "null"}.get(type(tree), "a number")
        raise RefusalError("not_object", f"the value is {kind}, expected one JSON object; send one event a record")
    return tree


def split(tree: Mapping[str, Any]) -> Read:
    """A JSON object as a touchpoint, and the unknown fields beside it. Raises RefusalError for a wrong type."""
    extras = {name: part for name, part in tree.items() if name not in FIELDS}
    return told({name: part for name, part in tree.items() if name in FIELDS}), extras, None


def told(tree: Mapping[str, Any], names: Mapping[str, str] = {}) -> Touchpoint:
    """The known fields as a touchpoint, a Usual one where they are. Raises RefusalError, naming fields by `names`."""
    try:
        return msgspec.convert(tree, Usual)
    except msgspec.ValidationError:
        return converted(tree, Touchpoint, names)


def converted(tree: Any, model: type[Model], names: Mapping[str, str] = {}, below: str = "") -> Model:
    """`tree` as `model`. Raises RefusalError that names the field as sent: by `names`, behind `below`."""
    try:
        return msgspec.convert(tree, model)
    except msgspec.ValidationError as fault:
        raise _refusal(str(fault), names, below) from None


def _refusal(fault: str, names: Mapping[str, str], below: str) -> RefusalError:
    message, _, position = fault.partition(" - at `$")
    head, dot, rest = position.strip(".`").partition(".")
    missing = _MISSING.fullmatch(message)
    if missing:
        head, dot, rest = (head, ".", missing[1]) if head else (missing[1], "", "")
    field = (below + names.get(head, head) + dot + rest).rstrip(".") or "the value"
    if missing:
        return RefusalError("missing_field", f"{field} is missing, and required; send it")
    return RefusalError("wrong_type", f"{field}: {message[0].lower()}{message[1:]}; docs/events.md shows its form")

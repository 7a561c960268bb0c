"""CloudEvents 1.0 on Kafka, binary and structured, to a touchpoint (source: its Kafka protocol binding)."""

import base64
import binascii
import hashlib
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

from streams.touchpoints.ids import MAX_ID_BYTES, id_text
from streams.touchpoints.instants import instant_ms
from streams.touchpoints.record import RefusalError, shown
from streams.touchpoints.soundness import may_hold_nul, refuse_unsound
from streams.touchpoints.wire import Read, read_tree, told

_STRUCTURED = "application/cloudevents+json"
_NAMES = {
    "customer": "subject",
    "occurred_at": "time",
    "properties": "data",
    "identifiers": "data.identifiers",
    "place": "data.place",
}
_OURS = frozenset(
    (
        "specversion",
        "id",
        "source",
        "type",
        "time",
        "subject",
        "data",
        "data_base64",
        "datacontenttype",
        "channel",
        "brand",
    )
)


def from_headers(headers: Sequence[tuple[str, bytes | None]], value: bytes | None) -> Read | None:
    """The CloudEvent that the headers announce, None where they announce none. Raises RefusalError for a broken one."""
    content_type, attributes = _announced(headers)
    if content_type.startswith("application/cloudevents"):
        if content_type != _STRUCTURED:
            raise RefusalError(
                "cloudevents",
                f"content-type is {shown(content_type)}, expected {_STRUCTURED}; send one event a record, as JSON",
            )
        return structured(read_tree(value or b""))
    if not attributes:
        return None
    if not _is_json(content_type):
        raise RefusalError(
            "cloudevents", f"content-type is {shown(content_type)}, expected application/json; send data as JSON"
        )
    return _read(attributes, read_tree(value) if value else {})


def structured(tree: dict[str, Any]) -> Read:
    """A CloudEvent in structured mode, decoded from JSON. Raises RefusalError."""
    return _read({name: part for name, part in tree.items() if part is not None}, _data(tree))


def _announced(headers: Sequence[tuple[str, bytes | None]]) -> tuple[str, dict[str, Any]]:
    """The media type in small letters without its parameters, and the attributes of binary mode."""
    content_type = ""
    attributes: dict[str, Any] = {}
    for name, raw in headers:
        small = name.lower()
        if small == "content-type":
            content_type = _text(small, raw).partition(";")[0].strip().lower()
        elif small.startswith("ce_") and raw is not None:
            attributes[small[3:]] = _text(small, raw)
    return content_type, attributes


def _text(name: str, raw: bytes | None) -> str:
    text = None
    with suppress(UnicodeDecodeError):
        text = None if raw is None else raw.decode()
    if text is None:
        raise RefusalError("cloudevents", f"header {name} is {shown(raw)}, expected text in UTF-8")
    if "\0" in text:
        raise RefusalError("nul", f"header {name} holds the character NUL; leave it out")
    return text


def _is_json(content_type: str) -> bool:
    return content_type in ("", "application/json", "text/json") or content_type.endswith("+json")


def _data(tree: dict[str, Any]) -> dict[str, Any]:
    data, packed = tree.get("data"), tree.get("data_base64")
    if packed is not None:
        if data is not None or not isinstance(packed, str):
            raise RefusalError(
                "cloudevents", "data_base64 must be text, and stand alone; send data as a JSON object instead"
            )
        return _unpacked(packed)
    if data is not None and not isinstance(data, dict):
        raise RefusalError("wrong_type", f"data is {shown(data)}, expected a JSON object, which becomes the properties")
    return data or {}


def _unpacked(packed: str) -> dict[str, Any]:
    try:
        raw = base64.b64decode(packed, validate=True)
    except (binascii.Error, ValueError):
        raise RefusalError("cloudevents", "data_base64 is not base64; send data as a JSON object instead") from None
    data = read_tree(raw)
    if may_hold_nul(raw):
        refuse_unsound(data, (None, "data_base64"))
    return data


def _read(attributes: dict[str, Any], data: dict[str, Any]) -> Read:
    _required(attributes)
    properties = {name: part for name, part in data.items() if name not in ("identifiers", "place")}
    plain = {
        "type": attributes["type"],
        "id": unique_id(attributes["source"], attributes["id"]),
        "customer": _checked("subject", attributes, id_text),
        "occurred_at": _checked("time", attributes, instant_ms),
        "channel": attributes.get("channel"),
        "identifiers": data.get("identifiers"),
        "place": data.get("place"),
        "properties": properties,
    }
    brand = attributes.get("brand")
    if brand is not None and not (isinstance(brand, str) and brand):
        raise RefusalError("wrong_type", f"brand is {shown(brand)}, expected text; send the brand's name")
    extras = {name: part for name, part in attributes.items() if name not in _OURS}
    return told(plain, _NAMES), extras, brand


def _checked(name: str, attributes: dict[str, Any], check: Callable[[str, str], str | int]) -> Any:
    """A text attribute checked under the name that the sender knows; all else is left to the types of a touchpoint."""
    found = attributes.get(name)
    return check(found, name) if isinstance(found, str) else found


def _required(attributes: dict[str, Any]) -> None:
    version = attributes.get("specversion")
    if version != "1.0":
        raise RefusalError("cloudevents", f"specversion is {shown(version)}, expected 1.0; send a CloudEvent 1.0")
    for name in ("id", "source", "type"):
        if attributes.get(name) in (None, ""):
            raise RefusalError("cloudevents", f"{name} is missing, and CloudEvents 1.0 requires it; send it")
    if not isinstance(attributes["source"], str):
        raise RefusalError("cloudevents", f"source is {shown(attributes['source'])}, expected a URI reference as text")


def unique_id(source: str, found: Any) -> str:
    """Only source and id together are unique. A URI has no blank, so the joint shows; what is too long is hashed."""
    if isinstance(found, bool) or not isinstance(found, str | int | float):
        raise RefusalError("wrong_type", f"id is {shown(found)}, expected text")
    joined = f"{source.replace(' ', '%20')} {id_text(found, 'id')}"
    if len(joined.encode()) <= MAX_ID_BYTES:
        return joined
    return "sha256:" + hashlib.sha256(joined.encode()).hexdigest()

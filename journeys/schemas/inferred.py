"""The files of schemas/ that a stretch of events gives, and what of them a person should look at."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from journeys.model import EVENT_TYPE
from journeys.schemas.declared import CUSTOMER_FILE
from journeys.schemas.infer import Seen
from journeys.schemas.reserved import CUSTOMER, RESERVED
from journeys.schemas.write import written
from journeys.yaml import NODE_LIMIT, TEXT_LIMIT

UPDATED = "customer.updated"


class Inferring:
    """Takes events one by one; at the end gives files, and sentences about what is rare or of several types."""

    def __init__(self) -> None:
        self.events = 0
        self.seen: dict[str, Seen] = {}
        self.customer = Seen()

    def take(self, type_: str, properties: Mapping[str, Any]) -> None:
        """Adds one event."""
        self.events += 1
        self.seen.setdefault(type_, Seen()).take(dict(properties))
        attributes = properties.get("set")
        if type_ == UPDATED and isinstance(attributes, dict):
            # One update seldom tells all attributes: none of them is required.
            self.customer.take({name: value for name, value in attributes.items() if name not in CUSTOMER})

    def schemas(self) -> dict[str, dict[str, Any]]:
        """By path in the folder; a reserved type only where it has properties of the company's own."""
        found: dict[str, dict[str, Any]] = {}
        for type_ in sorted(self.seen):
            schema = _own(type_, self.seen[type_].schema())
            if re.fullmatch(EVENT_TYPE, type_) and (type_ not in RESERVED or schema.get("properties")):
                found[_path(type_, found)] = {"event": type_, **schema}
        if self.customer.properties:
            attributes = {
                key: value for key, value in self.customer.schema().items() if key not in ("type", "required")
            }
            found[CUSTOMER_FILE] = attributes
        return found

    def files(self) -> dict[str, str]:
        """The texts by path; a schema that is too large for a file says nothing of its properties."""
        return {path: _text(schema) for path, schema in self.schemas().items()}

    def report(self) -> Iterator[str]:
        """What is rare, of several types, or was left out."""
        for type_, seen in sorted(self.seen.items()):
            if not re.fullmatch(EVENT_TYPE, type_):
                yield f"{type_[:60]!r} is no event type that a journey can name: {seen.count:,} events left out"
            elif type_ not in RESERVED:
                yield from seen.rare(type_)
        yield from self.customer.rare("customer")


def _own(type_: str, schema: dict[str, Any]) -> dict[str, Any]:
    """The schema of an event without what is always so: that it is an object, and what we declare ourselves."""
    ours = RESERVED[type_].properties if type_ in RESERVED else {}
    own = {name: inner for name, inner in schema.get("properties", {}).items() if name not in ours}
    required = [name for name in schema.get("required", []) if name not in ours]
    kept = {"additionalProperties": True} if schema.get("additionalProperties") else {"properties": own}
    return kept | ({"required": required} if required else {})


def _path(type_: str, taken: Mapping[str, Any]) -> str:
    name = re.sub(r"[/:]", "-", type_)
    known = {path.lower() for path in taken} | {CUSTOMER_FILE}
    path, number = f"schemas/{name}.yaml", 2
    while path.lower() in known:
        path, number = f"schemas/{name}-{number}.yaml", number + 1
    return path


def _text(schema: dict[str, Any]) -> str:
    text = written(schema)
    if len(text) > TEXT_LIMIT // 2 or len(re.findall(r"[:,]", text)) > NODE_LIMIT // 3:
        return written({**{key: schema[key] for key in ("event",) if key in schema}, "additionalProperties": True})
    return text

"""What is declared of the facts before there are any: shapes, as schemas or functions tell them."""

from collections.abc import Mapping
from typing import Any

import msgspec

from journeys.conditions.kinds import Kind


class Shape(msgspec.Struct, frozen=True):
    """What a value can be. `Shape()` is anything.

    `fields`: what is known of a map; one that is `closed` has no others. `items`: each element of a list, or
    each field of a map that is not known by name. `values`: all
    that it can be, such as an `enum`. `nullable`: it may be null instead. A field may always be absent. A schema's
    `integer` is INT and its `number` is DOUBLE; a value of several kinds is DYN.
    """

    kind: Kind = Kind.DYN
    fields: Mapping[str, "Shape"] = {}
    closed: bool = False
    items: "Shape | None" = None
    values: tuple[Any, ...] | None = None
    nullable: bool = False

    def field(self, name: str) -> "Shape | None":
        """The shape of a field, None where there can be none."""
        return self.fields.get(name) or (None if self.closed else self.items or ANY)


def map_of(fields: Mapping[str, Shape], *, closed: bool = True) -> Shape:
    """A map with these fields, and others where it is not `closed`."""
    return Shape(Kind.MAP, fields, closed)


ANY = Shape()
INT, DOUBLE, STRING, BOOL = Shape(Kind.INT), Shape(Kind.DOUBLE), Shape(Kind.STRING), Shape(Kind.BOOL)
LIST, MAP = Shape(Kind.LIST), Shape(Kind.MAP)
_SPOT = {"lat": DOUBLE, "lon": DOUBLE, "accuracy_m": DOUBLE}
ENVELOPE = map_of(
    {"id": STRING, "type": STRING, "channel": STRING, "occurred_at": INT, "place": map_of(_SPOT, closed=False)}
)
"""What `event.meta` and `entry.meta` hold."""
_PERSON = {"id": STRING, "timezone": STRING, "place": map_of({**_SPOT, "age_s": DOUBLE}, closed=False)}


class Declared(msgspec.Struct, frozen=True):
    """What is declared of the facts of one condition; None stands for nothing known, which allows everything.

    `event` and `entry` hold properties without the envelope, `customer` attributes without what the engine adds (id,
    timezone, place). `events` holds all event types with their properties, for functions that ask of the past;
    `segments` all that there are; `places` the kinds and ids of places; `context` the kinds of context with the shape
    of a thing.
    """

    event: Shape | None = None
    customer: Shape | None = None
    entry: Shape | None = None
    events: Mapping[str, Shape] | None = None
    segments: frozenset[str] | None = None
    context: Mapping[str, Shape] | None = None
    places: frozenset[str] | None = None
    meta: Shape = ENVELOPE

    def root(self, name: str) -> Shape | None:
        """What a root name stands for, None for one that is no root."""
        match name:
            case "event":
                return self.event or MAP
            case "event.meta":
                return self.meta
            case "customer":
                return _with(self.customer or MAP, _PERSON)
            case "entry":
                return _with(self.entry or MAP, {"meta": self.meta})
            case "vars":
                return MAP
            case "context":
                return MAP if self.context is None else map_of(dict(map(_kind, self.context.items())))
            case _:
                return None


def _kind(declared: tuple[str, Shape]) -> tuple[str, Shape]:
    name, thing = declared
    return name, Shape(Kind.MAP, items=thing)


def _with(shape: Shape, fields: Mapping[str, Shape]) -> Shape:
    return msgspec.structs.replace(shape, fields={**shape.fields, **fields})


UNTRUSTED = Declared(meta=MAP)
"""Nothing is known of the facts: what generated code may rely on, since no schema is held to at run time."""

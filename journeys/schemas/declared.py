"""All that a folder declares of its events and customers, and what is known of an event of any type."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from journeys.conditions.declared import Shape
from journeys.mend import found
from journeys.model import EVENT_TYPE
from journeys.problem import Problem
from journeys.schemas.read import SchemaReader
from journeys.schemas.reserved import CUSTOMER, RESERVED
from journeys.schemas.schema import ANY, Schema, common, object_of, possible
from journeys.schemas.shapes import shape_of
from journeys.tree import Mapping as Keys
from journeys.tree import Mark, Scalar, Tree
from journeys.yaml import read

CUSTOMER_FILE = "schemas/customer.yaml"
KIND = r"^[a-z][a-z0-9_]{0,39}$"
"""The name of a kind of context, which conditions write as a field."""
SPATIAL = ("places", "weather")


@dataclass(frozen=True)
class Declarations:
    """What a folder declares. Where it declares no event type none is unknown, and so with the customer's attributes.

    `events` holds the folder's own types, and the reserved ones that it adds properties to; `context` what a thing of
    each kind of context is, `places` the kinds and ids of places, none where none is unknown.
    """

    events: Mapping[str, Schema] = field(default_factory=dict)
    customer: Schema | None = None
    context: Mapping[str, Schema] = field(default_factory=dict)
    places: frozenset[str] = frozenset()

    @property
    def types(self) -> frozenset[str]:
        """Every type that is known; none where all are."""
        return frozenset(self.events) | frozenset(RESERVED) if self.events else frozenset()

    def event(self, type_: str) -> Schema:
        """What an event of this type holds; of one that is not known, or told already, anything."""
        if not self.events:
            return ANY
        return self.events.get(type_) or RESERVED.get(type_, ANY)

    def each_event(self, types: Iterable[str]) -> Schema:
        """What every event of these types holds: a property that one of them lacks is not known."""
        return common([self.event(type_) for type_ in types])

    def some_event(self, types: Iterable[str]) -> Schema:
        """What an event of one of these types may hold; without any type, anything."""
        return possible([self.event(type_) for type_ in types]) if (types := list(types)) else ANY

    @cached_property
    def shapes(self) -> Mapping[str, Shape] | None:
        """The shape of each known type, None where no type is unknown."""
        return {name: shape_of(self.event(name)) for name in sorted(self.types)} or None

    @cached_property
    def things(self) -> Mapping[str, Shape] | None:
        """The shape of a thing of each kind of context, None where no kind is unknown."""
        return {name: shape_of(self.context[name]) for name in sorted(self.context)} or None

    @cached_property
    def person(self) -> Shape | None:
        """The shape of a customer, None where no attribute is unknown."""
        return shape_of(self.customer) if self.customer is not None else None


def read_declarations(files: Mapping[str, str]) -> tuple[Declarations, list[Problem]]:
    """What the files under schemas/ (path to text) declare, with every fault. Never raises.

    A file with a fault still declares its types, so that their names are known.
    """
    reading = _Reading()
    for path in sorted(files):
        reading.take(path, files[path])
    known = Declarations(reading.events, reading.customer, reading.context, frozenset(reading.places))
    return known, reading.problems


class _Reading:
    def __init__(self) -> None:
        self.events: dict[str, Schema] = {}
        self.customer: Schema | None = None
        self.context: dict[str, Schema] = {}
        self.places: set[str] = set()
        self.problems: list[Problem] = []
        self._at: dict[str, str] = {}

    def take(self, path: str, text: str) -> None:
        result = read(path, text)
        self.problems += result.problems
        reader = SchemaReader(path)
        for extra in result.documents[1:]:
            reader.fault(extra.start, "J001", "a second document stands in the file", "use a file, or `events:`")
        if result.documents:
            self._root(path, result.documents[0], reader)
        elif not result.problems:
            reader.fault(Mark(), "J001", "the file is empty", "write `event: TYPE` and `properties:`")
        if path == CUSTOMER_FILE and self.customer is None:
            # It could not be read: no attribute is told as unknown for that.
            self.customer = ANY
        self.problems += reader.problems

    def _root(self, path: str, root: Tree, reader: SchemaReader) -> None:
        if not isinstance(root, Keys):
            what = f"the file must hold keys and values, found {found(root)}"
            reader.fault(root.start, "J006", what, "write `event: TYPE` and `properties:`")
        elif path == CUSTOMER_FILE:
            told = self._object(root, reader)
            self.customer = object_of({**CUSTOMER, **told.properties}, told.required, told.extra)
        elif root.entry("events"):
            self._several("events", root, reader, lambda key, schema: self._declare(path, key, schema, reader))
        elif root.entry("context"):
            self._several("context", root, reader, lambda key, schema: self._kind(path, key, schema, reader))
        elif root.entry("places"):
            self._places(root, reader)
        else:
            self._one(path, root, reader)

    def _one(self, path: str, root: Keys, reader: SchemaReader) -> None:
        schema = self._object(root, reader, ("event",))
        named = root.get("event")
        if named is None:
            hint = "write `event: order.placed`, or `events:` with a schema for each type"
            reader.fault(root.start, "J005", "missing key `event`", hint)
        elif not isinstance(named, Scalar):
            reader.fault(named.start, "J006", f"`event` must be an event type, found {found(named)}", "name one")
        else:
            self._declare(path, named, schema, reader)

    def _places(self, root: Keys, reader: SchemaReader) -> None:
        """Kinds and ids of places, each with a sentence of what it is."""
        below = root.get("places")
        for entry in root.entries:
            if entry.name != "places":
                what = f"`{entry.name}` stands beside `places`"
                reader.fault(entry.key.start, "J004", what, "move it below `places:`, or into another file")
        told = below.entries if isinstance(below, Keys) else []
        wrong = [each.value.start for each in told if not isinstance(each.value, Scalar) or not each.value.text.strip()]
        if not told or wrong:
            what = "`places` must tell of each kind or id of a place in a sentence"
            mark = wrong[0] if wrong else below.start if below else root.start
            reader.fault(mark, "J006", what, "write `stores: Our shops.` below `places:`")
        self.places |= {each.name for each in told}

    def _several(self, name: str, root: Keys, reader: SchemaReader, declare: Callable[[Scalar, Schema], None]) -> None:
        """Schemas by what they are of, below one key that stands alone in the file."""
        below, each = root.get(name), "type" if name == "events" else "kind"
        for entry in root.entries:
            if entry.name != name:
                what = f"`{entry.name}` stands beside `{name}`"
                reader.fault(entry.key.start, "J004", what, f"move it into the schema of a {each} below `{name}:`")
        if not isinstance(below, Keys):
            what = f"`{name}` must be a mapping of {each}s, found {found(below) if below else 'nothing'}"
            mark = below.start if below else root.start
            reader.fault(mark, "J006", what, f"write `{each.upper()}:` with its schema below it")
            return
        for entry in below.entries:
            declare(entry.key, self._object(entry.value, reader))

    def _kind(self, path: str, named: Scalar, schema: Schema, reader: SchemaReader) -> None:
        if not re.fullmatch(KIND, named.text) or named.text in SPATIAL:
            what = f"`{named.text[:40]}` is not a kind of context"
            hint = "write small letters, digits and `_`, as in `stock`; places and weather have their own form"
            reader.fault(named.start, "J006", what, hint)
        elif named.text in self.context:
            what = f"the kind `{named.text}` is also declared in {self._at[f'context.{named.text}']}"
            reader.fault(named.start, "J031", what, "keep one of the two")
        else:
            self.context[named.text] = schema
            self._at[f"context.{named.text}"] = f"{path}, line {named.start.line}"

    def _declare(self, path: str, named: Scalar, schema: Schema, reader: SchemaReader) -> None:
        if not re.fullmatch(EVENT_TYPE, named.text):
            what = f"`{named.text[:40]}` is not an event type"
            reader.fault(named.start, "J006", what, "write letters, digits, `.`, `_`, `:`, `/` and `-`")
            return
        if named.text in self.events:
            what = f"the event type `{named.text}` is also declared in {self._at[named.text]}"
            reader.fault(named.start, "J031", what, "keep one of the two")
            return
        ours = RESERVED.get(named.text)
        if ours:
            properties = {**schema.properties, **ours.properties}
            schema = object_of(properties, schema.required | ours.required, schema.extra or ours.extra)
        self.events[named.text] = schema
        self._at[named.text] = f"{path}, line {named.start.line}"

    def _object(self, tree: Tree, reader: SchemaReader, beside: tuple[str, ...] = ()) -> Schema:
        """The schema of an event or a customer, which is always an object."""
        before = len(reader.problems)
        schema = reader.read(tree, beside)
        written = tree.get("type") if isinstance(tree, Keys) else None
        if len(reader.problems) > before:
            # What could not be read is not held against the journeys, too.
            return object_of(schema.properties, extra=ANY)
        if written is not None and schema.types != frozenset({"object"}):
            what = f"an event, like a customer, is an object, found the type {found(written)}"
            reader.fault(written.start, "J030", what, "write `type: object`, or leave it out")
        return object_of(schema.properties, schema.required, schema.extra)

"""A schema from its YAML: every keyword and value that does not fit is a fault where it stands."""

from collections.abc import Iterator
from typing import Any

from journeys.mend import found, problem
from journeys.problem import Problem, did_you_mean, listed
from journeys.schemas.keywords import FOREIGN, KEYWORDS
from journeys.schemas.schema import ANY, FORMATS, TYPES, Schema
from journeys.tree import Entry, Mapping, Mark, Scalar, Sequence, Tree

_PYTHON: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "number": (int, float),
    "integer": (int,),
    "boolean": (bool,),
    "null": (type(None),),
}


class SchemaReader:
    """Reads the schemas of one file; gathers every fault in `problems`."""

    def __init__(self, file: str) -> None:
        self.problems: list[Problem] = []
        self._file = file

    def read(self, tree: Tree, beside: tuple[str, ...] = ()) -> Schema:
        """The schema at a place in the file; `beside` are keys that may stand there and are no keywords."""
        if not isinstance(tree, Mapping):
            self.fault(tree.start, "J006", f"a schema must be a mapping, found {found(tree)}", "write `type: string`")
            return ANY
        for entry in tree.entries:
            if entry.name not in KEYWORDS and entry.name not in beside:
                self._unknown(entry, beside)
        types = self._types(tree)
        properties = self._properties(tree)
        return Schema(
            types,
            properties,
            frozenset(self._required(tree, properties)),
            self._extra(tree),
            self.read(items) if (items := tree.get("items")) else None,
            self._enum(tree, types),
            self._format(tree),
            self._text(tree, "description"),
        )

    def fault(self, mark: Mark, code: str, what: str, hint: str) -> None:
        """Tells a fault of this file."""
        self.problems.append(problem(self._file, mark, code, what, hint))

    def _unknown(self, entry: Entry, beside: tuple[str, ...]) -> None:
        if entry.name in FOREIGN:
            self.fault(entry.key.start, "J004", f"`{entry.name}` is not read in a schema", FOREIGN[entry.name])
            return
        if " " in entry.name and isinstance(entry.value, Scalar) and entry.value.value is None:
            what = f"`{entry.name}` is a key without a value to YAML"
            self.fault(entry.key.start, "J004", what, "quote a text that holds `,` inside `{}`")
            return
        known = [*beside, *KEYWORDS]
        hint = did_you_mean(entry.name, known, f"a schema may hold {listed(known, 'and')}")
        self.fault(entry.key.start, "J004", f"unknown key `{entry.name}`", hint)

    def _types(self, tree: Mapping) -> frozenset[str]:
        written = tree.get("type")
        names = {"properties": "object", "additionalProperties": "object", "required": "object", "items": "array"}
        implied = frozenset(kind for name, kind in names.items() if tree.entry(name))
        if written is None:
            return implied if len(implied) == 1 else frozenset()
        types = set()
        for item in written.items if isinstance(written, Sequence) else [written]:
            if isinstance(item, Scalar) and item.value in TYPES:
                types.add(item.text)
            else:
                self._strange_type(item)
        if isinstance(written, Sequence) and not written.items:
            self.fault(written.start, "J006", "`type` is an empty list", "name a type, or leave `type` out")
        for name, kind in names.items():
            entry = tree.entry(name)
            if entry and types and kind not in types:
                what = f"`{name}` has no meaning for the type {listed(sorted(types))}"
                self.fault(entry.key.start, "J030", what, f"add `{kind}` to the types, or remove `{name}`")
        return frozenset(types)

    def _strange_type(self, item: Tree) -> None:
        what = f"`type` must be {listed(TYPES)}, found {found(item)}"
        if isinstance(item, Scalar) and item.value is None:
            self.fault(item.start, "J006", what, 'quote it: "null"')
            return
        hint = did_you_mean(item.text if isinstance(item, Scalar) else "", TYPES, "write one such as `type: string`")
        self.fault(item.start, "J006", what, hint)

    def _properties(self, tree: Mapping) -> dict[str, Schema]:
        written = self._mapping(tree, "properties")
        return {entry.name: self.read(entry.value) for entry in written.entries} if written else {}

    def _required(self, tree: Mapping, properties: dict[str, Schema]) -> Iterator[str]:
        written = tree.get("required")
        if written is not None and not isinstance(written, Sequence):
            what = f"`required` must be a list of names, found {found(written)}"
            self.fault(written.start, "J006", what, "write `required: [NAME, ...]` beside `properties:`")
        for item in written.items if isinstance(written, Sequence) else []:
            if not isinstance(item, Scalar):
                self.fault(item.start, "J006", f"`required` must hold names, found {found(item)}", "name a property")
            elif item.text not in properties:
                what = f"`required` names `{item.text}`, which is not among the properties"
                hint = did_you_mean(item.text, properties, f"write it under `properties:`, as `{item.text}: {{}}`")
                self.fault(item.start, "J030", what, hint)
            else:
                yield item.text

    def _extra(self, tree: Mapping) -> Schema | None:
        written = tree.get("additionalProperties")
        if isinstance(written, Mapping):
            return self.read(written)
        if written is None:
            return None
        if not isinstance(written, Scalar) or not isinstance(written.value, bool):
            what = f"`additionalProperties` must be true, false or a schema, found {found(written)}"
            self.fault(written.start, "J006", what, "write `additionalProperties: true`")
            return ANY
        return ANY if written.value else None

    def _enum(self, tree: Mapping, types: frozenset[str]) -> tuple[Any, ...]:
        values: list[Any] = []
        entry = tree.entry("enum")
        written = self._list(tree, "enum")
        for item in written.items if written else []:
            if not isinstance(item, Scalar):
                what = f"`enum` must hold single values, found {found(item)}"
                self.fault(item.start, "J006", what, "write `enum: [a, b]`")
            elif types and not any(_is(item.value, kind) for kind in types):
                what = f"the value {found(item)} of `enum` is no {listed(sorted(types))}"
                quoted = isinstance(item.value, bool | int | float | None) and "string" in types
                hint = f'quote it: "{item.text}"' if quoted else "correct the value, or the type"
                self.fault(item.start, "J030", what, hint)
            else:
                values.append(item.value)
        if entry and written and not written.items:
            self.fault(entry.key.start, "J006", "`enum` is empty, so no value fits", "list the values, or remove it")
        return tuple(values)

    def _format(self, tree: Mapping) -> str:
        written = tree.get("format")
        if written is None:
            return ""
        if not isinstance(written, Scalar) or written.value not in FORMATS:
            what = f"`format` must be {listed(FORMATS)}, found {found(written)}"
            near = did_you_mean(written.text if isinstance(written, Scalar) else "", FORMATS, "remove it")
            self.fault(written.start, "J006", what, near)
            return ""
        return written.text

    def _text(self, tree: Mapping, name: str) -> str:
        for each in ("title", "description"):
            written = tree.get(each)
            if written is not None and not (isinstance(written, Scalar) and isinstance(written.value, str)):
                quote = f'quote it: {each}: "{written.text}"' if isinstance(written, Scalar) else "write a sentence"
                self.fault(written.start, "J006", f"`{each}` must be text, found {found(written)}", quote)
        self._list(tree, "examples")
        kept = tree.get(name)
        return kept.text if isinstance(kept, Scalar) else ""

    def _mapping(self, tree: Mapping, name: str) -> Mapping | None:
        written = tree.get(name)
        if written is not None and not isinstance(written, Mapping):
            what = f"`{name}` must be a mapping, found {found(written)}"
            self.fault(written.start, "J006", what, "write `NAME: {type: string}` below it")
        return written if isinstance(written, Mapping) else None

    def _list(self, tree: Mapping, name: str) -> Sequence | None:
        written = tree.get(name)
        if written is not None and not isinstance(written, Sequence):
            self.fault(
                written.start, "J006", f"`{name}` must be a list, found {found(written)}", f"write `{name}: [a]`"
            )
        return written if isinstance(written, Sequence) else None


def _is(value: Any, kind: str) -> bool:
    """Whether a value is of a type of JSON Schema, where 1.0 is an integer and true is no number."""
    if kind == "integer" and isinstance(value, float):
        return value.is_integer()
    if isinstance(value, bool):
        return kind == "boolean"
    return isinstance(value, _PYTHON.get(kind, ()))

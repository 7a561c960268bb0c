"""Schemas from what happened: each event adds to what is known of its type, and what is known becomes a schema."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from typing import Any

DEEPEST = 12
MOST_PROPERTIES = 200
"""Of one object; with more names than that they are data themselves, such as numbers of articles."""
MOST_VALUES = 8
"""A text of more distinct values is no enumeration, and neither is one whose values come less than MEANS times each."""
MEANS = 10
EXAMPLES = 2
LONGEST = 40
RARE = 0.05
_NAMES = re.compile(
    r"name|mail|phone|mobile|address|street|city|zip|birth|passw|secret|token|iban|card|ip$|note|text", re.I
)
_PERSONAL = re.compile(r"@|^\+?[\d ()./-]{7,}$")
_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_INSTANT = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[-+]\d\d:\d\d)")
_KINDS: dict[type, str] = {
    bool: "boolean",
    int: "integer",
    float: "number",
    str: "string",
    dict: "object",
    list: "array",
    type(None): "null",
}


class Seen:
    """What was seen of one value: how often, of which types, with which properties and items."""

    def __init__(self, depth: int = 0) -> None:
        self.count = 0
        self.types: Counter[str] = Counter()
        self.properties: dict[str, Seen] = {}
        self.items: Seen | None = None
        self.is_open = depth >= DEEPEST
        self._depth = depth
        self._values: Counter[str] = Counter()
        self._many = False
        self._formats = {"date": True, "date-time": True}
        self._numbers: dict[float, None] = {}

    def take(self, value: Any) -> None:
        """Adds one value, as JSON gives it."""
        self.count += 1
        self.types[_KINDS[type(value)]] += 1
        match value:
            case dict():
                self._take_object(value)
            case list() if self._depth < DEEPEST:
                self.items = self.items or Seen(self._depth + 1)
                for item in value:
                    self.items.take(item)
            case str():
                self._take_text(value)
            case int() | float() if not isinstance(value, bool) and len(self._numbers) < EXAMPLES:
                self._numbers[value] = None

    def schema(self, name: str = "") -> dict[str, Any]:
        """The schema that all that was seen fits; `name` is what the value is called."""
        if not self.count:
            return {}
        kinds = set(self.types) - ({"integer"} if "number" in self.types else set())
        result: dict[str, Any] = {"type": min(kinds) if len(kinds) == 1 else sorted(kinds)}
        if "object" in kinds:
            result |= self._object()
        if "array" in kinds and self.items is not None and (items := self.items.schema(name)):
            result["items"] = items
        return result | self._told(kinds, name)

    def rare(self, above: str) -> Iterator[str]:
        """Properties that hardly ever stand, and values of several types, as sentences; `above` names this value."""
        objects = self.types["object"]
        for name, inner in self.properties.items():
            path = f"{above}.{name}"
            if inner.count < RARE * objects:
                yield f"{path} is rare: in {inner.count:,} of {objects:,}"
            kinds = Counter({"number" if kind == "integer" else kind: 0 for kind in inner.types})
            for kind, number in inner.types.items():
                kinds["number" if kind == "integer" else kind] += number
            if len(kinds - Counter({"null": kinds["null"]})) > 1:
                told = ", ".join(f"{kind} {number:,} times" for kind, number in kinds.most_common())
                yield f"{path} is of several types: {told}"
            yield from inner.rare(path)
        if self.items is not None:
            yield from self.items.rare(f"{above}[]")
        if self.is_open and objects:
            yield f"{above} holds more names than can be listed; any may stand there"

    def _take_object(self, value: Mapping[str, Any]) -> None:
        for name, inner in value.items():
            known = self.properties.get(name)
            if known is None and not self.is_open:
                if len(self.properties) < MOST_PROPERTIES and len(name) <= LONGEST * 3:
                    known = self.properties[name] = Seen(self._depth + 1)
                else:
                    self.is_open, self.properties = True, {}
            if known is not None and not self.is_open:
                known.take(inner)

    def _take_text(self, value: str) -> None:
        if not self._many:
            self._values[value] += 1
            self._many = len(self._values) > max(MOST_VALUES, EXAMPLES)
        for form, pattern in (("date", _DATE), ("date-time", _INSTANT)):
            self._formats[form] = self._formats[form] and pattern.fullmatch(value) is not None and _is_day(value)

    def _object(self) -> dict[str, Any]:
        if self.is_open:
            return {"additionalProperties": True}
        found: dict[str, Any] = {"properties": {name: inner.schema(name) for name, inner in self.properties.items()}}
        always = [name for name, inner in self.properties.items() if inner.count == self.types["object"]]
        return found | ({"required": always} if always else {})

    def _told(self, kinds: set[str], name: str) -> dict[str, Any]:
        """Format, values and examples. What might be of a person is not written down."""
        texts = list(self._values)
        private = _NAMES.search(name) is not None or any(_PERSONAL.search(text) for text in texts)
        told: dict[str, Any] = {}
        form = next((form for form, fits in self._formats.items() if fits and "string" in kinds), "")
        if form:
            told["format"] = form
        few = (
            not self._many
            and self.types["string"] >= MEANS * len(texts)
            and all(len(text) <= LONGEST for text in texts)
        )
        if kinds == {"string"} and few and not private and not form:
            return told | {"enum": sorted(texts)}
        if kinds <= {"string", "null"} and texts and (not private or form):
            shown = [text for text in texts if 0 < len(text) <= LONGEST][:EXAMPLES]
            return told | ({"examples": shown} if shown and not _NAMES.search(name) else {})
        if kinds <= {"integer", "number", "null"} and self._numbers and not private:
            return told | {"examples": list(self._numbers)}
        return told


def _is_day(text: str) -> bool:
    try:
        date.fromisoformat(text[:10])
        return len(text) == 10 or datetime.fromisoformat(text.upper().replace("Z", "+00:00")) is not None
    except ValueError:
        return False

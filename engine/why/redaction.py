"""Redaction: a trace without the values that a project keeps off the topic `decisions`."""

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any

import msgspec

from engine.customer import Customer
from engine.decision import Trace

REDACTED = "[redacted]"
EVENT, CUSTOMER = "event.", "customer."
IDENTIFIERS, PLACE = "identifiers", "place"
"""What a project may name: properties of events, attributes of customers, all identifiers, all positions."""
_VALUE = r'(?:"(?:[^"\\]|\\.)*"?|\[.*?\]|\{.*?\}|[^,;]+)'


def redacted(found: Trace, before: Customer, after: Customer, names: Iterable[str]) -> Trace:
    """The trace without the values under `names`, wherever it tells of them: input, reasons, data and answers.

    A value is looked for as it is written, so that it is found under other names too. What is left reads as before,
    and cannot be decided again: its `redacted` is true.
    """
    listed = tuple(sorted(names))
    event: dict[str, Any] = found.input.get("event") or {}
    secrets = {*_of_event(event, listed), *_of_customer(before, listed), *_of_customer(after, listed)}
    hide = _Hiding(secrets, listed)
    given = {**found.input, "event": hide.event(event)} if event else found.input
    lines = [
        msgspec.structs.replace(line, code=hide.text(line.code), why=hide.reason(line.why), data=hide.value(line.data))
        for line in found.lines
    ]
    context = {hide.text(question): hide.value(answer) for question, answer in found.context.items()}
    return msgspec.structs.replace(found, input=given, lines=lines, context=context, redacted=True)


@lru_cache(maxsize=64)
def _named(names: tuple[str, ...]) -> re.Pattern[str] | None:
    """What finds `event.phone is "...",` in a reason: a yes, a no, one digit are only known by what stands before."""
    paths = "|".join(
        rf"{kind}\.{re.escape(name.partition('.')[2])}"
        for name in names
        for kind in (("event", "entry") if name.startswith(EVENT) else ("customer",))
        if "." in name
    )
    return re.compile(rf"\b({paths})((?:\.\w+)*) is {_VALUE}") if paths else None


class _Hiding:
    """Takes the values of `secrets` out of texts and trees, and those under `names` out of an event."""

    def __init__(self, secrets: set[str], names: tuple[str, ...]) -> None:
        self._names = names
        self._path = _named(names)
        self._secrets = secrets
        self._longest_first = sorted(secrets, key=lambda text: (-len(text), text))

    def text(self, text: str) -> str:
        for secret in self._longest_first:
            # Most texts hold none, and a pattern costs more than all that it finds.
            if secret in text:
                text = re.sub(rf"(?<![\w.]){re.escape(secret)}(?!\w)", REDACTED, text)
        return text

    def reason(self, why: str) -> str:
        why = self.text(why)
        return why if self._path is None or not why else self._path.sub(rf"\1\2 is {REDACTED}", why)

    def value(self, value: Any) -> Any:
        match value:
            case str():
                return self.text(value)
            case bool():
                return value
            case int() | float():
                return REDACTED if _written(value) in self._secrets else value
            case list() | tuple():
                return [self.value(each) for each in value]
            case dict():
                return {name: self.value(each) for name, each in value.items()}
            case _:
                return value

    def event(self, event: dict[str, Any]) -> dict[str, Any]:
        kept = dict(event)
        properties = self.value(event.get("properties", {}))
        for name in self._names:
            if name.startswith(EVENT):
                properties = _without(properties, name.removeprefix(EVENT).split("."))
            elif name.startswith(CUSTOMER) and isinstance(properties.get("set"), dict):
                changed = _without(properties["set"], name.removeprefix(CUSTOMER).split("."))
                properties = {**properties, "set": changed}
        if "properties" in event:
            kept["properties"] = properties
        if IDENTIFIERS in self._names and "identifiers" in event:
            kept["identifiers"] = dict.fromkeys(event["identifiers"], REDACTED)
        if PLACE in self._names:
            kept.pop("place", None)
        return {name: value if name == "id" else self.value(value) for name, value in kept.items()}


def _of_event(event: Mapping[str, Any], names: tuple[str, ...]) -> Iterator[str]:
    properties: dict[str, Any] = event.get("properties", {})
    for name in names:
        if name.startswith(EVENT):
            yield from _texts(_under(properties, name.removeprefix(EVENT)))
        elif name.startswith(CUSTOMER):
            yield from _texts(_under(properties.get("set"), name.removeprefix(CUSTOMER)))
    if IDENTIFIERS in names:
        yield from _texts(event.get("identifiers", {}))
    if PLACE in names:
        yield from _texts(list(event.get("place") or ())[:2])


def _of_customer(customer: Customer, names: tuple[str, ...]) -> Iterator[str]:
    for name in names:
        if name.startswith(CUSTOMER):
            yield from _texts(_under(customer.attributes, name.removeprefix(CUSTOMER)))
        elif name.startswith(EVENT):
            for enrollment in customer.enrollments:
                yield from _texts(_under(enrollment.entry, name.removeprefix(EVENT)))
    if IDENTIFIERS in names:
        yield from _texts(customer.identifiers)
    if PLACE in names and customer.position is not None:
        yield from _texts([customer.position.place.lat, customer.position.place.lon])


def _under(tree: Any, path: str) -> Any:
    for part in path.split("."):
        tree = tree.get(part) if isinstance(tree, dict) else None
    return tree


def _without(tree: dict[str, Any], path: list[str]) -> dict[str, Any]:
    first, *rest = path
    if first not in tree:
        return tree
    inner = tree[first]
    return {**tree, first: _without(inner, rest) if rest and isinstance(inner, dict) else REDACTED}


def _texts(value: Any) -> Iterator[str]:
    """The value as texts to be looked for; a yes or no and a single letter or digit would be found everywhere."""
    match value:
        case bool() | None:
            return
        case dict():
            for each in value.values():
                yield from _texts(each)
        case list() | tuple():
            for each in value:
                yield from _texts(each)
        case _:
            written = _written(value)
            if len(written) > 1:
                yield written


def _written(value: Any) -> str:
    return value if isinstance(value, str) else repr(value)

"""Variables: the values that a message's templates name, as the smallest nested mapping that holds them."""

from collections.abc import Iterable, Sequence
from typing import Any

from journeys.conditions import Facts

ROOTS = frozenset({"customer", "entry", "event", "vars"})


def variable_paths(dotted: Iterable[str]) -> tuple[tuple[str, ...], ...]:
    """The paths worth resolving, split and sorted: those of the engine's roots that no shorter one includes."""
    kept: list[tuple[str, ...]] = []
    for path in sorted({tuple(each.split(".")) for each in dotted}):
        if path[0] in ROOTS and not (kept and path[: len(kept[-1])] == kept[-1]):
            kept.append(path)
    return tuple(kept)


def rebuilt(paths: Sequence[tuple[str, ...]], facts: Facts) -> dict[str, Any]:
    """The value at each path, nested as the path says; what is absent is left out.

    A path that goes on below a text, a number or a list gives that value whole: `entry.lines.size` gives the list.
    """
    if not paths:
        return {}
    event = {**facts.event, "meta": facts.meta}
    roots = {"customer": facts.customer, "entry": facts.entry, "event": event, "vars": facts.vars}
    values: dict[str, Any] = {}
    for path in paths:
        _take(roots, values, path)
    return values


def _take(source: dict[str, Any], target: dict[str, Any], path: tuple[str, ...]) -> None:
    name = path[0]
    if name not in source:
        return
    value = source[name]
    if len(path) == 1 or not isinstance(value, dict):
        target[name] = value
        return
    inner: dict[str, Any] = target.get(name, {})
    _take(value, inner, path[1:])
    if inner:
        target[name] = inner

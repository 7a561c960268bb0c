"""Bounds: containers as new ones with an item more, oldest first, from which the oldest falls out at a limit."""

from collections.abc import Callable
from typing import TypeVar

K = TypeVar("K")
V = TypeVar("V")


def with_item(items: dict[K, V], key: K, value: V, limit: int) -> dict[K, V]:
    """A copy in which `key` stands last; when it has more than `limit` keys the first falls out."""
    copy = dict(items)
    copy.pop(key, None)
    copy[key] = value
    if len(copy) > limit:
        del copy[next(iter(copy))]
    return copy


def with_last(items: list[V], item: V, limit: int) -> list[V]:
    """A copy with `item` at its end; of more than `limit` the first fall out."""
    return [*items, item][-limit:]


def without_oldest(items: dict[K, V], belongs: Callable[[K], bool], limit: int) -> dict[K, V]:
    """`items` itself, or a copy without the first of those that belong, until at most `limit` of them are left."""
    if len(items) <= limit:
        return items
    own = [key for key in items if belongs(key)]
    if len(own) <= limit:
        return items
    gone = set(own[:-limit])
    return {key: value for key, value in items.items() if key not in gone}

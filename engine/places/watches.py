"""Watches: what the triggers of all journeys look at among places, those with equal limits of a fix together."""

from collections.abc import Iterable

import msgspec

from engine.program.rules import FenceRule, FixLimits
from journeys.duration import Duration


class Watch(msgspec.Struct, frozen=True):
    """Kinds and ids of places whose triggers take the same fixes; `stays` are the stays wanted, by kind or id."""

    key: str
    limits: FixLimits
    names: frozenset[str]
    stays: dict[str, tuple[Duration, ...]] = {}

    def stays_at(self, place: str, kind: str) -> list[Duration]:
        """How long somebody wants one to stay at a place, each time once."""
        found = (*self.stays.get(kind, ()), *self.stays.get(place, ()))
        return list({duration.text: duration for duration in found}.values())


class Watches(msgspec.Struct, frozen=True):
    """All watches, by key; false where no journey looks at a place. `names` are those of all of them."""

    by_key: dict[str, Watch]
    names: frozenset[str]

    def __bool__(self) -> bool:
        return bool(self.by_key)


def watches(rules: Iterable[FenceRule]) -> Watches:
    """The rules by their limits."""
    by_key: dict[str, list[FenceRule]] = {}
    for rule in rules:
        by_key.setdefault(rule.limits.key, []).append(rule)
    found = {key: _watch(key, by_key[key]) for key in sorted(by_key)}
    return Watches(found, frozenset().union(*(watch.names for watch in found.values())))


def _watch(key: str, rules: list[FenceRule]) -> Watch:
    stays: dict[str, dict[str, Duration]] = {}
    for rule in rules:
        if rule.stay is not None:
            stays.setdefault(rule.name, {})[rule.stay.text] = rule.stay
    names = frozenset(rule.name for rule in rules)
    return Watch(key, rules[0].limits, names, {name: tuple(each.values()) for name, each in stays.items()})

"""A rehearsal: what a deploy would do to those inside, with nothing published."""

from collections import Counter
from typing import NamedTuple

from engine.destination import destination
from streams.definitions.build import Builder
from streams.definitions.moving import Moving, met, rests, unfit
from streams.definitions.places import places
from streams.definitions.plan import Plan
from streams.definitions.shelf import Shelf, ShelfFault, Shelved, digest


class Fate(NamedTuple):
    """How many enrollments of a journey stay in their version, move to another, or leave."""

    journey: str
    mode: str
    stay: int
    move: int
    leave: int


class Gone(NamedTuple):
    """A node that the new version does not have, or where nobody of the old can go on, and how many stand there.

    `to` is where the map leads from it, None where nothing does.
    """

    journey: str
    node: str
    standing: int
    to: str | None


class Rehearsal(NamedTuple):
    """What a deploy would do: its plan, the fate of those inside each of its journeys, and the nodes that are gone."""

    plan: Plan
    fates: tuple[Fate, ...]
    gone: tuple[Gone, ...]


def rehearse(shelf: Shelf, plan: Plan, moving: Moving) -> Rehearsal:
    """What `plan`, made for `shelf` and `moving`, would do to those who stand as `moving` says."""
    release = plan.release or shelf.release
    builder = Builder({**shelf.blobs, **{digest(blob): blob for blob in plan.blobs}})
    released = plan.released
    names = sorted({*released.added, *released.changed, *released.unchanged})
    after = {name: release.journeys[name] for name in names} if release is not None else {}
    fates = [_fate(builder, name, shelved, moving) for name, shelved in after.items()]
    gone = [each for name, shelved in after.items() for each in _gone(builder, shelf, name, shelved, moving)]
    return Rehearsal(plan, tuple(fates), tuple(gone))


def _fate(builder: Builder, name: str, shelved: Shelved, moving: Moving) -> Fate:
    counts: Counter[str] = Counter()
    for (journey, version, nodes), number in moving.standing.items():
        if journey == name:
            there = destination(shelved.moves, version, nodes, lambda to: rests(builder, name, to))
            counts["stay" if there is None else "leave" if there.removed else "move"] += number
    return Fate(name, moving.mode, counts["stay"], counts["move"], counts["leave"])


def _gone(builder: Builder, shelf: Shelf, name: str, shelved: Shelved, moving: Moving) -> list[Gone]:
    before = shelf.release.journeys.get(name) if shelf.release is not None else None
    if before is None:
        return []
    at = met(builder, name, {}, moving.standing)
    new = places(builder, name, shelved.version)
    given = moving.maps.get(name, {})
    found: Counter[str] = Counter()
    for version in {before.version, *(version for version, _ in at)} - {shelved.version}:
        try:
            old = places(builder, name, version)
        except ShelfFault:
            continue
        # The map is left out here: what it mends is gone all the same.
        found.update({node: at[version, node] for node in unfit(old, new, {})})
    return [Gone(name, node, found[node], given.get(node)) for node in sorted(found)]

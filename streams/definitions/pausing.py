"""Pausing and resuming a journey: releases that change nothing else, and what they mean for those inside."""

from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

import msgspec

from engine.customer import Enrollment, positions
from engine.program import Pause
from streams.definitions.plan import Plan, Released, deployed
from streams.definitions.shelf import Release, Shelf

OVERDUE = ("go", "skip", "exit")
PACE = 100
"""Customers a second that a resume takes on, over all partitions, where nothing is said."""
_replace = msgspec.structs.replace


class CannotPause(Exception):
    """The journey is not in a state that can be paused or resumed so; the message says what to do instead."""


class Waiting(NamedTuple):
    """How many enrollments of a journey there are, and how many of them are past due."""

    inside: int
    overdue: int


def plan_pause(shelf: Shelf, name: str, at: int, note: str, nonce: str, *, entries_only: bool = False) -> Plan:
    """Nobody enters the journey, and unless `entries_only` those inside stand still.

    What is paused so already stays as it is. Raises UnknownJourney, CannotPause.
    """
    base = deployed(shelf, name)
    before = base.journeys[name].pause or Pause()
    if before.stands and entries_only:
        raise CannotPause(f"journey {name}: paused whole; resume it first, then pause its entries")
    if before.stands or (entries_only and before.entries):
        return Plan(Released(base.n, unchanged=(name,)))
    after = _replace(before, entries=True) if entries_only else Pause(before.entries, at)
    return _plan(shelf, base, name, after, at, note or f"pause {name}", nonce)


def plan_resume(
    shelf: Shelf, name: str, at: int, note: str, nonce: str, *, overdue: str | None = None, pace: int = 0
) -> Plan:
    """People enter again and those inside go on; those past due as `overdue` says, `pace` a second (0: PACE).

    Raises UnknownJourney; CannotPause where it is not paused, or nothing is said of those past due.
    """
    base = deployed(shelf, name)
    before = base.journeys[name].pause
    if before is None or not before.closed:
        raise CannotPause(f"journey {name}: not paused; `sillage journeys` shows which are")
    if before.stands and overdue is None:
        raise CannotPause(
            f"journey {name}: paused whole, so that some inside may be past due; say what they do: --overdue "
            "go, skip or exit (`--dry-run` counts them)"
        )
    after = _replace(before, entries=False)
    if before.stands:
        after = _replace(after, until=at, overdue=overdue or "", pace=pace)
    return _plan(shelf, base, name, after, at, note or f"resume {name}", nonce)


def waiting(enrollments: Iterable[Enrollment], name: str, at: int) -> Waiting:
    """How many of these are inside a journey, and past due at `at` (ms), whether set aside for it or not met yet."""
    found = Counter(
        any(place.overdue_at or 0 < place.due_at <= at for place in positions(each))
        for each in enrollments
        if each.journey == name
    )
    return Waiting(found.total(), found[True])


def _plan(shelf: Shelf, base: Release, name: str, pause: Pause, at: int, note: str, nonce: str) -> Plan:
    journeys = {**base.journeys, name: _replace(base.journeys[name], pause=pause)}
    release = _replace(base, n=shelf.next_number, at=at, nonce=nonce, note=note, journeys=journeys)
    return Plan(Released(release.n, changed=(name,)), release)

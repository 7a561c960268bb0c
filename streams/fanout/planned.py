"""What the definitions ask of fan-outs: paces, schedules, backfills; and the events that the engine makes of them."""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Protocol

import msgspec

from engine.customer import Customer
from engine.event import Event
from streams.touchpoints.ids import EVERYONE

SCHEDULE_DUE = "schedule.due"
RELEASE_REACHED = "release.reached"
OURS = (SCHEDULE_DUE, RELEASE_REACHED)
"""Types of the events that the engine makes itself."""
CHANNEL = "engine"

PACE = 100
"""Customers a second, over all partitions, where the definitions name no pace."""
SLOWEST = 1.0
"""Customers a second that a partition takes at least, so that every fan-out ends."""


class Schedule(Protocol):
    """A trigger `every`: its place among the journey's triggers, cron's five fields, and customers a second."""

    @property
    def journey(self) -> str: ...
    @property
    def trigger(self) -> int: ...
    @property
    def cron(self) -> str: ...
    @property
    def zone(self) -> str: ...
    @property
    def pace(self) -> int: ...


class Planned(Protocol):
    """What is read of a catalog. `paces` are customers a second by event type, over all partitions; `backfills` is the
    newest release that wants one, 0 for none, for those customers whom it `concerns`, `backfill_pace` a second.
    """

    @property
    def paces(self) -> Mapping[str, int]: ...
    @property
    def schedules(self) -> Sequence[Schedule]: ...
    @property
    def backfills(self) -> int: ...
    @property
    def backfill_pace(self) -> int: ...
    def concerns(self, customer: Customer, /) -> bool: ...


class Unplanned(msgspec.Struct, frozen=True):
    """Where no definitions are: no schedule, no backfill, the common pace."""

    paces: dict[str, int] = {}
    schedules: tuple[Schedule, ...] = ()
    backfills: int = 0
    backfill_pace: int = 0

    def concerns(self, _customer: Customer, /) -> bool:
        """Everyone, since nothing is known of them."""
        return True


def share(pace: int, partitions: int) -> float:
    """What one partition takes of a pace: its even share, and never fewer than one customer a second."""
    return max(SLOWEST, pace / partitions)


def line_of(schedule: Schedule) -> str:
    """The name of a schedule, which another expression or zone changes."""
    return f"{schedule.journey}/{schedule.trigger} {schedule.cron} {schedule.zone}".strip()


def run_of(schedule: Schedule, due_at: int) -> Event:
    """The event of one run of a schedule, addressed to everyone; its id is the same in all partitions."""
    told = {"journey": schedule.journey, "trigger": schedule.trigger, "due": due_at}
    identity = _digest((SCHEDULE_DUE, schedule.journey, schedule.trigger, due_at))
    return Event(identity, SCHEDULE_DUE, EVERYONE, CHANNEL, due_at, due_at, told)


def backfill_of(release: int, at: int) -> Event:
    """The event of a release that wants a backfill, addressed to everyone."""
    return Event(f"release-{release}", RELEASE_REACHED, EVERYONE, CHANNEL, at, at, {"release": release})


def addressed(event: Event, customer: str) -> Event:
    """The event as it comes to one customer; a run of a schedule has an id of its own for each."""
    if event.type != SCHEDULE_DUE:
        return msgspec.structs.replace(event, customer=customer, received_at=0)
    told = event.properties
    identity = _digest((SCHEDULE_DUE, told["journey"], told["trigger"], told["due"], customer))
    return msgspec.structs.replace(event, customer=customer, id=identity, received_at=0)


def _digest(parts: tuple[str | int, ...]) -> str:
    """JSON keeps the parts apart, whatever they contain (as engine/ids.py)."""
    return hashlib.sha256(msgspec.json.encode(parts)).hexdigest()[:32]

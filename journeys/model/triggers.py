"""Triggers: what stands under `enter`, the rules that end an enrollment from outside, and the goal."""

from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag

from journeys.duration import Duration, Offset
from journeys.model.parts import PACE, Clock, Condition, EventType, EventTypes, Expression, Part, Slug, Truth

AGAIN = r"^(never|always|after exit|([0-9]+(mo|w|d|h|m|s)\s*)+after entry)$"


PLACE = r"^[A-Za-z0-9_][A-Za-z0-9_.:/-]{0,79}$"
PlaceName = Annotated[str, Field(pattern=PLACE)]
"""The kind of places, or the id of one."""
Metres = Annotated[float, Field(ge=0, le=100_000, strict=False)]


class Entry(Part):
    """What every trigger may say: for whom it holds, what an enrollment is keyed by, and who may come again."""

    where: Condition | None = None
    unless: Condition | None = None
    key: Expression | None = None
    again: str = Field("after exit", pattern=AGAIN)


class Enter(Entry):
    """An event begins an enrollment, one per `key`."""

    on: EventTypes


class EntersSegment(Entry):
    """Whoever becomes a member of a segment; of a new one with `backfill`, those who are members at its deploy too."""

    enters_segment: Slug


class LeavesSegment(Entry):
    """Whoever is no longer a member of a segment."""

    leaves_segment: Slug


class Every(Entry):
    """A schedule in cron's five fields, for the members of a segment, so many customers a second."""

    every: str = Field(min_length=9, max_length=120)
    to_segment: Slug
    zone: str | None = None
    pace: str = Field("100/s", pattern=PACE)


class OnDate(Entry):
    """A date of the customer, with an offset and a time of day in the person's zone; `yearly` comes back each year."""

    date: str
    offset: Offset | None = None
    at: Clock = "09:00"
    yearly: Truth = False
    backfill: Truth = False


class OnAbsence(Entry):
    """An event that did not come for a time: since the last one, or since an event of another type, `after`."""

    absent: EventType
    for_: Duration = Field(alias="for")
    after: EventType | None = None
    backfill: Truth = False


class OnSequence(Entry):
    """Events of these types in this order, by when they happened, from the first to the last within a time."""

    sequence: list[EventType] = Field(min_length=2, max_length=8)
    within: Duration


class OnBroadcast(Entry):
    """One event about the business, addressed to everyone, taken to the members of a segment, so many a second."""

    broadcast: EventType
    to_segment: Slug | None = None
    pace: str = Field("100/s", pattern=PACE)


class Called(Entry):
    """Started by another journey or by a `journey.start` event; its inputs are the event."""

    called: Literal["yes"]


class AtPlace(Entry):
    """Which fixes count for a place, and how many metres inside or outside of it one must lie to say so.

    Never fewer than its own accuracy: so what jumps about at the edge says nothing.
    """

    max_age: Duration = Duration.parse("10m")
    max_accuracy: Metres = 100.0
    enter_margin: Metres = 10.0
    leave_margin: Metres = 30.0


class EntersPlace(AtPlace):
    """Whoever comes into a place: one of this kind, or the one of this id."""

    enters_place: PlaceName


class LeavesPlace(AtPlace):
    """Whoever goes out of a place: one of this kind, or the one of this id."""

    leaves_place: PlaceName


class StaysInPlace(AtPlace):
    """Whoever stays in a place, one of this kind or the one of this id, for a time."""

    stays_in_place: PlaceName
    for_: Duration = Field(alias="for")


TRIGGERS: dict[str, type[Entry]] = {
    "on": Enter,
    "enters_segment": EntersSegment,
    "leaves_segment": LeavesSegment,
    "every": Every,
    "date": OnDate,
    "absent": OnAbsence,
    "sequence": OnSequence,
    "broadcast": OnBroadcast,
    "called": Called,
    "enters_place": EntersPlace,
    "leaves_place": LeavesPlace,
    "stays_in_place": StaysInPlace,
}
"""Each trigger by the key that makes it one."""


def _trigger(value: Any) -> str:
    if isinstance(value, dict):
        return next((f"@{name}" for name in TRIGGERS if name in value), "@on")
    return next((f"@{name}" for name, part in TRIGGERS.items() if isinstance(value, part)), "@on")


Trigger = Annotated[
    Annotated[Enter, Tag("@on")]
    | Annotated[EntersSegment, Tag("@enters_segment")]
    | Annotated[LeavesSegment, Tag("@leaves_segment")]
    | Annotated[Every, Tag("@every")]
    | Annotated[OnDate, Tag("@date")]
    | Annotated[OnAbsence, Tag("@absent")]
    | Annotated[OnSequence, Tag("@sequence")]
    | Annotated[OnBroadcast, Tag("@broadcast")]
    | Annotated[Called, Tag("@called")]
    | Annotated[EntersPlace, Tag("@enters_place")]
    | Annotated[LeavesPlace, Tag("@leaves_place")]
    | Annotated[StaysInPlace, Tag("@stays_in_place")],
    Discriminator(_trigger),
]


class ExitRule(Part):
    """An event that ends the enrollment at once, whatever it waits for."""

    on: EventTypes
    where: Condition | None = None
    unless: Condition | None = None
    as_: Slug = Field("exited", alias="as")


class Goal(Part):
    """A conversion, measured from entry for `within`, once per enrollment; it never ends a journey."""

    on: EventTypes
    where: Condition | None = None
    within: Duration
    revenue: Expression | None = None

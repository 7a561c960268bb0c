"""Nodes that hold no other nodes, and the small parts of those that do."""

from typing import Annotated, Literal

from pydantic import Field

from journeys.duration import Duration
from journeys.model.parts import (
    SHARE,
    TARGET,
    Clock,
    EventType,
    EventTypes,
    Expression,
    Inputs,
    Part,
    Slug,
    Slugs,
    Weekdays,
    Window,
)

TOLD = ("message.sent", "message.delivered", "message.opened", "message.clicked")
"""Receipts that tell more and more of a message: a later one implies those before it."""
REPLIED, COMPLAINED = "message.replied", "message.complained"


def answers_of(receipt: str) -> frozenset[str]:
    """The receipts that are the answer named, or tell as much; a complaint always is one."""
    if receipt in TOLD:
        implied = {*TOLD[TOLD.index(receipt) :]}
        return frozenset(implied | {COMPLAINED} | ({REPLIED} if receipt != TOLD[-1] else set()))
    return frozenset({receipt, COMPLAINED})


Target = Annotated[str, Field(pattern=TARGET)]


class Wait(Part):
    """Wait from arrival for a duration, then until the next moment inside `between` or the `hours` of the project."""

    wait: Duration
    between: Window | None = None
    hours: Slug | None = None
    jitter: Duration | None = None
    restart_on: EventTypes | None = None
    id: Slug | None = None


class Moment(Part):
    """The next time of day `at`, on one of the weekdays where some are named, in the person's zone."""

    weekday: Weekdays | None = None
    at: Clock = "00:00"


class Winner(Part):
    """How the shares of a split follow what is learned: who converts more, by a rule that says when that is known."""

    by: Literal["goal"] = "goal"
    min_exposures: int = Field(1000, ge=1)
    method: Literal["fixed", "z-test", "sequential", "thompson"] = "fixed"
    floor: Annotated[str, Field(pattern=SHARE)] | None = None


class Defer(Part):
    """A refused proposal is made again at the first moment that the refusing rule allows, at most so much later."""

    defer: Duration


class Fallback(Part):
    """Another channel after a time, unless an event of the message came."""

    after: Duration
    unless: EventTypes


class Set(Part):
    """Write to the person (`customer.NAME: expression`) or the enrollment (`vars.NAME`), read back at once."""

    set: dict[Target, Expression] = Field(min_length=1)


class Add(Part):
    """Add to numbers of the person or the enrollment; what is absent counts as 0."""

    add: dict[Target, Expression] = Field(min_length=1)


class Tagged(Part):
    """Put tags on the person, `customer.tags`."""

    tag: Slugs


class Untagged(Part):
    """Take tags off the person."""

    untag: Slugs


class Emit(Part):
    """An event to the same person, in the same decision, or to a topic for others to read."""

    emit: EventType
    data: Inputs = {}
    to: Annotated[str, Field(pattern=r"^[a-z][a-z0-9._-]{0,79}$")] | None = None


class First(Part):
    """So many of the branches."""

    first: int = Field(ge=1, le=16)


class Exit(Part):
    """End the enrollment with an outcome."""

    exit: Slug

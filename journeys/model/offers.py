"""What may be offered: a catalog of offers, each with the rules by which it concerns somebody and what it is worth."""

from typing import Literal

from pydantic import Field

from journeys.duration import Duration
from journeys.model.parts import Condition, Expression, Part, Slug

MOST_OFFERS = 200
"""Of one catalog, since a decision looks at each."""


class Arbitration(Part):
    """How marketing proposals of one person compete: how many win at one instant, and how long they wait for others."""

    most: int | None = Field(None, ge=1, le=100)
    window: Duration = Duration.parse("0s")
    retry: Duration = Duration.parse("1h")


class Outcome(Part):
    """What counts as taking an offer: any of `by`, within so long after the message left."""

    by: list[Literal["clicked", "opened", "replied", "goal"]] = Field(["clicked", "goal"], min_length=1, max_length=4)
    within: Duration = Duration.parse("3d")


class Offer(Part):
    """One offer: the message that makes it, whom it concerns, and what one acceptance is worth."""

    message: Slug
    channel: Slug | None = None
    channels: list[Slug] | None = Field(None, min_length=1)
    topic: Slug | None = None
    value: float | int = Field(1, ge=0)
    priority: int = Field(50, ge=0, le=100)
    eligible: Condition | None = None
    applicable: Condition | None = None
    suitable: Condition | None = None
    context: Expression | None = None
    again: Duration | None = None
    outcome: Outcome | None = None


class Offers(Part):
    """offers/NAME.yaml: the offers that `best_offer` chooses among.

    What people answered is learned apart for each of `segments`; a person counts in the first that they are in.
    """

    catalog: Slug
    title: str = ""
    segments: list[Slug] = Field([], max_length=20)
    outcome: Outcome | None = None
    offers: dict[Slug, Offer] = Field(min_length=1, max_length=MOST_OFFERS)

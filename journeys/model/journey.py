"""A journey: who enters, what ends it, what is measured, and its steps."""

from typing import Annotated, Literal

from pydantic import Discriminator, Field, Tag

from journeys.duration import Duration
from journeys.model.nodes import Node
from journeys.model.parts import SHARE, Part, Slug, one_or_many
from journeys.model.policy import Cap
from journeys.model.triggers import ExitRule, Goal, Trigger


class Budget(Part):
    """How much a journey may send or spend in each period of the calendar, in the zone of the project.

    Either `messages`, or their `cost` in the project's currency; those of class service and critical do not count.
    """

    messages: int | None = Field(None, ge=1, le=1_000_000_000_000)
    cost: float | int | None = Field(None, ge=0.01, le=1_000_000_000)
    per: Literal["day", "week", "month", "ever"]


class Journey(Part):
    """One journey definition, as journeys/NAME.yaml holds it."""

    journey: Slug
    title: str = ""
    brand: Slug | None = None
    topic: Slug
    priority: int = Field(50, ge=0, le=100)
    expected_value: float | int | None = Field(None, ge=0)
    ttl: Duration
    late: Duration = Duration.parse("1h")
    max_live: int = Field(20, ge=1, le=20)
    holdout: str | None = Field(None, pattern=SHARE)
    caps: list[Cap] = []
    budget: Budget | None = None
    enter: Annotated[
        Annotated[Trigger, Tag("@one")] | Annotated[list[Trigger], Field(min_length=1), Tag("@many")],
        Discriminator(one_or_many),
    ]
    exit: list[ExitRule] = []
    goal: Goal | None = None
    steps: list[Node] = Field(min_length=1)
    on_error: list[Node] = []


Journey.model_rebuild()

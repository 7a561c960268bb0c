"""The parts that every file of the language shares: names, event types, conditions, times of day."""

import re
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Discriminator, Field, Tag

SLUG = r"^[a-z0-9][a-z0-9_-]{0,79}$"
EVENT_TYPE = r"^[A-Za-z0-9_][A-Za-z0-9_.:/-]{0,119}$"
NAME = r"^[A-Za-z_][A-Za-z0-9_]{0,79}$"
TARGET = r"^(customer|vars)(\.[A-Za-z_][A-Za-z0-9_]{0,79}){1,4}$"
CLOCK = r"^([01][0-9]|2[0-3]):[0-5][0-9]$"
WINDOW = r"^([01][0-9]|2[0-3]):[0-5][0-9]\s*-\s*(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$"
SHARE = r"^(100|[0-9]{1,2})(\.[0-9]{1,4})?%$"
PACE = r"^[1-9][0-9]{0,5}/s$"
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def one_or_many(value: Any) -> str:
    """The tag of a value that may stand alone or in a list."""
    return "@many" if isinstance(value, list) else "@one"


def _kind(value: Any) -> str:
    kinds: dict[type, str] = {bool: "@truth", int: "@whole", float: "@number"}
    return kinds.get(type(value), "@text")


def _truth(value: Any) -> Any:
    return {"yes": True, "no": False}.get(value, value) if isinstance(value, str) else value


def names_date(value: object) -> bool:
    """Whether a `due` is an expression of a date: a duration begins with a digit."""
    first = value.strip()[:1] if isinstance(value, str) else ""
    return bool(first) and not first.isdigit()


class Part(BaseModel):
    """Any mapping of the language: unknown keys are faults."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, populate_by_name=True)


Slug = Annotated[str, Field(pattern=SLUG)]
Slugs = Annotated[
    Annotated[Slug, Tag("@one")] | Annotated[list[Slug], Field(min_length=1), Tag("@many")], Discriminator(one_or_many)
]
EventType = Annotated[str, Field(pattern=EVENT_TYPE)]
EventTypes = Annotated[
    Annotated[EventType, Tag("@one")] | Annotated[list[EventType], Field(min_length=1), Tag("@many")],
    Discriminator(one_or_many),
]
Condition = Annotated[
    Annotated[str, Tag("@one")] | Annotated[list[str], Field(min_length=1), Tag("@many")], Discriminator(one_or_many)
]
"""CEL; a list under `where` or `when` means all, under `unless` none."""
Expression = Annotated[
    Annotated[str, Tag("@text")]
    | Annotated[int, Field(ge=-(2**63), lt=2**63), Tag("@whole")]
    | Annotated[float, Field(allow_inf_nan=False), Tag("@number")]
    | Annotated[bool, Tag("@truth")],
    Discriminator(_kind),
]
"""CEL, or a number or truth value that stands for itself."""
Truth = Annotated[bool, BeforeValidator(_truth, json_schema_input_type=bool | Literal["yes", "no"])]
"""`yes` or `no`; `true` and `false` do as well."""
Clock = Annotated[str, Field(pattern=CLOCK)]
"""A time of day, `09:00`."""
Window = Annotated[str, Field(pattern=WINDOW)]
"""Times of day, start included, end not: `09:00-20:00`, over midnight `21:00-08:00`."""
Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
Weekdays = Annotated[
    Annotated[Weekday, Tag("@one")] | Annotated[list[Weekday], Field(min_length=1), Tag("@many")],
    Discriminator(one_or_many),
]
Inputs = dict[Annotated[str, Field(pattern=NAME)], Expression]
"""Values by name, each an expression."""


def share_of(text: str) -> float:
    """`5%` as 0.05."""
    return float(text.removesuffix("%")) / 100


def micros(amount: float) -> int:
    """An amount of money in millionths, as which it is counted."""
    return round(amount * 1_000_000)


def pace_of(text: str) -> int:
    """`100/s` as 100."""
    return int(text.removesuffix("/s"))


def minutes_of(clock: str) -> int:
    """`09:30` as the minutes since midnight, 570; `24:00` is 1440."""
    hours, minutes = clock.split(":")
    return int(hours) * 60 + int(minutes)


def window_of(text: str) -> tuple[int, int]:
    """`09:00-20:00` as minutes since midnight, start and end; the end is not later where it lies on the next day."""
    start, end = re.split(r"\s*-\s*", text.strip())
    return minutes_of(start), minutes_of(end)

"""Policy as it is written: caps, quiet hours, what follows a bad experience, and the content policy of a brand."""

from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag

from journeys.duration import Duration
from journeys.model.charter import COLOUR, Fact, FactName, Language, Phrase, Voice, Words
from journeys.model.parts import WINDOW, Condition, EventTypes, Part, Slug, Slugs, Window, one_or_many

MOST_CONTACTS = 256
"""Messages of a person that are remembered, so that no cap can allow more."""
LONGEST_CAP_DAYS = 93
"""How far back a cap may look."""
HOLIDAYS = r"^[A-Z]{2}(-[A-Z0-9]{1,3})?$"
NONE = "none"

_Kind = Literal["channel", "topic", "journey"]


class Cap(Part):
    """At most so many messages to one person, within a time or in each day, week or month.

    `per` counts each channel, topic or journey apart; `channel`, `topic` and `journey` count only those.
    """

    most: int = Field(ge=1, le=MOST_CONTACTS)
    within: Duration | None = None
    each: Literal["day", "week", "month"] | None = None
    per: (
        Annotated[
            Annotated[_Kind, Tag("@one")] | Annotated[list[_Kind], Field(min_length=1), Tag("@many")],
            Discriminator(one_or_many),
        ]
        | None
    ) = None
    channel: Slug | None = None
    topic: Slug | None = None
    journey: Slug | None = None


class QuietHours(Part):
    """Times of day, in the person's zone, in which nobody is written to; on holidays the whole day."""

    between: Window | None = None
    channels: dict[Slug, Annotated[str, Field(pattern=rf"{WINDOW}|^{NONE}$")]] = {}
    holidays: Annotated[str, Field(pattern=HOLIDAYS)] | None = None


def _quiet(value: Any) -> str:
    return "@single" if isinstance(value, dict | QuietHours) else "@text"


Quiet = Annotated[Annotated[Window, Tag("@text")] | Annotated[QuietHours, Tag("@single")], Discriminator(_quiet)]
"""`quiet_hours: "21:00-08:00"`, or with what differs by channel."""


class Recency(Part):
    """No marketing for so long after one of these events."""

    after: EventTypes
    for_: Duration = Field(alias="for")


class ContentRule(Part):
    """Categories of messages that are forbidden: to everyone, or to those for whom `when` holds and not `unless`."""

    forbid: Slugs
    when: Condition | None = None
    unless: Condition | None = None


class Brand(Part):
    """brands/NAME.yaml: the charter that messages are held to, and what the brand does not promote, and to whom."""

    brand: Slug
    title: str = ""
    signature: str = ""
    colours: dict[FactName, Annotated[str, Field(pattern=COLOUR)]] = {}
    texts: dict[FactName, str] = {}
    layout: Slug | None = None
    words: Words | None = None
    claims: list[Phrase] = []
    required: dict[Slug, list[Phrase]] = {}
    facts: dict[FactName, Fact] = {}
    languages: dict[Language, Voice] = {}
    content_policy: list[ContentRule] = []

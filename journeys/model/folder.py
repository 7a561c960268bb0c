"""What stands beside the journeys: the project, the heads of messages, segments."""

from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag

from journeys.duration import Duration
from journeys.model.charter import Fact, FactName, Language, Utm
from journeys.model.offers import Arbitration
from journeys.model.parts import SHARE, WEEKDAYS, Condition, Part, Slug, Truth, Window
from journeys.model.policy import Cap, Quiet, Recency

_DAY = "|".join(WEEKDAYS)
DAYS = rf"^({_DAY})(-({_DAY}))?$"
REDACTABLE = r"^((event|customer)(\.[A-Za-z_][A-Za-z0-9_]*)+|identifiers|place)$"
DATE = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"


class Hours(Part):
    """When a place of work is open: windows by weekday or `monday-friday`, closed on the holidays of a country."""

    days: dict[Annotated[str, Field(pattern=DAYS)], Annotated[list[Window], Field(min_length=1)] | Window] = Field(
        min_length=1
    )
    holidays: Annotated[str, Field(pattern=r"^[A-Z]{2}(-[A-Z0-9]{1,3})?$")] | None = None
    closed: list[Annotated[str, Field(pattern=DATE)]] = []
    zone: str | None = None


class Service(Part):
    """A service that journeys may call: where, how, how long an answer is waited for, how often it is tried again."""

    url: str = Field(pattern=r"^https?://")
    method: Literal["GET", "POST", "PUT"] = "POST"
    timeout: Duration = Duration.parse("5s")
    retries: int = Field(3, ge=0, le=10)
    headers: dict[str, str] = {}


class ChannelCost(Part):
    """What is known of a channel: the cost of one message, in the project's currency."""

    cost: float | int = Field(ge=0, le=1_000_000)


class SmsRules(Part):
    """What holds for SMS: in how many segments they go, and words of which one must stand in marketing."""

    segments: int | None = Field(None, ge=1, le=10)
    opt_out: list[Annotated[str, Field(min_length=1, max_length=40)]] | None = None


class Tracking(Part):
    """What is learned of a message that left: which links people follow, and whether a mail was opened.

    With `trap` a link that nobody sees stands in HTML, which only machines follow.
    """

    clicks: Truth = False
    opens: Truth = False
    trap: Truth = False


class Project(Part):
    """project.yaml: what holds for every journey of the folder."""

    zone: str = "UTC"
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")] | None = None
    hours: dict[Slug, Hours] = {}
    services: dict[Slug, Service] = {}
    channels: dict[Slug, ChannelCost] = {}
    sms: SmsRules | None = None
    quiet_hours: Quiet | None = None
    caps: list[Cap] = []
    recency: list[Recency] = []
    opt_in: list[Slug] = []
    stops: list[Slug] = ["sms"]
    arbitration: Arbitration | None = None
    holdout: Annotated[str, Field(pattern=SHARE)] | None = None
    tracking: Tracking | None = None
    redact: list[Annotated[str, Field(pattern=REDACTABLE)]] = []
    brand: Slug | None = None
    assets_url: Annotated[str, Field(pattern=r"^https?://\S+$")] | None = None
    utm: Utm | None = None


def _tagging(value: Any) -> str:
    return "@single" if isinstance(value, dict | Utm) else "@text"


Tagging = Annotated[Annotated[Literal["none"], Tag("@text")] | Annotated[Utm, Tag("@single")], Discriminator(_tagging)]
"""`utm: none` for links that carry nothing, or what differs from the project."""


class MessageHead(Part):
    """messages/NAME/message.yaml: its class and what the recipient reads above the body."""

    title: str = ""
    class_: Literal["marketing", "service", "critical"] = Field("marketing", alias="class")
    subject: str = ""
    subjects: dict[Language, str] | None = None
    categories: list[Slug] = []
    sms: SmsRules | None = None
    brand: Slug | None = None
    layout: Slug | None = None
    facts: dict[FactName, Fact] = {}
    utm: Tagging | None = None
    tracking: Tracking | None = None
    scan: Annotated[str, Field(pattern=r"^https?://[^\s{}]{1,1000}$")] | None = None


class Segment(Part):
    """segments/NAME.yaml: the customers for whom a condition holds, kept up to date as events arrive and time goes by.

    With `backfill` those who are members when it is deployed enter at once, paced; else only their next change counts.
    """

    segment: Slug
    title: str = ""
    when: Condition
    unless: Condition | None = None
    backfill: Truth = False

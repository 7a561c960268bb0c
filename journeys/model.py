"""What a journey is: the shape that a designer's YAML has once it is read."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag

from journeys.duration import Duration

Slug = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,79}$")]
EventType = Annotated[str, Field(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.:/-]{0,119}$")]
Condition = str | list[str]
"""CEL; a list under `where` or `when` means all, under `unless` none."""
Expression = str | int | float | bool


class Part(BaseModel):
    """Any mapping of the language: unknown keys are faults."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class Enter(Part):
    """What begins an enrollment: an event type or several, one enrollment per `key`."""

    on: EventType | list[EventType]
    where: Condition | None = None
    unless: Condition | None = None
    key: Expression | None = None
    again: str = Field("after exit", pattern=r"^(never|always|after exit|(\d+(mo|w|d|h|m|s)\s*)+after entry)$")


class ExitRule(Part):
    """An event that ends the enrollment at once, whatever it waits for."""

    on: EventType | list[EventType]
    where: Condition | None = None
    unless: Condition | None = None
    as_: Slug = Field("exited", alias="as")


class Goal(Part):
    """A conversion, measured from entry for `within`, once per enrollment; it never ends a journey."""

    on: EventType | list[EventType]
    where: Condition | None = None
    within: Duration
    revenue: Expression | None = None


class Wait(Part):
    """Wait from arrival for a duration."""

    wait: Duration
    id: Slug | None = None


class Awaited(Part):
    """One event of a `wait_for` list, with what follows it."""

    on: EventType
    where: Condition | None = None
    do: "list[Node]" = []


class WaitFor(Part):
    """Wait for one event, or for the first of a list, at most `within`; `else` on time-out."""

    wait_for: EventType | list[Awaited]
    within: Duration
    where: Condition | None = None
    from_: Literal["any"] | None = Field(None, alias="from")
    do: "list[Node]" = []
    else_: "list[Node]" = Field([], alias="else")
    id: Slug | None = None


class When(Part):
    """A branch taken when its condition holds."""

    when: Condition
    do: "list[Node]" = []


class Otherwise(Part):
    """The last branch of a `choose`."""

    else_: "list[Node]" = Field(alias="else")


def _branch(value: Any) -> str:
    keys = value if isinstance(value, dict) else getattr(value, "__pydantic_fields_set__", ())
    return "else" if "else" in keys or "else_" in keys else "when"


Branch = Annotated[Annotated[When, Tag("when")] | Annotated[Otherwise, Tag("else")], Discriminator(_branch)]


class Choose(Part):
    """Ordered branches, the first that holds; `else` stands last and is mandatory."""

    choose: list[Branch]


class Blocked(Part):
    """What follows a refused proposal instead of going on."""

    else_: "list[Node]" = Field(alias="else")


class Send(Part):
    """Propose one message on one channel."""

    send: Slug
    channel: Slug | None = None
    void_after: Duration | None = None
    when_blocked: Literal["drop"] | Blocked = "drop"
    id: Slug | None = None


class Set(Part):
    """Write to the person: `customer.<attribute>: expression`, read back in the same event."""

    set: dict[str, Expression]


class Exit(Part):
    """End the enrollment with an outcome."""

    exit: Slug


VERBS: dict[str, type[Part]] = {
    "wait": Wait,
    "wait_for": WaitFor,
    "choose": Choose,
    "send": Send,
    "set": Set,
    "exit": Exit,
}


def _verb(value: Any) -> str | None:
    if isinstance(value, dict):
        return next((verb for verb in VERBS if verb in value), None)
    return next((verb for verb, part in VERBS.items() if isinstance(value, part)), None)


Node = Annotated[
    Annotated[Wait, Tag("wait")]
    | Annotated[WaitFor, Tag("wait_for")]
    | Annotated[Choose, Tag("choose")]
    | Annotated[Send, Tag("send")]
    | Annotated[Set, Tag("set")]
    | Annotated[Exit, Tag("exit")],
    Discriminator(_verb),
]


class Journey(Part):
    """One journey definition, as journeys/NAME.yaml holds it."""

    journey: Slug
    title: str = ""
    topic: Slug
    ttl: Duration
    late: Duration = Duration.parse("1h")
    max_live: int = Field(20, ge=1, le=20)
    enter: Enter | list[Enter]
    exit: list[ExitRule] = []
    goal: Goal | None = None
    steps: list[Node] = Field(min_length=1)
    on_error: list[Node] = []


class Project(Part):
    """project.yaml: what holds for every journey of the folder."""

    zone: str = "UTC"
    sender: str | None = None


class MessageHead(Part):
    """messages/NAME/message.yaml: its class and what the recipient reads above the body."""

    title: str = ""
    class_: Literal["marketing", "service", "critical"] = Field("marketing", alias="class")
    subject: str = ""


for _part in (Awaited, WaitFor, When, Otherwise, Choose, Blocked, Send, Journey):
    _part.model_rebuild()

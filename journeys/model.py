"""What a journey is: the shape that a designer's YAML has once it is read."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag

from journeys.duration import Duration

SLUG = r"^[a-z0-9][a-z0-9_-]{0,79}$"
EVENT_TYPE = r"^[A-Za-z0-9_][A-Za-z0-9_.:/-]{0,119}$"
AGAIN = r"^(never|always|after exit|([0-9]+(mo|w|d|h|m|s)\s*)+after entry)$"
NAME = r"^[A-Za-z_][A-Za-z0-9_]{0,79}$"
TARGET = r"^(customer|vars)(\.[A-Za-z_][A-Za-z0-9_]{0,79}){1,4}$"
TAGS = frozenset({"@one", "@many", "@text", "@whole", "@number", "@truth", "@word", "@steps", "@when", "@else"})
"""What stands in the place of a fault for a choice among shapes, beside `@` and a verb; no key of the language."""


def _shape(value: Any) -> str:
    return "@many" if isinstance(value, list) else "@one"


def _kind(value: Any) -> str:
    kinds: dict[type, str] = {bool: "@truth", int: "@whole", float: "@number"}
    return kinds.get(type(value), "@text")


Slug = Annotated[str, Field(pattern=SLUG)]
EventType = Annotated[str, Field(pattern=EVENT_TYPE)]
EventTypes = Annotated[
    Annotated[EventType, Tag("@one")] | Annotated[list[EventType], Field(min_length=1), Tag("@many")],
    Discriminator(_shape),
]
Condition = Annotated[
    Annotated[str, Tag("@one")] | Annotated[list[str], Field(min_length=1), Tag("@many")], Discriminator(_shape)
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


class Part(BaseModel):
    """Any mapping of the language: unknown keys are faults."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, populate_by_name=True)


class Enter(Part):
    """What begins an enrollment: an event type or several, one enrollment per `key`."""

    on: EventTypes
    where: Condition | None = None
    unless: Condition | None = None
    key: Expression | None = None
    again: str = Field("after exit", pattern=AGAIN)


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

    wait_for: Annotated[
        Annotated[EventType, Tag("@one")] | Annotated[list[Awaited], Field(min_length=1), Tag("@many")],
        Discriminator(_shape),
    ]
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
    return "@else" if "else" in keys or "else_" in keys else "@when"


Branch = Annotated[Annotated[When, Tag("@when")] | Annotated[Otherwise, Tag("@else")], Discriminator(_branch)]


class Choose(Part):
    """Ordered branches, the first that holds; `else` stands last and is mandatory."""

    choose: list[Branch] = Field(min_length=1)


class Blocked(Part):
    """What follows a refused proposal instead of going on."""

    else_: "list[Node]" = Field(alias="else")


def _blocked(value: Any) -> str:
    return "@steps" if isinstance(value, dict | Blocked) else "@word"


class Send(Part):
    """Propose one message on one channel."""

    send: Slug
    channel: Slug | None = None
    void_after: Duration | None = None
    when_blocked: Annotated[
        Annotated[Literal["drop"], Tag("@word")] | Annotated[Blocked, Tag("@steps")], Discriminator(_blocked)
    ] = "drop"
    id: Slug | None = None


class Outcome(Part):
    """What follows one outcome of a task."""

    do: "list[Node]" = []


class Task(Part):
    """Ask a person to do something, by `due`; what follows depends on the outcome, `else` when it expires."""

    task: Slug
    queue: Slug
    due: Duration
    warn: Duration | None = None
    data: dict[Annotated[str, Field(pattern=NAME)], Expression] = {}
    outcomes: dict[Slug, Outcome] = {}
    else_: "list[Node]" = Field([], alias="else")
    id: Slug | None = None


class Set(Part):
    """Write to the person (`customer.NAME: expression`) or the enrollment (`vars.NAME`), read back at once."""

    set: dict[Annotated[str, Field(pattern=TARGET)], Expression] = Field(min_length=1)


class Exit(Part):
    """End the enrollment with an outcome."""

    exit: Slug


VERBS: dict[str, type[Part]] = {
    "wait": Wait,
    "wait_for": WaitFor,
    "choose": Choose,
    "send": Send,
    "task": Task,
    "set": Set,
    "exit": Exit,
}


def _verb(value: Any) -> str | None:
    if isinstance(value, dict):
        return next((f"@{verb}" for verb in VERBS if verb in value), None)
    return next((f"@{verb}" for verb, part in VERBS.items() if isinstance(value, part)), None)


Node = Annotated[
    Annotated[Wait, Tag("@wait")]
    | Annotated[WaitFor, Tag("@wait_for")]
    | Annotated[Choose, Tag("@choose")]
    | Annotated[Send, Tag("@send")]
    | Annotated[Task, Tag("@task")]
    | Annotated[Set, Tag("@set")]
    | Annotated[Exit, Tag("@exit")],
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
    enter: Annotated[
        Annotated[Enter, Tag("@one")] | Annotated[list[Enter], Field(min_length=1), Tag("@many")], Discriminator(_shape)
    ]
    exit: list[ExitRule] = []
    goal: Goal | None = None
    steps: list[Node] = Field(min_length=1)
    on_error: list[Node] = []


class Project(Part):
    """project.yaml: what holds for every journey of the folder."""

    zone: str = "UTC"


class MessageHead(Part):
    """messages/NAME/message.yaml: its class and what the recipient reads above the body."""

    title: str = ""
    class_: Literal["marketing", "service", "critical"] = Field("marketing", alias="class")
    subject: str = ""


for _part in (Awaited, WaitFor, When, Otherwise, Choose, Blocked, Send, Outcome, Task, Journey):
    _part.model_rebuild()

"""Nodes: each one mapping, its verb with its one argument, options beside it."""

from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag

from journeys.duration import Duration, Offset
from journeys.model.leaves import (
    Add,
    Defer,
    Emit,
    Exit,
    Fallback,
    First,
    Moment,
    Set,
    Tagged,
    Untagged,
    Wait,
    Winner,
)
from journeys.model.parts import (
    NAME,
    Clock,
    Condition,
    EventType,
    EventTypes,
    Inputs,
    Part,
    Slug,
    Truth,
    Window,
    names_date,
)


def _until(value: Any) -> str:
    return "@moment" if isinstance(value, dict | Moment) else "@date"


class WaitUntil(Part):
    """Wait until a date that an expression gives, moved by `offset`, or until the next weekday or time of day."""

    wait_until: Annotated[Annotated[str, Tag("@date")] | Annotated[Moment, Tag("@moment")], Discriminator(_until)]
    offset: Offset | None = None
    at: Clock | None = None
    between: Window | None = None
    hours: Slug | None = None
    jitter: Duration | None = None
    past: Literal["go", "skip", "exit"] = "go"
    else_: "list[Node] | None" = Field(None, alias="else")
    id: Slug | None = None


class Awaited(Part):
    """One event of a `wait_for` list, with what follows it."""

    on: EventType
    where: Condition | None = None
    do: "list[Node]" = []


class Becoming(Part):
    """A condition of the person that a `wait_for` waits for, with what follows it."""

    when: Condition
    do: "list[Node]" = []


def _awaited(value: Any) -> str:
    keys = value if isinstance(value, dict) else getattr(value, "__pydantic_fields_set__", ())
    return "@becoming" if "when" in keys else "@awaited"


def _awaited_shape(value: Any) -> str:
    if isinstance(value, list):
        return "@many"
    return "@single" if isinstance(value, dict | Awaited | Becoming) else "@one"


class WaitFor(Part):
    """Wait for an event, for a condition of the person, or for the first of a list; `else` after `within`."""

    wait_for: Annotated[
        Annotated[EventType, Tag("@one")]
        | Annotated[
            Annotated[
                Annotated[Awaited, Tag("@awaited")] | Annotated[Becoming, Tag("@becoming")], Discriminator(_awaited)
            ],
            Tag("@single"),
        ]
        | Annotated[
            list[
                Annotated[
                    Annotated[Awaited, Tag("@awaited")] | Annotated[Becoming, Tag("@becoming")], Discriminator(_awaited)
                ]
            ],
            Field(min_length=1),
            Tag("@many"),
        ],
        Discriminator(_awaited_shape),
    ]
    within: Duration
    where: Condition | None = None
    look_back: Duration | None = None
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


class Arm(Part):
    """One arm of a split: its share in percent, what follows, and whether it is the control."""

    weight: float | int = Field(ge=0, le=100)
    control: Truth = False
    do: "list[Node]" = []


class Split(Part):
    """An experiment: arms by hash of its name and the person, kept for good; weights sum to 100."""

    split: Slug
    arms: dict[Slug, Arm] = Field(min_length=1)
    winner: Winner | None = None
    id: Slug | None = None


class Blocked(Part):
    """What follows a refused proposal instead of going on."""

    else_: "list[Node]" = Field(alias="else")


def _blocked(value: Any) -> str:
    if isinstance(value, Defer) or (isinstance(value, dict) and "defer" in value):
        return "@defer"
    return "@steps" if isinstance(value, dict | Blocked) else "@word"


CONVERSATION = "conversation"
"""In the place of a channel: that on which the person is when it leaves."""


class Send(Part):
    """Propose one message, on one channel or on the first of several that policy lets through."""

    send: Slug
    channel: Slug | None = None
    channels: list[Slug] | None = Field(None, min_length=1)
    begin_on: list[Slug] | None = Field(None, min_length=1)
    pick: Literal["first", "best"] = "first"
    fallback: Fallback | None = None
    void_after: Duration | None = None
    when_blocked: Annotated[
        Annotated[Literal["drop"], Tag("@word")] | Annotated[Defer, Tag("@defer")] | Annotated[Blocked, Tag("@steps")],
        Discriminator(_blocked),
    ] = Defer(defer=Duration.parse("12h"))
    id: Slug | None = None


class BestOffer(Part):
    """Propose the best of a catalog of offers, or the best few (`pick`); `else` when there is none for this person."""

    best_offer: Slug
    pick: int = Field(1, ge=1, le=10)
    as_: Annotated[str, Field(pattern=NAME)] = Field("offer", alias="as")
    void_after: Duration | None = None
    defer: Duration | None = None
    else_: "list[Node]" = Field([], alias="else")
    id: Slug | None = None


class Outcome(Part):
    """What follows one outcome of a task."""

    do: "list[Node]" = []


def _due(value: Any) -> str:
    return "@date" if names_date(value) else "@duration"


class Task(Part):
    """Ask a person to do something, by `due`; what follows depends on the outcome, `else` when it expires.

    With `hand_over` the conversation is theirs meanwhile, and what they write leaves as this message. Where none is
    open one begins, on the first of `begin_on` that can be had.
    """

    task: Slug
    queue: Slug
    due: Annotated[
        Annotated[Duration, Tag("@duration")] | Annotated[str, Field(pattern=r"^\s*[^\d\s]"), Tag("@date")],
        Discriminator(_due),
    ]
    warn: Duration | None = None
    hours: Slug | None = None
    data: Inputs = {}
    hand_over: Slug | None = None
    begin_on: list[Slug] | None = Field(None, min_length=1)
    outcomes: dict[Slug, Outcome] = {}
    else_: "list[Node]" = Field([], alias="else")
    id: Slug | None = None


class Call(Part):
    """Call a service of the project by HTTP; the answer is `vars.NAME`, `else` when there is none in time."""

    call: Slug
    with_: Inputs = Field({}, alias="with")
    as_: Annotated[str, Field(pattern=NAME)] | None = Field(None, alias="as")
    within: Duration = Duration.parse("1m")
    else_: "list[Node]" = Field([], alias="else")
    id: Slug | None = None


class Answer(Part):
    """Look in a FAQ for the answer to what the person said last: it is `vars.answer`; `else` where it has none."""

    answer: Slug
    as_: Annotated[str, Field(pattern=NAME)] = Field("answer", alias="as")
    do: "list[Node]" = []
    else_: "list[Node]" = Field([], alias="else")


class Repeat(Part):
    """Do the block again, at most so often; `until` ends it, and `else` follows where that never held."""

    repeat: int = Field(ge=1, le=1000)
    do: "list[Node]" = Field(min_length=1)
    until: Condition | None = None
    else_: "list[Node]" = Field([], alias="else")
    id: Slug | None = None


class ParallelBranch(Part):
    """One branch of a parallel."""

    do: "list[Node]" = Field(min_length=1)


def _join(value: Any) -> str:
    return "@first" if isinstance(value, dict | First) else "@word"


class Parallel(Part):
    """Branches at once, joined when all, any, or the first so many of them are at their end."""

    parallel: Slug
    branches: dict[Slug, ParallelBranch] = Field(min_length=2, max_length=16)
    join: Annotated[
        Annotated[Literal["all", "any"], Tag("@word")] | Annotated[First, Tag("@first")], Discriminator(_join)
    ] = "all"
    id: Slug | None = None


class Start(Part):
    """Start another journey of the same person with inputs; with `join` wait for its end, at most `within`."""

    start: Slug
    with_: Inputs = Field({}, alias="with")
    join: Truth = False
    within: Duration | None = None
    else_: "list[Node]" = Field([], alias="else")
    id: Slug | None = None


class Digest(Part):
    """Collect events until a time is over, there are `most`, or another event comes; `else` when there was none."""

    digest: EventTypes
    where: Condition | None = None
    for_: Duration = Field(alias="for")
    most: int = Field(20, ge=1, le=100)
    flush_on: EventTypes | None = None
    keep: Inputs = {}
    as_: Annotated[str, Field(pattern=NAME)] = Field("digest", alias="as")
    else_: "list[Node]" = Field([], alias="else")
    id: Slug | None = None


VERBS: dict[str, type[Part]] = {
    "wait": Wait,
    "wait_until": WaitUntil,
    "wait_for": WaitFor,
    "choose": Choose,
    "answer": Answer,
    "split": Split,
    "send": Send,
    "best_offer": BestOffer,
    "task": Task,
    "call": Call,
    "set": Set,
    "add": Add,
    "tag": Tagged,
    "untag": Untagged,
    "emit": Emit,
    "repeat": Repeat,
    "parallel": Parallel,
    "start": Start,
    "digest": Digest,
    "exit": Exit,
}
"""Each node by its verb."""


def _verb(value: Any) -> str | None:
    if isinstance(value, dict):
        return next((f"@{verb}" for verb in VERBS if verb in value), None)
    return next((f"@{verb}" for verb, part in VERBS.items() if isinstance(value, part)), None)


Node = Annotated[
    Annotated[Wait, Tag("@wait")]
    | Annotated[WaitUntil, Tag("@wait_until")]
    | Annotated[WaitFor, Tag("@wait_for")]
    | Annotated[Choose, Tag("@choose")]
    | Annotated[Answer, Tag("@answer")]
    | Annotated[Split, Tag("@split")]
    | Annotated[Send, Tag("@send")]
    | Annotated[BestOffer, Tag("@best_offer")]
    | Annotated[Task, Tag("@task")]
    | Annotated[Call, Tag("@call")]
    | Annotated[Set, Tag("@set")]
    | Annotated[Add, Tag("@add")]
    | Annotated[Tagged, Tag("@tag")]
    | Annotated[Untagged, Tag("@untag")]
    | Annotated[Emit, Tag("@emit")]
    | Annotated[Repeat, Tag("@repeat")]
    | Annotated[Parallel, Tag("@parallel")]
    | Annotated[Start, Tag("@start")]
    | Annotated[Digest, Tag("@digest")]
    | Annotated[Exit, Tag("@exit")],
    Discriminator(_verb),
]

for _part in (
    WaitUntil, Awaited, Becoming, WaitFor, When, Otherwise, Choose, Arm, Split, Blocked, Send, BestOffer, Outcome, Task,
    Call, Answer, Repeat, ParallelBranch, Parallel, Start, Digest,
):  # fmt: skip
    _part.model_rebuild()

"""The program: a journey compiled, as steps that point at what follows them and rules indexed by event type."""

import msgspec

from journeys.conditions import Compiled
from journeys.duration import Duration

TASK_TYPES = frozenset({"task.done", "task.no_answer", "task.expired"})
"""The events that end a task."""


class MessageSpec(msgspec.Struct, frozen=True):
    """What the engine knows of a message: its content's hash, its class, and per channel the paths its templates name.

    `recipients` has those channels whose messages go to somebody else than the customer: the endpoint of a webhook.
    A path is dotted and begins with `customer`, `entry`, `event` or `vars`; others are the renderer's own.
    """

    name: str
    hash: str
    class_: str
    variables: dict[str, tuple[str, ...]]
    recipients: dict[str, str] = {}


class ExitStep(msgspec.Struct, frozen=True):
    """Ends the enrollment with an outcome; the end of the steps is one, with `completed`."""

    outcome: str
    label: str
    rescue: bool = False


class WaitStep(msgspec.Struct, frozen=True):
    """Rests for a duration. `label` is the node's id; `rescue` is true inside `on_error`."""

    label: str
    duration: Duration
    then: "Step"
    rescue: bool = False


class AwaitedEvent(msgspec.Struct, frozen=True):
    """One event that ends a `wait_for`: all of `where` must hold; `own` asks for what this enrollment sent.

    `number` is its place in the list, from 0, as the trace names it.
    """

    where: tuple[Compiled, ...]
    own: bool
    then: "Step"
    number: int = 0


class WaitForStep(msgspec.Struct, frozen=True):
    """Rests until one of the events comes, at most `within`, then goes on at `otherwise`."""

    label: str
    awaited: dict[str, tuple[AwaitedEvent, ...]]
    within: Duration
    otherwise: "Step"
    rescue: bool = False


class ChooseStep(msgspec.Struct, frozen=True):
    """Goes on at the first branch that holds, else at `otherwise`. `label` is its path."""

    label: str
    branches: tuple[tuple[Compiled, "Step"], ...]
    otherwise: "Step"
    rescue: bool = False


class SendStep(msgspec.Struct, frozen=True):
    """Proposes one message on one channel; a refused proposal goes on at `blocked`, a held one stands here.

    `recipient` is empty where it is the customer's address.
    """

    label: str
    message: MessageSpec
    channel: str
    paths: tuple[tuple[str, ...], ...]
    void_after: Duration | None
    then: "Step"
    blocked: "Step"
    rescue: bool = False
    recipient: str = ""


class TaskStep(msgspec.Struct, frozen=True):
    """Work for a person: rests until an outcome comes or it is due, which goes on at `otherwise`.

    An outcome that is not among `outcomes` goes on at `then`; `data` are the expressions that the person gets to see.
    """

    label: str
    title: str
    queue: str
    due: Duration
    warn: Duration | None
    data: tuple[tuple[str, Compiled], ...]
    outcomes: dict[str, "Step"]
    then: "Step"
    otherwise: "Step"
    rescue: bool = False


class SetStep(msgspec.Struct, frozen=True):
    """Writes to the person or to the enrollment's variables; a target is (`customer` or `vars`, name, ...)."""

    label: str
    writes: tuple[tuple[tuple[str, ...], Compiled], ...]
    then: "Step"
    rescue: bool = False


Step = ExitStep | WaitStep | WaitForStep | ChooseStep | SendStep | TaskStep | SetStep
RestStep = WaitStep | WaitForStep | SendStep | TaskStep


class EntryRule(msgspec.Struct, frozen=True):
    """What begins an enrollment. `again` is never, always, after exit, or a duration since the last entry.

    `number` is its place under `enter`, from 0, as the trace names it.
    """

    where: Compiled | None
    unless: Compiled | None
    key: Compiled | None
    again: str | Duration
    number: int = 0


class ExitRule(msgspec.Struct, frozen=True):
    """What ends an enrollment from outside. `number` is its place under `exit`, from 0, as the trace names it."""

    where: Compiled | None
    unless: Compiled | None
    outcome: str
    number: int = 0


class GoalRule(msgspec.Struct, frozen=True):
    """What counts as the conversion of an enrollment, within a time from its entry."""

    types: frozenset[str]
    where: Compiled | None
    within: Duration
    revenue: Compiled | None


class CompiledJourney(msgspec.Struct, frozen=True):
    """One version of one journey, ready to run: rules by event type, rests by node id, the first step.

    `listens` holds every type that can end or wake a live enrollment, so that others cost nothing.
    """

    name: str
    version: str
    topic: str
    zone: str
    ttl: Duration
    late: Duration
    max_live: int
    entries: dict[str, tuple[EntryRule, ...]]
    exits: dict[str, tuple[ExitRule, ...]]
    goal: GoalRule | None
    start: Step
    on_error: Step | None
    rests: dict[str, RestStep]
    listens: frozenset[str]

"""What a decision gives: the customer as it is now, what shall leave, and the trace of why."""

from collections.abc import Sequence
from typing import Any

import msgspec

from engine.customer import Customer, Drawn


class Action(msgspec.Struct, frozen=True, tag="send", tag_field="kind", omit_defaults=True):
    """A message that shall leave. `id` follows from its cause (docs/events.md), so that a repeat is seen.

    `decided_at` is the instant (ms) of the event or timer that caused it, `received_at` that of the event (0 for a
    timer); `void_at` (ms, 0 for never) is when it is worth nothing any more; `variables` are the values the templates
    name; `cause` is the id of the trace that says why. `offer`, as `CATALOG/ID`, is that of
    a catalog that the message makes, and `segment` the one in which the person counts when it is learned what is taken.
    `language` is the person's, where the message has several. With `asks_consent` a no stops it whatever its class.
    """

    id: str
    customer: str
    journey: str
    version: str
    enrollment: str
    step: str
    message: str
    message_hash: str
    channel: str
    topic: str
    class_: str = msgspec.field(name="class", default="marketing")
    recipient: str = ""
    timezone: str = ""
    variables: dict[str, Any] = {}
    decided_at: int = 0
    received_at: int = 0
    void_at: int = 0
    cause: str = ""
    offer: str = ""
    segment: str = ""
    quiet: tuple[int, int] | None = None
    quiet_holidays: str = ""
    language: str = ""
    asks_consent: bool = False


class Void(msgspec.Struct, frozen=True, tag="void", tag_field="kind"):
    """An action proposed before shall not leave, with the code of the reason (engine/trace.py, `voided`)."""

    id: str
    customer: str
    action: str
    code: str
    decided_at: int


class ConsentChange(msgspec.Struct, frozen=True, tag="consent", tag_field="kind"):
    """The customer's consent for topic and channel changed while actions were queued."""

    id: str
    customer: str
    topic: str
    channel: str
    given: bool
    decided_at: int


class Erasure(msgspec.Struct, frozen=True, tag="erase", tag_field="kind"):
    """The customer was erased: nothing queued for it may leave."""

    id: str
    customer: str
    decided_at: int


class Task(msgspec.Struct, frozen=True, tag="task", tag_field="kind", omit_defaults=True):
    """Work for a person. `id` follows from its cause, as an action's.

    `due_at` and `warn_at` (0 for never) in ms; `data` is what the person needs to see; the rest as in an action.
    With `hand_over` they have the conversation: `conversation` is what was said so far, `history` what else is known,
    `channel` where it goes on (empty: nowhere can they be reached) and `brand` with whom it is.
    """

    id: str
    customer: str
    journey: str
    version: str
    enrollment: str
    step: str
    title: str
    queue: str
    due_at: int
    warn_at: int = 0
    timezone: str = ""
    data: dict[str, Any] = {}
    decided_at: int = 0
    received_at: int = 0
    cause: str = ""
    hand_over: bool = False
    conversation: list[dict[str, Any]] = []
    history: dict[str, Any] = {}
    channel: str = ""
    brand: str = ""


class TaskWarning(msgspec.Struct, frozen=True, tag="task_warning", tag_field="kind"):
    """An open task is due soon, at `due_at` (ms)."""

    id: str
    customer: str
    task: str
    due_at: int
    decided_at: int


class TaskClosed(msgspec.Struct, frozen=True, tag="task_closed", tag_field="kind", omit_defaults=True):
    """A task ended: with the outcome that was told, as `expired` when it was due, or as `cancelled`.

    `reason` says why it was cancelled: the outcome with which its enrollment left, or `erased`.
    """

    id: str
    customer: str
    task: str
    outcome: str
    decided_at: int
    reason: str = ""


class TaskTurn(msgspec.Struct, frozen=True, tag="task_turn", tag_field="kind", omit_defaults=True):
    """Something was said in a conversation that people have: by the customer, or what one of them wrote and left.

    `reply` is the id of the `task.replied` that an agent wrote it in.
    """

    id: str
    customer: str
    task: str
    who: str
    channel: str
    text: str
    decided_at: int
    reply: str = ""


class TaskRefused(msgspec.Struct, frozen=True, tag="task_refused", tag_field="kind", omit_defaults=True):
    """What one of the people wrote does not reach the customer: policy, the dispatcher or the provider refused it.

    `reply` is the id of its `task.replied`, `code` says why, as on the trace or in the receipt, and `why` in words.
    """

    id: str
    customer: str
    task: str
    reply: str
    channel: str
    code: str
    decided_at: int
    why: str = ""


class Call(msgspec.Struct, frozen=True, tag="call", tag_field="kind", omit_defaults=True):
    """A question to a service of the project. `id` follows from its cause, as an action's.

    `data` is what is sent; after `within_at` (ms) nobody waits for the answer any more; the rest as in an action.
    """

    id: str
    customer: str
    journey: str
    version: str
    enrollment: str
    step: str
    service: str
    data: dict[str, Any] = {}
    within_at: int = 0
    decided_at: int = 0
    received_at: int = 0
    cause: str = ""


class CallErasure(msgspec.Struct, frozen=True, tag="erase_calls", tag_field="kind"):
    """The customer was erased: no call that is queued for it is made."""

    id: str
    customer: str
    decided_at: int


class Emitted(msgspec.Struct, frozen=True, tag="event", tag_field="kind", omit_defaults=True):
    """An event for others, who read the topic `emitted` and look at `to`; `id` follows from its cause."""

    id: str
    customer: str
    type: str
    to: str
    properties: dict[str, Any] = {}
    occurred_at: int = 0
    journey: str = ""
    cause: str = ""


Output = Action | Void | ConsentChange | Erasure
"""What leaves on the topic `actions`."""
TaskOutput = Task | TaskWarning | TaskTurn | TaskRefused | TaskClosed
"""What leaves on the topic `tasks`."""
CallOutput = Call | CallErasure
"""What leaves on the topic `calls`."""
EventOutput = Emitted
"""What leaves on the topic `emitted`."""
AnyOutput = Output | TaskOutput | CallOutput | EventOutput


class Line(msgspec.Struct, frozen=True, omit_defaults=True):
    """One thing that a decision did or refused to do. `what` is a code of engine/trace.py; `why` is for people."""

    what: str
    journey: str = ""
    enrollment: str = ""
    node: str = ""
    code: str = ""
    why: str = ""
    data: dict[str, Any] = {}


class Trace(msgspec.Struct, frozen=True, omit_defaults=True):
    """Why: the input, the instant, the catalog's release, what came of it, in order, and what the context answered.

    `cut` counts lines and answers that were left out, for a trace has a greatest size; `redacted` says that values of
    the person were taken out (docs/why.md). Neither is ever so within `decide`, only on the topic.
    """

    id: str
    customer: str
    at: int
    release: int
    input: dict[str, Any]
    lines: list[Line] = []
    context: dict[str, Any] = {}
    cut: int = 0
    redacted: bool = False


class Decision(msgspec.Struct, frozen=True):
    """The one value that `decide` returns. `changed` is false when the customer stays as it was (a repeated id).

    `held` counts the proposals that were held; `returned` is what was taken of budgets for what never left.
    """

    customer: Customer
    outputs: list[AnyOutput]
    trace: Trace | None
    changed: bool = True
    duplicate: bool = False
    held: int = 0
    returned: Sequence[Drawn] = ()

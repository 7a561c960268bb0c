"""What happens in the town, as plain values: touchpoints, changes of context, and what people are given in return."""

from typing import Any, NamedTuple

CHANNELS = ("web", "app", "email", "sms", "push", "store", "call", "chat", "social", "postal")
"""The channels on which the town speaks, in the order in which views show them."""


class Touch(NamedTuple):
    """One touchpoint. `at` is when it occurred, in ms; `place` holds lat, lon and accuracy_m where it is known."""

    at: int
    id: str
    type: str
    customer: str
    channel: str
    properties: dict[str, Any]
    place: dict[str, float] | None = None


class Change(NamedTuple):
    """A thing of context, `kind` is places or weather, that came to be, changed, or (None) is no more."""

    at: int
    kind: str
    id: str
    value: dict[str, Any] | None


Happening = Touch | Change


class Delivery(NamedTuple):
    """A message that reached its recipient: the instant in town time (ms), and what receipts must name.

    `offer` is that of the catalog `town` which it makes, if any.
    """

    at: int
    action_id: str
    customer: str
    channel: str
    message: str
    offer: str = ""


class Work(NamedTuple):
    """A task for the people of the call centre; `at` is when it came, `due_at` when it is too late, both in ms."""

    at: int
    task_id: str
    customer: str
    title: str
    queue: str
    due_at: int

"""The customer: all that is remembered of one person, each list with a limit and a rule for what falls out."""

from typing import Any

import msgspec

from engine.event import Place

SEEN_IDS = 64
SEEN_MS = 7 * 24 * 3600 * 1000
REMEMBERED_KEYS = 200
QUEUED_ACTIONS = 64
OPEN_GOALS = 64
SENT_PER_ENROLLMENT = 32
ATTRIBUTES = 256
CONSENTS = 256
IDENTIFIERS = 32


class Consent(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """One answer for one topic and channel; `at` is when the person gave it, in ms."""

    given: bool
    at: int
    source: str = ""
    text_version: str = ""


class Position(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """The last fix, with its instant in ms."""

    place: Place
    at: int


class OpenTask(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """Work asked of a person and not ended yet; `due_at` in ms."""

    id: str
    queue: str
    title: str
    due_at: int


class Enrollment(msgspec.Struct, array_like=True, gc=False):
    """One run of one journey for one customer and key. Instants in ms; 0 means none.

    `node` is the id of the wait or held send it stands at; `due_at` when that ends by itself; `expires_at` the ttl's.
    `entry` holds the properties of the event that began it, with its envelope under `meta`; `event`, at a held send,
    likewise those of the event in hand when it was proposed; `task` is the one that it stands at.
    """

    id: str
    journey: str
    version: str
    key: str
    entered_at: int
    expires_at: int
    entry: dict[str, Any]
    node: str = ""
    arrived_at: int = 0
    due_at: int = 0
    vars: dict[str, Any] = {}
    visits: dict[str, int] = {}
    sent: list[str] = []
    event: dict[str, Any] = {}
    task: OpenTask | None = None


class Remembered(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """When a journey and key was last entered and left, in ms; 0 means not yet."""

    entered_at: int
    exited_at: int = 0


class OpenGoal(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """A goal still measured after entry, until `until` (ms), whether or not its enrollment lives."""

    enrollment: str
    journey: str
    version: str
    key: str
    until: int
    entry: dict[str, Any]


class QueuedAction(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """An action proposed and not yet known to have left, so that it can be voided."""

    action: str
    enrollment: str
    topic: str
    channel: str
    at: int


class Customer(msgspec.Struct, array_like=True, gc=False):
    """The state of one person. `decide` never changes the one it is given: it returns another.

    `attributes_at` also holds when an attribute was unset; `seen` maps an 8-byte hash of an event's id to when it was
    applied; `consent` and `memory` are keyed by `consent_key` and `memory_key`. Dicts and lists stand oldest first, and
    at the limit the oldest falls out: ids, attributes, consents (none is a no), identifiers, goals, queued actions, and
    remembered keys of each journey. Fields are only appended, never moved or removed (see state/codec.py).
    """

    id: str
    person_key: str
    created_at: int
    updated_at: int = 0
    attributes: dict[str, Any] = {}
    attributes_at: dict[str, int] = {}
    identifiers: dict[str, str] = {}
    consent: dict[str, Consent] = {}
    position: Position | None = None
    seen: dict[int, int] = {}
    enrollments: list[Enrollment] = []
    memory: dict[str, Remembered] = {}
    goals: list[OpenGoal] = []
    queued: list[QueuedAction] = []
    erased_at: int = 0


def consent_key(topic: str, channel: str) -> str:
    """The key of an answer in `Customer.consent`."""
    return f"{topic}/{channel}"


def memory_key(journey: str, key: str) -> str:
    """The key of a journey and an enrollment's key in `Customer.memory`; a journey's name holds no slash."""
    return f"{journey}/{key}"


def next_due(customer: Customer) -> int:
    """The earliest instant (ms) at which a timer of this customer is due, 0 if none is."""
    due = 0
    for enrollment in customer.enrollments:
        for at in (enrollment.due_at, enrollment.expires_at):
            if at and (not due or at < due):
                due = at
    return due

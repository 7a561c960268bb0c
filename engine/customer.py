"""The customer: all that is remembered of one person, each list with a limit and a rule for what falls out."""

from collections.abc import Mapping
from typing import Any

import msgspec

from engine.event import Event, Place

SEEN_IDS = 64
SEEN_MS = 7 * 24 * 3600 * 1000
REMEMBERED_KEYS = 200
QUEUED_ACTIONS = 64
OPEN_GOALS = 64
SENT_PER_ENROLLMENT = 32
ATTRIBUTES = 256
CONSENTS = 256
IDENTIFIERS = 32
OCCURRENCES = 256
COUNTED_DAYS = 400
ALARMS = 128
FENCES = 32
CONTACTS = 256
OFFERED = 128
DRAWN = 64
DEAD_ADDRESSES = 16
ARMS = 128
MISSED_EVENTS = 8
CONVERSATIONS = 4
TURNS = 40
TURN_CHARACTERS = 1_000
TURNS_BYTES = 16 * 1024

EVERY_TOPIC = "*"
"""The topic of an answer about all of them on a channel: a no stands above older answers, a yes ends that no."""


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


class Fence(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """A place that the person is in, `since` (ms) the fix that showed it.

    Where somebody waits for a stay, `seen_at` is the last fix that showed it, and `told_at` the latest stay told of.
    """

    since: int
    seen_at: int = 0
    told_at: int = 0


class OpenTask(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """Work asked of a person and not ended yet; `due_at` in ms."""

    id: str
    queue: str
    title: str
    due_at: int


class Branch(msgspec.Struct, array_like=True, gc=False):
    """One branch of a parallel, `name` under the id of its `fork`; `above` is the branch that the parallel stands in.

    Where it stands is said as in an enrollment. Once at its end it is `done`, and waits for the others.
    """

    name: str
    fork: str
    above: str = ""
    node: str = ""
    arrived_at: int = 0
    due_at: int = 0
    event: dict[str, Any] = {}
    task: OpenTask | None = None
    done: bool = False
    overdue_at: int = 0


class Missed(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """What came to an enrollment while its journey was paused: events that it waits for, ends of journeys that it
    started (the event that began each, and the outcome), and whether the person `changed` where it looks at them.
    """

    events: list[Event] = []
    ended: list[tuple[str, str]] = []
    changed: bool = False


class Enrollment(msgspec.Struct, array_like=True, gc=False):
    """One run of one journey for one customer and key. Instants in ms; 0 means none.

    `node` is the id of the wait or held send it stands at; `due_at` when that ends by itself; `expires_at` the ttl's.
    `overdue_at` is when that would have ended by itself, had the journey not been paused; `missed` what came meanwhile.
    `entry` holds the properties of the event that began it, with its envelope under `meta`; `event` what is kept while
    it stands at `node`, such as the event in hand when a held message was proposed; `task` is the one that it stands
    at. `branches` are those of the parallels it stands in; `parent` the enrollment that waits for its end.
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
    branches: list[Branch] = []
    parent: str = ""
    overdue_at: int = 0
    missed: Missed | None = None


Spot = Enrollment | Branch
"""Where an enrollment stands: itself, or one of its branches."""


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
    """An action proposed and not yet known to have left, so that it can be voided.

    Where it is a fallback, a receipt of a type of `unless` for an action of `behind` voids it, one of class `service` a
    STOP; `journey` is known of those two, whose enrollment may be over by then.
    """

    action: str
    enrollment: str
    topic: str
    channel: str
    at: int
    journey: str = ""
    behind: list[str] = []
    unless: list[str] = []
    service: bool = False


class Drawn(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """The units that an action took of a budget and period, so that they can be given back."""

    name: str
    units: int


class Contact(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """A message of marketing decided at `at` (ms), which caps count; `left` once it is known to be on its way.

    `answered` once it was opened, clicked or replied to.
    """

    action: str
    at: int
    channel: str
    topic: str
    journey: str
    left: bool = False
    answered: bool = False


class Occurrence(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """One event that is counted: when it happened (ms), and what is kept of its properties, by dotted path."""

    at: int
    kept: dict[str, Any] = {}


class Day(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """Older events of one day (UTC, since 1970), counted and summed by dotted path."""

    day: int
    count: int
    sums: dict[str, float] = {}


class History(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """What is counted of one event type since `since` (ms).

    The newest occurrences one by one, oldest first; those before them by day.
    """

    since: int
    recent: list[Occurrence] = []
    days: list[Day] = []


class DeadAddress(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """An address that nothing reaches, as was known at `at` (ms) by a provider's `code`."""

    address: str
    at: int
    code: str = ""


class Turn(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """What somebody said in a conversation: `who` is customer, bot or agent, `at` when (ms), on which channel.

    `action` is the message that it left as, `task` and `reply` (the id of the event) what an agent wrote it in. With a
    `code` it did not reach the person, or nobody knows.
    """

    who: str
    channel: str
    at: int
    text: str
    action: str = ""
    task: str = ""
    reply: str = ""
    code: str = ""


class Conversation(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """What was said lately, over every channel; the newest turns, oldest first, `dropped` of them left out before.

    The person is on `channel` now, under `address` (empty: that of their attribute), and spoke last at `heard_at` (ms,
    0 where the bot or people began it).
    `task` is the last one whose people took it over; it is theirs while that task is open.
    """

    began_at: int
    channel: str
    address: str = ""
    heard_at: int = 0
    turns: list[Turn] = []
    dropped: int = 0
    task: str = ""


class Customer(msgspec.Struct, array_like=True, gc=False):
    """The state of one person. `decide` never changes the one it is given: it returns another.

    `attributes_at` also holds when an attribute was unset; `seen` maps an 8-byte hash of an event's id to when it was
    applied; `consent` and `memory` are keyed by `consent_key` and `memory_key`; `history` is by event type; `segments`
    maps those the person is in to since when (ms), `alarms` what time brings about to when it is due (ms), `arms`
    splits, and holdouts as `holdout/JOURNEY`, to the arm drawn; `armed` is the release that these were last made for;
    `gathers_until` (ms) is when the marketing proposals that gather are judged, `offered` when an offer that is not
    made again for a while was made last (ms), by its name;
    `drawn` maps an action to what it took of a budget, until it is known to have left or not; `contacts` are what caps
    count.
    `dead` has the last address of each channel that a provider called dead.
    `fences` are the watched places that the person is in, by the limits of fixes, a slash and the place.
    `conversations` are by brand, empty for none, and are gone some days after the last word (engine/conversations.py).
    Dicts and lists stand oldest first, and at the limit the oldest falls out: ids, attributes, consents (none is a no),
    identifiers, goals, queued actions, arms, and remembered keys of each journey. Fields are only appended, never moved
    or removed (see state/codec.py).
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
    history: dict[str, History] = {}
    segments: dict[str, int] = {}
    alarms: dict[str, int] = {}
    arms: dict[str, str] = {}
    armed: int = 0
    drawn: dict[str, Drawn] = {}
    contacts: list[Contact] = []
    gathers_until: int = 0
    offered: dict[str, int] = {}
    fences: dict[str, Fence] = {}
    conversations: dict[str, Conversation] = {}
    dead: dict[str, DeadAddress] = {}


def consent_key(topic: str, channel: str) -> str:
    """The key of an answer in `Customer.consent`."""
    return f"{topic}/{channel}"


def answer_for(consents: Mapping[str, Consent], topic: str, channel: str) -> Consent | None:
    """The answer that holds for a topic on a channel: the person's own, unless a no to every topic came behind it."""
    answer = consents.get(consent_key(topic, channel))
    if answer is None or not answer.given:
        return answer
    every = consents.get(consent_key(EVERY_TOPIC, channel))
    return answer if every is None or every.given or every.at < answer.at else every


def memory_key(journey: str, key: str) -> str:
    """The key of a journey and an enrollment's key in `Customer.memory`; a journey's name holds no slash."""
    return f"{journey}/{key}"


def positions(enrollment: Enrollment) -> list[Spot]:
    """Where it stands: itself, or inside a parallel its branches too, in the order in which they began."""
    return [enrollment, *enrollment.branches] if enrollment.branches else [enrollment]


def standing(enrollment: Enrollment) -> tuple[str, ...]:
    """The ids of the nodes that an enrollment stands at: its own, and those of its branches that are not done."""
    return tuple(each.node for each in positions(enrollment) if each.node)


def stood(enrollment: Enrollment) -> bool:
    """Whether something came to it, or its time was up, while its journey was paused."""
    return enrollment.missed is not None or any(each.overdue_at for each in positions(enrollment))


def next_due(customer: Customer) -> int:
    """The earliest instant (ms) at which a timer of this customer is due, 0 if none is."""
    due = 0
    for enrollment in customer.enrollments:
        for at in (enrollment.due_at, enrollment.expires_at):
            if at and (not due or at < due):
                due = at
        for branch in enrollment.branches:
            if branch.due_at and (not due or branch.due_at < due):
                due = branch.due_at
    for at in customer.alarms.values():
        if not due or at < due:
            due = at
    return due

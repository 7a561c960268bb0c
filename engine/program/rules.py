"""The rules beside the steps: what begins and ends an enrollment, what is measured, segments, alarms, schedules."""

from typing import Any

import msgspec

from engine.policy.terms import CapRule
from engine.program.steps import RepeatStep, RestStep, SplitStep, Step
from journeys.conditions import Compiled
from journeys.conditions.needed import Wanted
from journeys.duration import Duration, Offset

TASK_TYPES = frozenset({"task.done", "task.no_answer", "task.expired"})
"""The events that end a task."""
TASK_REPLIED = "task.replied"
"""What the people of a task wrote in the conversation that was handed over to them."""
CALL_TYPES = frozenset({"call.done", "call.failed"})
RESPONSE_TYPES = frozenset({"message.opened", "message.clicked", "message.replied"})
"""Receipts that say that a person took notice of a message."""
ANSWER_TYPES = RESPONSE_TYPES | {"message.delivered", "message.complained"}
"""Receipts that tell of a message after it left."""
FAILURE_TYPES = frozenset({"message.failed", "message.bounced", "action.refused"})
"""Receipts that say that a message did not reach the person."""
"""The events that end a call."""
ENTERED_SEGMENT, LEFT_SEGMENT = "segment.entered", "segment.left"
DATE_REACHED, ABSENCE_NOTICED = "date.reached", "absence.noticed"
ENTERED_PLACE, LEFT_PLACE, STAYED_IN_PLACE = "place.entered", "place.left", "place.stayed"
SCHEDULE_DUE, STARTED = "schedule.due", "journey.start"


class EntryRule(msgspec.Struct, frozen=True):
    """What begins an enrollment. `again` is never, always, after exit, or a duration since the last entry.

    `match` are properties that the event must have, exactly; `chain` types that must have happened in this order
    within `span`; `segment`, unless empty, one that the customer must be in. `number` is its place under `enter`, from
    0, as the trace names it.
    """

    where: Compiled | None
    unless: Compiled | None
    key: Compiled | None
    again: str | Duration
    match: tuple[tuple[str, Any], ...] = ()
    chain: tuple[str, ...] = ()
    span: Duration | None = None
    segment: str = ""
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


class DateRule(msgspec.Struct, frozen=True):
    """An alarm at a date of the customer, moved by `offset`, at `minutes` of its day in the person's zone."""

    date: Compiled
    offset: Offset | None
    minutes: int
    yearly: bool
    backfill: bool = False


class AbsenceRule(msgspec.Struct, frozen=True):
    """An alarm once no event of `type` has come for a time since the last one, or since one of type `after`."""

    type: str
    duration: Duration
    after: str
    backfill: bool = False


class FixLimits(msgspec.Struct, frozen=True):
    """Which fixes count: the greatest age (ms) and inaccuracy, and the margins inside and outside, in metres."""

    max_age_ms: int
    max_accuracy_m: float
    enter_margin_m: float
    leave_margin_m: float

    @property
    def key(self) -> str:
        """What `Customer.fences` and events name them by."""
        return f"{self.max_age_ms // 1000}s,{self.max_accuracy_m:g},{self.enter_margin_m:g},{self.leave_margin_m:g}"


class FenceRule(msgspec.Struct, frozen=True):
    """Places that a journey looks at, by kind or id, and for how long it wants one to stay there."""

    name: str
    limits: FixLimits
    stay: Duration | None = None


class SegmentRule(msgspec.Struct, frozen=True):
    """Who is in a segment: all of `when`, none of `unless`.

    `watches` are what its answer hangs on: `customer`, event types behind `type/`, segments behind `segment/`.
    `windows` are the counted types with a window, and `days` those asked by days_since up to so many days, at whose
    edges time alone changes the answer.
    """

    name: str
    version: str
    when: Compiled
    unless: Compiled | None
    watches: frozenset[str]
    windows: tuple[tuple[str, Duration], ...] = ()
    days: tuple[tuple[str, int], ...] = ()
    backfill: bool = False


class Schedule(msgspec.Struct, frozen=True):
    """A trigger `every`: its place among the journey's triggers, cron's five fields, and customers a second.

    `since` is the number of the release that brought it.
    """

    journey: str
    trigger: int
    cron: str
    zone: str
    pace: int
    since: int = 0


class Move(msgspec.Struct, frozen=True, omit_defaults=True):
    """Where a release takes those who are inside one version: to the version `to`, by a deploy of `mode`.

    `nodes` leads from an id to the new one, or to nothing for who leaves there; any other id stays what it is.
    """

    to: str
    mode: str
    nodes: dict[str, str] = {}


class Pause(msgspec.Struct, frozen=True, omit_defaults=True):
    """Whether nobody enters a journey (`entries`), and when those inside stood still: since `since`, 0 for never yet,
    until `until` (ms; 0 while it lasts).

    `overdue` says what those past due on resume do: go, skip or exit, `pace` a second over all partitions.
    """

    entries: bool = False
    since: int = 0
    until: int = 0
    overdue: str = ""
    pace: int = 0

    @property
    def stands(self) -> bool:
        """Whether those inside stand still now."""
        return self.since > 0 and not self.until

    @property
    def closed(self) -> bool:
        """Whether nobody enters now."""
        return self.entries or self.stands

    def held(self, at: int) -> bool:
        """Whether a timer due at `at` (ms) is past due by this pause; while it lasts, every one is."""
        return self.stands or self.since <= at < self.until


class BudgetRule(msgspec.Struct, frozen=True):
    """So many units in each period of the calendar of `zone`; of money, in millionths, with what each channel costs.

    `costs` is None where messages are counted.
    """

    limit: int
    per: str
    zone: str
    costs: dict[str, int] | None = None

    def units(self, channel: str) -> int:
        """What one message on a channel takes; a channel of no known cost takes nothing."""
        return 1 if self.costs is None else self.costs.get(channel, 0)

    def named(self, journey: str, period: str) -> str:
        """What the shared count calls one period of this budget: no other budget or period has the name."""
        return f"{journey}/{'messages' if self.costs is None else 'cost'}/{period}"


class CompiledJourney(msgspec.Struct, frozen=True):
    """One version of one journey, ready to run: rules by event type, rests by node id, the first step.

    `listens` holds every type that can end or wake a live enrollment, so that others cost nothing. `watches` is true
    where a rest looks at the person. `dates` and `absences` are by the trigger's place; `wanted` is what must be
    counted for its conditions. `budget` is what it may spend; `value` of one conversion and `lever` of its priority are
    parts of the scores of its messages; `holdout` is the share (of 1) of people who are its control group; `contests`
    are the splits that look for a winner, by name; `caps` count its own messages alone. `talks` is true where it takes
    part in conversations.
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
    loops: dict[str, tuple[RepeatStep, Step]] = {}
    holdout: float = 0.0
    watches: bool = False
    dates: dict[int, DateRule] = {}
    absences: dict[int, AbsenceRule] = {}
    fences: tuple[FenceRule, ...] = ()
    schedules: tuple[Schedule, ...] = ()
    paces: dict[str, int] = {}
    wanted: dict[str, Wanted] = {}
    segments: frozenset[str] = frozenset()
    keys: tuple[Compiled | None, ...] = ()
    budget: BudgetRule | None = None
    value: float = 1.0
    lever: float = 1.0
    contests: dict[str, SplitStep] = {}
    brand: str = ""
    caps: tuple[CapRule, ...] = ()
    talks: bool = False

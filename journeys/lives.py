"""Lives: customers played through a journey in virtual time, read from lives/NAME.yaml, every fault with its place."""

from datetime import UTC, datetime
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import msgspec
from pydantic import ConfigDict, Field

from journeys.duration import Duration, Offset
from journeys.model import Part, Slug
from journeys.model.parts import Truth
from journeys.problem import Problem
from journeys.structure import fit
from journeys.tree import Mapping, Positions, Sequence, Tree
from journeys.yaml import read

P = TypeVar("P", bound=Part)


class Person(Part):
    """The customer of a life: its zone (else the project's), consent by topic, tags, and attributes."""

    timezone: str | None = None
    consent: dict[Slug, list[Slug]] = Field(default_factory=dict)
    tags: list[Slug] = Field(default_factory=list)
    attributes: dict[str, Any] = Field(default_factory=dict)


class Surroundings(Part):
    """Things as the context topics hold them, by kind; an observation without `at` is of the instant of its step."""

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, list[dict[str, Any]]] = Field(init=False)

    places: list[dict[str, Any]] = Field(default_factory=list)
    weather: list[dict[str, Any]] = Field(default_factory=list)


class Moment(Part):
    """One step of a life: an instant in the customer's zone, or a time after the step before, and what happens then."""

    at: str | None = None
    after: str | None = None
    context: Surroundings | None = None
    channel: Slug | None = None
    id: str | None = Field(default=None, min_length=1, max_length=200)
    source: str | None = Field(default=None, min_length=1, max_length=200)
    occurred_at: str | None = None
    identifiers: dict[Slug, str] | None = None
    event: dict[str, Any] | None = None


class Expected(Part):
    """What shall come of a life; what is left out is not compared.

    `sent` and `refused` in order, as `channel:message@local time`; a refusal ends with a blank and the rule's code;
    one that is put off also with `until` and the local time of the next proposal.
    `tasks` in the order in which they were asked for, as `queue:title@local time outcome`; `open` where none came.
    `outcomes` by key of the enrollment, or as a list in the order in which they ended.
    """

    sent: list[str] | None = None
    refused: list[str] | None = None
    tasks: list[str] | None = None
    outcomes: dict[str, Slug] | list[Slug] | None = None


class Head(Part):
    """The first document of a file: the journey that all its lives are played with, and others beside it."""

    journey: Slug
    beside: list[Slug] = Field(default_factory=list)


class Outline(Part):
    """One document of a file of lives. Its parts are held against their own models, so that hints name their keys."""

    life: str = Field(min_length=1)
    customer: Any = None
    context: Any = None
    arms: dict[Slug, Slug] = Field(default_factory=dict)
    holdout: Truth = False
    play: Any
    expect: Any


LAST_AT = 7_258_118_400_000
"""2200-01-01 in ms: the calendar ends somewhere behind it."""
ENVELOPE = ("channel", "id", "source", "occurred_at", "identifiers")
"""What is said beside an event as beside a touchpoint on the wire (docs/events.md)."""


class Step(msgspec.Struct, frozen=True):
    """One step with its instant: `at` in ms where it is given, else `after` the step before.

    `around` changes the context before the event; `channel` is that of the event, empty for the one of the lives.
    `id`, empty for one of its own, is unique together with `source`. It occurred at an instant (ms), or by an offset
    from the step; with neither at the step.
    """

    at: int | None
    after: Duration | None
    type: str
    properties: dict[str, Any]
    place: dict[str, Any] | None
    around: Surroundings | None
    channel: str = ""
    id: str = ""
    source: str = ""
    occurred: int | Offset | None = None
    identifiers: dict[str, str] = {}


class Life(msgspec.Struct, frozen=True):
    """A life that can be played. `zone` is the customer's; `line` is where it stands in `file`.

    `arms` has the arm of each split that is not drawn; the customer is in a holdout only with `holdout`.
    `beside` are other journeys that are open meanwhile.
    """

    file: str
    line: int
    journey: str
    name: str
    zone: str
    person: Person
    steps: list[Step]
    expect: Expected
    around: Surroundings
    arms: dict[str, str] = {}
    holdout: bool = False
    beside: tuple[str, ...] = ()


def read_lives(file: str, text: str, zone: str = "UTC") -> tuple[list[Life], list[Problem]]:
    """The lives of one file, and all its faults; `zone` is that of customers who name none. Never raises.

    With any fault there are no lives.
    """
    result = read(file, text)
    if result.problems:
        return [], list(result.problems)
    if len(result.documents) < 2:
        what = "no life stands in the file"
        return [], [Problem(file, 1, 1, "J005", what, "begin with `journey: NAME`, and a line `---` before each life")]
    head, problems = fit(Head, Positions(file, result.text, result.documents[0]))
    journey, beside = (head.journey, tuple(head.beside)) if head is not None else ("", ())
    lives = []
    for document in result.documents[1:]:
        reader = _Reader(Positions(file, result.text, document), journey, zone)
        life = reader.life()
        lives.append(life and msgspec.structs.replace(life, beside=beside))
        problems += reader.problems
    return ([] if problems else [life for life in lives if life is not None]), sorted(set(problems))


def instant(text: str, zone: str) -> int:
    """Milliseconds of an ISO 8601 instant; one that names no zone is local time in `zone`. Raises ValueError."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=ZoneInfo(zone))
    return round(moment.timestamp() * 1000)


def local(at: int, zone: str) -> str:
    """`2026-03-03T14:00`, the local time in `zone` of an instant in ms; with seconds where they are not zero."""
    moment = datetime.fromtimestamp(at / 1000, UTC).astimezone(ZoneInfo(zone)).replace(tzinfo=None)
    return moment.isoformat(timespec="minutes" if at % 60_000 == 0 else "auto")


class _Reader:
    """Reads one life; gathers every fault of it in `problems`."""

    def __init__(self, where: Positions, journey: str, zone: str) -> None:
        self.problems: list[Problem] = []
        self._where = where
        self._journey = journey
        self._zone = zone
        self._latest = -LAST_AT

    def life(self) -> Life | None:
        """The life, None where it lacks what a life must have."""
        outline, faults = fit(Outline, self._where)
        self.problems += faults
        root = self._where.root
        if outline is None or not isinstance(root, Mapping):
            return None
        person = self._part(Person, root.get("customer"), "customer") or Person()
        expect = self._part(Expected, root.get("expect"), "expect") or Expected()
        around = self._part(Surroundings, root.get("context"), "context") or Surroundings()
        zone = self._known_zone(person.timezone or self._zone)
        play = root.get("play")
        if not isinstance(play, Sequence) or not play.items:
            self._fault(
                ("play",), "J006", "`play` must be a list that is not empty", "write `play:` with `- at:` below"
            )
            return None
        steps = [self._step(item, place, zone) for place, item in enumerate(play.items)]
        line = self._where.at().line
        named = (self._where.file, line, self._journey, outline.life, zone)
        return Life(*named, person, steps, expect, around, outline.arms, outline.holdout)

    def _part(self, model: type[P], tree: Tree | None, *path: str | int) -> P | None:
        if tree is None:
            return None
        if not isinstance(tree, Mapping):
            self._fault(path, "J006", f"`{path[0]}` must hold a mapping here", "write `KEY: VALUE`")
            return None
        part, faults = fit(model, Positions(self._where.file, self._where.text, tree))
        self.problems += faults
        return part

    def _step(self, item: Tree, place: int, zone: str) -> Step:
        path = ("play", place)
        moment = self._part(Moment, item, *path) or Moment(at="1970-01-01")
        if (moment.at is None) == (moment.after is None):
            what = "a step has either `at` or `after`"
            self._fault(path, "J006", what, "write `at: 2026-03-02T18:00` or `after: 3h`")
        elif place == 0 and moment.at is None:
            what = "the first step of a life has no step before it"
            self._fault(path, "J006", what, "write `at: 2026-03-02T18:00`")
        event = dict(moment.event or {})
        kind, where = event.pop("type", ""), event.pop("place", None)
        if moment.event is not None and not (isinstance(kind, str) and kind):
            self._fault((*path, "event"), "J005", "an event has a `type`", "write `event: {type: order.placed}`")
        if where is not None and not isinstance(where, dict):
            self._fault(
                (*path, "event", "place"), "J006", "`place` must be a mapping", "write `{lat: 48.85, lon: 2.35}`"
            )
            where = None
        at, after = self._instant(moment, path, zone), self._duration(moment, path)
        return Step(
            at, after, str(kind), event, where, moment.context, moment.channel or "", moment.id or "",
            moment.source or "", self._occurred(moment, path, zone), moment.identifiers or {},
        )  # fmt: skip

    def _occurred(self, moment: Moment, path: tuple[str | int, ...], zone: str) -> int | Offset | None:
        """When the event occurred; and the faults of what stands beside an event."""
        for name in ENVELOPE:
            if getattr(moment, name) is not None and moment.event is None:
                what = f"`{name}` is of an event, and the step has none"
                self._fault((*path, name), "J006", what, "write `event: {type: order.placed}` beside it")
        if moment.source is not None and moment.id is None:
            what = "`source` is one half of an id, and the step has no `id`"
            self._fault((*path, "source"), "J006", what, "write `id: o-1001` beside it")
        if moment.occurred_at is None:
            return None
        try:
            signed = moment.occurred_at.strip()[:1] in ("-", "+")
            return Offset.parse(moment.occurred_at) if signed else instant(moment.occurred_at, zone)
        except ValueError:
            what = f"`occurred_at` must be an instant or an offset from the step, found `{moment.occurred_at}`"
            self._fault((*path, "occurred_at"), "J006", what, "write it as 2026-03-02T18:00, or as -2h")
            return None

    def _instant(self, moment: Moment, path: tuple[str | int, ...], zone: str) -> int | None:
        if moment.at is None:
            return None
        try:
            at = instant(moment.at, zone)
        except (ValueError, OverflowError):
            what = f"`at` must be an instant, found `{moment.at}`"
            self._fault((*path, "at"), "J006", what, "write it as 2026-03-02T18:00")
            return None
        if at > LAST_AT:
            self._fault((*path, "at"), "J006", f"`{moment.at}` lies behind 2200", "write it as 2026-03-02T18:00")
        elif at < self._latest:
            what = f"`{moment.at}` lies before the step above"
            self._fault((*path, "at"), "J006", what, "write the steps in order; what is told late has `occurred_at`")
        self._latest = max(self._latest, at)
        return at

    def _duration(self, moment: Moment, path: tuple[str | int, ...]) -> Duration | None:
        if moment.after is None:
            return None
        try:
            found = Duration.parse(moment.after)
        except ValueError as fault:
            self._fault((*path, "after"), "J006", str(fault), "write it as 3h, 20d or 1mo")
            return None
        self._latest += found.least_ms
        return found

    def _known_zone(self, zone: str) -> str:
        try:
            ZoneInfo(zone)
        except (OSError, ValueError, KeyError):
            what = f"the time zone `{zone}` is not known"
            self._fault(("customer", "timezone"), "J022", what, "write one such as Europe/Paris")
            return "UTC"
        return zone

    def _fault(self, path: tuple[str | int, ...], code: str, what: str, hint: str) -> None:
        mark = self._where.at(path)
        self.problems.append(Problem(self._where.file, mark.line, mark.column, code, what, hint))

"""The catalog: compiled journeys by the event types that begin them, and the versions that people are still inside."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Any

from engine.compile import DefinitionError, compile_journey
from engine.customer import Customer, standing, stood
from engine.destination import Destination, destination
from engine.places.watches import watches
from engine.policy.terms import NONE, Terms
from engine.program import (
    RESPONSE_TYPES,
    AbsenceRule,
    CompiledJourney,
    DateRule,
    EntryRule,
    MessageSpec,
    Move,
    OfferCatalog,
    Pause,
    Schedule,
    SegmentRule,
    SendStep,
)
from journeys.conditions import EvaluationError, Facts
from journeys.conditions.needed import Wanted, together_wanted

__all__ = ["Catalog", "CompiledJourney", "DefinitionError", "MessageSpec", "compile_journey"]

Rules = tuple[tuple[CompiledJourney, EntryRule], ...]
"""Triggers with the journeys that they begin."""
Alarm = tuple[CompiledJourney, int, DateRule | AbsenceRule]
"""A date or an absence with its journey and its place under `enter`."""
FEW = 8
"""Rules of one event type that are asked one by one."""
_NO: dict[str, Any] = {}
"""What the properties of an event do not tell."""
FIRST = 1
"""The release of a catalog whose journeys and segments have no history of releases."""


class Narrowed:
    """The many rules of one event type, by the text that a property must be where their condition pins one down."""

    def __init__(self, rules: Rules) -> None:
        self.rules = rules
        self._free: list[int] = []
        self._pinned: dict[str, dict[str, list[int]]] = {}
        for place, (_, rule) in enumerate(rules):
            pinned = None if rule.where is None else rule.where.pinned
            if pinned is None:
                self._free.append(place)
            else:
                self._pinned.setdefault(pinned[0], {}).setdefault(pinned[1], []).append(place)

    def of(self, properties: Mapping[str, Any]) -> Rules:
        """Those that may hold, in their order; a property that is no text may be anything to a condition."""
        places = list(self._free)
        for name, by_text in self._pinned.items():
            value = properties.get(name)
            if isinstance(value, str):
                places += by_text.get(value, ())
            else:
                places += (place for among in by_text.values() for place in among)
        return tuple(self.rules[place] for place in sorted(places))


class Catalog:
    """What a release holds. `current` is open for entry; `find(name, version)` gives the others, None when unknown.

    A version never changes, so that a found one is kept. `entries` maps an event type to the journeys and rules that it
    may begin, in the order of the journeys' names, and holds no type that begins nothing. `segments` stand in an order
    in which each comes after those that it looks at. `since` says in which release a journey or a segment (as
    `segment/NAME`) came in its present version; `armed` is the newest of them that time or the person's past may begin
    or change, 0 where nothing does. `wanted` is what must be counted, by event type; `heard` holds every type that
    concerns any of its journeys and segments; `zone` is the project's.
    `picks` is true where a journey picks the best channel, so that what people were sent, and answered, is remembered.
    `talks` is true where a journey takes part in conversations, so that what is said is remembered.
    `fences` says which fixes tell whether a person is in which places.
    `moves` says, by journey and version, where the release takes those inside; `terms` are the project's policy,
    `offers` the catalogs of offers by name.
    `pauses` are the journeys that are or were paused: nobody enters one of `closed`, nobody inside one of `halted` goes
    on, those of `resumed` do again. `backfills` is the newest release that a walk takes to the customers whom it
    concerns, `backfill_pace` of them a second.
    """

    def __init__(
        self,
        release: int,
        current: Mapping[str, CompiledJourney],
        find: Callable[[str, str], CompiledJourney | None],
        segments: Iterable[SegmentRule] = (),
        zone: str = "UTC",
        since: Mapping[str, int] | None = None,
        moves: Mapping[str, Mapping[str, Move]] | None = None,
        terms: Terms = NONE,
        pauses: Mapping[str, Pause] | None = None,
        offers: Iterable[OfferCatalog] = (),
    ) -> None:
        self.release, self.terms, self.zone = release, terms, zone
        self.current = dict(current)
        self.offers = {each.name: each for each in offers}
        self.segments = {rule.name: rule for rule in in_order(segments)}
        self.since = dict(since or {})
        self.moves = {name: dict(each) for name, each in (moves or {}).items() if each}
        self.entries: dict[str, Rules] = {}
        self._versions = {(journey.name, journey.version): journey for journey in self.current.values()}
        self._find = find
        for name in sorted(self.current):
            journey = self.current[name]
            for type_, rules in journey.entries.items():
                self.entries[type_] = (*self.entries.get(type_, ()), *((journey, rule) for rule in rules))
        self._narrowed = {type_: Narrowed(rules) for type_, rules in self.entries.items() if len(rules) > FEW}
        self.timed = {name: journey for name, journey in self.current.items() if journey.dates or journey.absences}
        self.fences = watches(rule for journey in self.current.values() for rule in journey.fences)
        self.armed = max((self.since_of(name) for name in self._armed_names()), default=0)
        self.pauses = dict(pauses or {})
        self.closed, self.halted, self.resumed = _by_state(self.pauses)
        self._armed_back = max((self.since_of(name) for name in self._backfilled_names()), default=0)
        self.backfills = max([self._armed_back, *(self.since_of(name) for name in self._taken_on())])
        self.picks, self.talks = (any(map(of, self.current.values())) for of in (_picks, _talks))
        self.wanted = self._wanted()
        self._segments, self._watching = _by_watched(self.segments.values())
        self._alarms, self._alarmed = _by_touched(self.timed.values())
        self.heard = self._heard()

    @property
    def schedules(self) -> tuple[Schedule, ...]:
        """The triggers `every` of all journeys, with the release since which each holds."""
        return tuple(
            Schedule(each.journey, each.trigger, each.cron, each.zone, each.pace, self.since_of(each.journey))
            for name in sorted(self.current)
            for each in self.current[name].schedules
        )

    @property
    def paces(self) -> dict[str, int]:
        """Customers a second for broadcast events, by their type; of several journeys the slowest."""
        found: dict[str, int] = {}
        for journey in self.current.values():
            for type_, pace in journey.paces.items():
                found[type_] = min(pace, found.get(type_, pace))
        return found

    @property
    def backfill_pace(self) -> int:
        """Customers a second for the walk of `backfills`, 0 where nothing is said; of several resumes the slowest."""
        newest = self.backfills
        paces = [pause.pace for name, pause in self.resumed.items() if self.since_of(f"resumed/{name}") == newest]
        return min((pace for pace in paces if pace), default=0)

    def concerns(self, customer: Customer) -> bool:
        """Whether the walk of `backfills` has anything to tell a customer: an alarm, a move, a resume."""
        if customer.armed < self._armed_back:
            return True
        for each in customer.enrollments:
            if each.journey in self.resumed and stood(each):
                return True
            if each.journey in self.moves and self.move(each.journey, each.version, standing(each)) is not None:
                return True
        return False

    def since_of(self, name: str) -> int:
        """The release that brought a journey, or `segment/NAME`, in its present version."""
        return self.since.get(name, FIRST)

    def entering(self, type_: str, properties: Mapping[str, Any]) -> tuple[Rules, int]:
        """The rules of `entries` that an event may satisfy, and how many were passed over, which want another text.

        So that among a thousand journeys that listen to a type those that it cannot concern cost nothing.
        """
        narrowed = self._narrowed.get(type_)
        if narrowed is None:
            return self.entries.get(type_, ()), 0
        found = narrowed.of(properties)
        return found, len(narrowed.rules) - len(found)

    def may_begin(self, type_: str, properties: dict[str, Any]) -> bool:
        """Whether an event may begin anything; not where each trigger shows by the event's properties that it cannot.

        A trigger that looks at more, or that they make fail, may.
        """
        if type_ not in self.entries:
            return False
        facts = Facts(properties, _NO, _NO, _NO, _NO, _NO)
        for _, rule in self.entering(type_, properties)[0]:
            if rule.where is None or not rule.where.of_event:
                return True
            try:
                if rule.where.holds(facts):
                    return True
            except EvaluationError:
                return True
        return False

    def segments_watching(self, touched: AbstractSet[str]) -> list[SegmentRule]:
        """The segments that look at something of `touched`, in their order."""
        return [self._segments[place] for place in _places(self._watching, touched)]

    def alarms_watching(self, touched: AbstractSet[str]) -> list[Alarm]:
        """The dates and absences of journeys that hang on something of `touched`, in the order of the journeys."""
        return [self._alarms[place] for place in _places(self._alarmed, touched)]

    def version(self, name: str, version: str) -> CompiledJourney | None:
        """The journey in the version that an enrollment is in, None when nobody knows it."""
        found = self._versions.get((name, version))
        if found is None:
            found = self._find(name, version)
            if found is not None:
                self._versions[name, version] = found
        return found

    def move(self, name: str, version: str, standing: Iterable[str]) -> Destination | None:
        """Where the release takes those of a version who stand at these nodes, None where they stay."""
        moves = self.moves.get(name, {})
        return destination(moves, version, standing, lambda to: self._rests(name, to)) if version in moves else None

    def _rests(self, name: str, version: str) -> Mapping[str, object] | None:
        found = self.version(name, version)
        return None if found is None else found.rests

    def _taken_on(self) -> list[str]:
        """What takes people on who are inside, by the names of `since`."""
        moves = [f"moves/{name}/{version}" for name, each in self.moves.items() for version in each]
        return [*moves, *(f"resumed/{name}" for name in self.resumed)]

    def _armed_names(self) -> list[str]:
        return [*self.timed, *(f"segment/{name}" for name in self.segments)]

    def _backfilled_names(self) -> list[str]:
        timed = [
            name
            for name, journey in self.timed.items()
            if any(rule.backfill for rule in journey.dates.values())
            or any(rule.backfill for rule in journey.absences.values())
        ]
        return [*timed, *(f"segment/{name}" for name, rule in self.segments.items() if rule.backfill)]

    def _heard(self) -> frozenset[str]:
        """The event types that can begin, end, wake or measure anything, or are counted; facts of the person aside."""
        found = {*self.entries, *self.wanted}
        for journey in self.current.values():
            found |= journey.listens
            if journey.goal is not None:
                found |= journey.goal.types
            if _picks(journey):
                found |= RESPONSE_TYPES
        for rule in self.segments.values():
            found.update(key.removeprefix("type/") for key in rule.watches if key.startswith("type/"))
        return frozenset(found)

    def _wanted(self) -> dict[str, Wanted]:
        found = [pair for journey in self.current.values() for pair in journey.wanted.items()]
        found += self.terms.wanted.items()
        found += [pair for each in self.offers.values() for pair in each.wanted.items()]
        for rule in self.segments.values():
            found += rule.when.needs.counts.items()
            found += rule.unless.needs.counts.items() if rule.unless is not None else ()
        return together_wanted(found)


def _by_state(pauses: Mapping[str, Pause]) -> tuple[frozenset[str], frozenset[str], dict[str, Pause]]:
    """The journeys that nobody enters, those that stand still, and those that go on again with their last pause."""
    closed = frozenset(name for name, pause in pauses.items() if pause.closed)
    halted = frozenset(name for name, pause in pauses.items() if pause.stands)
    return closed, halted, {name: pause for name, pause in pauses.items() if pause.until}


def in_order(segments: Iterable[SegmentRule]) -> list[SegmentRule]:
    """Each segment after those that it looks at; those in a circle, which `check` refuses, come last."""
    left = {rule.name: rule for rule in sorted(segments, key=lambda rule: rule.name)}
    ordered: list[SegmentRule] = []
    while left:
        ready = [rule for rule in left.values() if not any(f"segment/{name}" in rule.watches for name in left)]
        found = ready or list(left.values())
        ordered += found
        left = {name: rule for name, rule in left.items() if rule not in found}
    return ordered


def _talks(journey: CompiledJourney) -> bool:
    return journey.talks


def _picks(journey: CompiledJourney) -> bool:
    return any(isinstance(step, SendStep) and step.best for step in journey.rests.values())


def _by_watched(segments: Iterable[SegmentRule]) -> tuple[list[SegmentRule], dict[str, tuple[int, ...]]]:
    """All segments, and by what they look at their places among them."""
    listed = list(segments)
    found: dict[str, tuple[int, ...]] = {}
    for place, rule in enumerate(listed):
        for key in rule.watches:
            found[key] = (*found.get(key, ()), place)
    return listed, found


def _places(found: Mapping[str, tuple[int, ...]], touched: AbstractSet[str]) -> Sequence[int]:
    """The places of all that is touched, in order; mostly it is one thing, whose places are in order already."""
    if len(touched) == 1:
        [key] = touched
        return found.get(key, ())
    return sorted({place for key in touched for place in found.get(key, ())})


def _by_touched(journeys: Iterable[CompiledJourney]) -> tuple[list[Alarm], dict[str, tuple[int, ...]]]:
    """All alarms, and by what they hang on their places among them."""
    alarms: list[Alarm] = []
    found: dict[str, tuple[int, ...]] = {}
    for journey in journeys:
        for place, date in journey.dates.items():
            found["customer"] = (*found.get("customer", ()), len(alarms))
            alarms.append((journey, place, date))
        for place, absence in journey.absences.items():
            for key in {f"type/{absence.type}", f"type/{absence.after}"}:
                found[key] = (*found.get(key, ()), len(alarms))
            alarms.append((journey, place, absence))
    return alarms, found

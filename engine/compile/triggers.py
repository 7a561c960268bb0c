"""Triggers become entry rules by event type, alarms, schedules, and what must be remembered for them."""

from typing import assert_never

from engine.compile.conditions import optional, unless
from engine.program import AbsenceRule, DateRule, EntryRule, FenceRule, FixLimits, Schedule
from engine.program.rules import (
    ABSENCE_NOTICED,
    DATE_REACHED,
    ENTERED_PLACE,
    ENTERED_SEGMENT,
    LEFT_PLACE,
    LEFT_SEGMENT,
    SCHEDULE_DUE,
    STARTED,
    STAYED_IN_PLACE,
)
from engine.time import DAY_MS
from journeys.conditions import Compiled, compile_expression
from journeys.conditions.needed import Needs
from journeys.duration import Duration
from journeys.model import (
    AtPlace,
    Called,
    Enter,
    EntersPlace,
    EntersSegment,
    Entry,
    Every,
    Journey,
    LeavesPlace,
    LeavesSegment,
    OnAbsence,
    OnBroadcast,
    OnDate,
    OnSequence,
    StaysInPlace,
    Trigger,
)
from journeys.model.parts import minutes_of, pace_of


class Triggers:
    """All that stands under `enter`, compiled; `remembered` are the types whose newest event must be kept."""

    def __init__(self, journey: Journey, zone: str) -> None:
        self.entries: dict[str, tuple[EntryRule, ...]] = {}
        self.dates: dict[int, DateRule] = {}
        self.absences: dict[int, AbsenceRule] = {}
        self.schedules: tuple[Schedule, ...] = ()
        self.paces: dict[str, int] = {}
        self.fences: tuple[FenceRule, ...] = ()
        self.remembered: set[str] = set()
        self.segments: frozenset[str] = frozenset()
        self.needs: list[Needs] = []
        self._name = journey.journey
        self._zone = zone
        keys: list[Compiled | None] = []
        for number, each in enumerate(journey.enter if isinstance(journey.enter, list) else [journey.enter]):
            rule = self._rule(each, number)
            keys.append(rule.key)
            self._add(each, rule)
        self.keys = tuple(dict.fromkeys(keys))

    def _rule(self, part: Entry, number: int) -> EntryRule:
        key = compile_expression(part.key) if part.key is not None else None
        rule = EntryRule(optional(part.where), unless(part.unless), key, _again(part.again), number=number)
        self.needs += [each.needs for each in (rule.where, rule.unless, rule.key) if each is not None]
        return rule

    def _add(self, part: Trigger, rule: EntryRule) -> None:
        match part:
            case Enter():
                for type_ in types_of(part.on):
                    self._enter(type_, rule)
            case EntersSegment():
                self._of_segment(ENTERED_SEGMENT, part.enters_segment, rule)
            case LeavesSegment():
                self._of_segment(LEFT_SEGMENT, part.leaves_segment, rule)
            case Every() | OnDate() | OnAbsence():
                self._add_timed(part, rule)
            case OnSequence():
                chain = tuple(part.sequence)
                self.remembered |= set(chain)
                for type_ in dict.fromkeys(chain):
                    self._enter(type_, rule, chain=chain, span=part.within)
            case OnBroadcast():
                self.paces[part.broadcast] = pace_of(part.pace)
                self._enter(part.broadcast, rule, segment=part.to_segment or "")
            case Called():
                self._enter(STARTED, rule, match=(("journey", self._name),))
            case EntersPlace():
                self._at_place(ENTERED_PLACE, part.enters_place, part, rule)
            case LeavesPlace():
                self._at_place(LEFT_PLACE, part.leaves_place, part, rule)
            case StaysInPlace():
                self._at_place(STAYED_IN_PLACE, part.stays_in_place, part, rule, part.for_)
            case _:
                assert_never(part)

    def _add_timed(self, part: Every | OnDate | OnAbsence, rule: EntryRule) -> None:
        """What time begins is told by an event that names the journey and the trigger's place."""
        number = rule.number
        own = (("journey", self._name), ("trigger", number))
        match part:
            case Every():
                zone = part.zone or self._zone
                self.schedules += (Schedule(self._name, number, part.every, zone, pace_of(part.pace)),)
                self._enter(SCHEDULE_DUE, rule, match=own, segment=part.to_segment)
            case OnDate():
                date = compile_expression(part.date)
                self.needs.append(date.needs)
                minutes = minutes_of(part.at)
                self.dates[number] = DateRule(date, part.offset, minutes, part.yearly, part.backfill)
                self._enter(DATE_REACHED, rule, match=own)
            case OnAbsence():
                after = part.after or ""
                self.absences[number] = AbsenceRule(part.absent, part.for_, after, part.backfill)
                self.remembered |= {part.absent, after} - {""}
                self._enter(ABSENCE_NOTICED, rule, match=own)
            case _:
                assert_never(part)

    def _of_segment(self, type_: str, name: str, rule: EntryRule) -> None:
        self._enter(type_, rule, match=(("segment", name),))
        self.segments |= {name}

    def _at_place(self, type_: str, name: str, part: AtPlace, rule: EntryRule, stay: Duration | None = None) -> None:
        """An event of the engine names kind and id; no place has the same for both, so at most one rule fits."""
        limits = FixLimits(roughly_ms(part.max_age), part.max_accuracy, part.enter_margin, part.leave_margin)
        self.fences += (FenceRule(name, limits, stay),)
        own = (("fixes", limits.key), *((("for", stay.text),) if stay is not None else ()))
        for by in ("kind", "place"):
            self._enter(type_, rule, match=(*own, (by, name)))

    def _enter(
        self,
        type_: str,
        rule: EntryRule,
        *,
        match: tuple[tuple[str, object], ...] = (),
        segment: str = "",
        chain: tuple[str, ...] = (),
        span: Duration | None = None,
    ) -> None:
        if segment:
            self.segments |= {segment}
        added = EntryRule(rule.where, rule.unless, rule.key, rule.again, match, chain, span, segment, rule.number)
        self.entries[type_] = (*self.entries.get(type_, ()), added)


def types_of(on: str | list[str]) -> list[str]:
    """One type or several, each once."""
    return list(dict.fromkeys([on] if isinstance(on, str) else on))


def roughly_ms(duration: Duration) -> int:
    """A duration in milliseconds, its days of 24 hours and its months of 31 days."""
    return (31 * duration.months + duration.days) * DAY_MS + duration.elapsed_ms


def _again(text: str) -> str | Duration:
    return Duration.parse(text.removesuffix("after entry")) if text.endswith("after entry") else text

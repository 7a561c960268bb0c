"""The doors of a flow: what begins an enrollment, and what ends it from outside."""

from collections.abc import Iterator
from typing import assert_never

from journeys.duration import Offset
from journeys.flow.shape import Door
from journeys.model import (
    Called,
    Condition,
    Enter,
    EntersPlace,
    EntersSegment,
    EventTypes,
    Every,
    ExitRule,
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
from journeys.tree import Path


def entries(journey: Journey) -> Iterator[Door]:
    """The triggers, in the order in which they are written."""
    many = isinstance(journey.enter, list)
    for number, enter in enumerate(triggers(journey)):
        path: Path = ("enter", number) if many else ("enter",)
        yield Door(trigger_label(enter), condition_text(enter.where, enter.unless), path)


def exits(rules: list[ExitRule]) -> Iterator[Door]:
    """The rules that end an enrollment."""
    for number, rule in enumerate(rules):
        yield Door(types(rule.on), condition_text(rule.where, rule.unless), ("exit", number), rule.as_)


def triggers(journey: Journey) -> list[Trigger]:
    """What stands under `enter`, as a list."""
    return journey.enter if isinstance(journey.enter, list) else [journey.enter]


def trigger_label(trigger: Trigger) -> str:
    """What begins it, in a few words."""
    match trigger:
        case Enter():
            return types(trigger.on)
        case EntersSegment():
            return f"enters segment {trigger.enters_segment}"
        case LeavesSegment():
            return f"leaves segment {trigger.leaves_segment}"
        case Every():
            return f"every {trigger.every}, segment {trigger.to_segment}"
        case OnDate():
            return f"{shifted(trigger.date, trigger.offset)} at {trigger.at}"
        case OnAbsence():
            return f"no {trigger.absent} for {trigger.for_.text}" + (f" after {trigger.after}" if trigger.after else "")
        case OnSequence():
            return f"{', then '.join(trigger.sequence)} within {trigger.within.text}"
        case OnBroadcast():
            return f"broadcast {trigger.broadcast}" + (f", segment {trigger.to_segment}" if trigger.to_segment else "")
        case Called():
            return "started by another journey"
        case EntersPlace():
            return f"enters {trigger.enters_place}"
        case LeavesPlace():
            return f"leaves {trigger.leaves_place}"
        case StaysInPlace():
            return f"stays in {trigger.stays_in_place} for {trigger.for_.text}"
        case _:
            assert_never(trigger)


def shifted(date: str, offset: Offset | None) -> str:
    """`7d before customer.birthday`."""
    if offset is None:
        return date
    return f"{offset.duration.text} {'before' if offset.before else 'after'} {date}"


def condition_text(where: Condition | None, unless: Condition | None = None) -> str:
    """Conditions as one expression, empty for none."""
    parts = [where] if isinstance(where, str) else list(where or [])
    parts += [f"!({each})" for each in ([unless] if isinstance(unless, str) else list(unless or []))]
    return " && ".join(" ".join(part.split()) for part in parts)


def types(on: EventTypes) -> str:
    """Event types as words."""
    return on if isinstance(on, str) else " or ".join(on)

"""Who enters a journey and when it ends, in sentences."""

from typing import assert_never

from journeys.duration import Duration, Offset
from journeys.flow.doors import triggers
from journeys.model import (
    Called,
    Enter,
    EntersPlace,
    EntersSegment,
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
from journeys.prose.words import code, duration, events, holds


def who_enters(journey: Journey) -> list[str]:
    """One paragraph for each trigger."""
    return [" ".join(_trigger(each)) for each in triggers(journey)]


def how_it_ends(journey: Journey) -> list[str]:
    """One sentence for each way out."""
    found = [_exit(rule) for rule in journey.exit]
    found.append(
        f"At the end of the steps: **completed**. At the latest {duration(journey.ttl)} after entry: **expired**."
    )
    return found


def what_is_measured(journey: Journey) -> list[str]:
    """The goal and the control group; none where nothing is measured."""
    found = []
    if journey.goal is not None:
        goal = journey.goal
        where = f" and {holds(goal.where)}" if goal.where is not None else ""
        revenue = f" Its revenue is {code(str(goal.revenue))}." if goal.revenue is not None else ""
        found.append(f"Reached when {events(goal.on)} comes within {duration(goal.within)} of entry{where}.{revenue}")
    if journey.holdout is not None:
        found.append(
            f"{journey.holdout} of all people are the control group: they enter, are measured, and get nothing."
        )
    return found


def shifted(date: str, offset: Offset | None) -> str:
    """A date with its offset: `7 days before the customer's renewal on`."""
    if offset is None:
        return code(date)
    return f"{duration(offset.duration)} {'before' if offset.before else 'after'} {code(date)}"


def _trigger(trigger: Trigger) -> list[str]:
    where = f", if {holds(trigger.where)}" if trigger.where is not None else ""
    said = [f"{_begins(trigger)}{where}."]
    if trigger.unless is not None:
        said.append(f"Not if {holds(trigger.unless, 'or')}.")
    whom = "the same person"
    if trigger.key is not None:
        said.append(f"Each {code(str(trigger.key))} has a run of its own.")
        whom = f"the same person with the same {code(str(trigger.key))}"
    said.append(_again(trigger.again, whom))
    return said


def _begins(trigger: Trigger) -> str:
    match trigger:
        case Enter():
            return f"Whoever {events(trigger.on)} comes from"
        case EntersSegment():
            return f"Whoever comes into the segment **{trigger.enters_segment}**"
        case LeavesSegment():
            return f"Whoever leaves the segment **{trigger.leaves_segment}**"
        case Every():
            zone = f" in {trigger.zone}" if trigger.zone else ""
            return f"The members of the segment **{trigger.to_segment}**, on the schedule {code(trigger.every)}{zone}"
        case OnDate():
            yearly = " of each year" if trigger.yearly else ""
            return f"Everyone, {shifted(trigger.date, trigger.offset)}{yearly} at {trigger.at} in the person's zone"
        case OnAbsence():
            since = f" after {code(trigger.after)}" if trigger.after else ""
            return f"Whoever no {code(trigger.absent)} comes from for {duration(trigger.for_)}{since}"
        case OnSequence():
            order = ", then ".join(map(code, trigger.sequence))
            return f"Whoever {order} come from in this order within {duration(trigger.within)}"
        case OnBroadcast():
            whom = f"the members of the segment **{trigger.to_segment}**" if trigger.to_segment else "everyone"
            return f"When {code(trigger.broadcast)} is told of the business: {whom}"
        case Called():
            return "Whoever another journey, or the event `journey.start`, starts it for"
        case EntersPlace():
            return f"Whoever comes into **{trigger.enters_place}**, by kind or id of the place"
        case LeavesPlace():
            return f"Whoever leaves **{trigger.leaves_place}**, by kind or id of the place"
        case StaysInPlace():
            where = f"**{trigger.stays_in_place}**, by kind or id of the place"
            return f"Whoever stays for {duration(trigger.for_)} in {where}"
        case _:
            assert_never(trigger)


def _again(again: str, whom: str) -> str:
    match again:
        case "never":
            return f"{whom.capitalize()} enters once and never again."
        case "always":
            return f"{whom.capitalize()} may enter each time, also while a run lasts."
        case "after exit":
            return f"{whom.capitalize()} may enter again once the run is over."
        case _:
            span = duration(Duration.parse(again.removesuffix("after entry")))
            return f"{whom.capitalize()} may enter again {span} after entry."


def _exit(rule: ExitRule) -> str:
    where = f", if {holds(rule.where)}" if rule.where is not None else ""
    unless = f", unless {holds(rule.unless, 'or')}" if rule.unless is not None else ""
    return f"At once when {events(rule.on)} comes{where}{unless}: **{rule.as_}**. What has not left yet does not leave."


def within_budget(journey: Journey) -> list[str]:
    """What the journey may spend, a sentence, or nothing."""
    budget = journey.budget
    if budget is None:
        return []
    most = f"sends at most {budget.messages} messages" if budget.cost is None else f"spends at most {budget.cost:g}"
    span = "in all" if budget.per == "ever" else f"in each {budget.per} of the calendar"
    return [f"The journey {most} {span}; those of class service and critical leave beside it."]

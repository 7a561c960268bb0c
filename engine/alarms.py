"""Alarms: what time brings about for a customer: dates, absences, segments that change by time alone."""

from collections.abc import Set as AbstractSet
from typing import Any

from engine import conversations, trace
from engine.calendar import next_yearly, read_instant, shifted
from engine.customer import ALARMS
from engine.draft import Draft
from engine.history import newest
from engine.places.fences import STAY, notice_stay
from engine.program import AbsenceRule, CompiledJourney, DateRule
from engine.program.rules import ABSENCE_NOTICED, DATE_REACHED
from engine.segments import ALARM, ask, set_alarm
from engine.time import after
from journeys.conditions import Absent

DATE, ABSENCE = "date/", "absence/"


def arm(draft: Draft) -> None:
    """Makes the customer's segments and alarms those of the release; nothing where they are already.

    What is new to the customer begins from here: who is in a new segment, or whose time was up before, is told of it
    only where the definition asks for `backfill`.
    """
    catalog, customer = draft.catalog, draft.customer
    if customer.armed == catalog.armed:
        return
    before = customer.armed
    owned = draft.own()
    owned.armed = catalog.armed
    owned.history = {type_: each for type_, each in owned.history.items() if type_ in catalog.wanted}
    owned.segments = {name: since for name, since in owned.segments.items() if name in catalog.segments}
    owned.alarms = {name: due for name, due in owned.alarms.items() if name.startswith((STAY, conversations.ALARM))}
    for rule in catalog.segments.values():
        is_new = catalog.since_of(f"segment/{rule.name}") > before
        ask(draft, rule, silent=is_new and not rule.backfill)
    for name, journey in catalog.timed.items():
        is_new = catalog.since_of(name) > before
        for place, date in journey.dates.items():
            _set_date(draft, journey, place, date, missed=is_new and date.backfill)
        for place, absence in journey.absences.items():
            _set_absence(draft, journey, place, absence, missed=is_new and absence.backfill)


def review(draft: Draft, touched: AbstractSet[str]) -> None:
    """Sets the alarms anew that hang on something of `touched`."""
    for journey, place, rule in draft.catalog.alarms_watching(touched):
        if isinstance(rule, DateRule):
            _set_date(draft, journey, place, rule)
        else:
            _set_absence(draft, journey, place, rule)


def fire(draft: Draft, name: str, due: int) -> None:
    """Takes an alarm that is due: asks the segment again, or tells the journey by an event of its own."""
    set_alarm(draft, name, 0)
    kind, _, rest = name.partition("/")
    if name.startswith(ALARM):
        rule = draft.catalog.segments.get(rest)
        if rule is not None:
            ask(draft, rule)
        return
    if name.startswith(STAY):
        notice_stay(draft, rest)
        return
    if name.startswith(conversations.ALARM):
        conversations.forget(draft, rest)
        return
    journey_name, _, place = rest.rpartition("/")
    journey = draft.catalog.timed.get(journey_name)
    if journey is None:
        return
    told: dict[str, Any] = {"journey": journey_name, "trigger": int(place), "due": due}
    date, absence = journey.dates.get(int(place)), journey.absences.get(int(place))
    if kind == "date" and date is not None:
        draft.say(trace.ALARM, journey_name, code="date", until=due)
        draft.derive(DATE_REACHED, told)
        _set_date(draft, journey, int(place), date)
    elif kind == "absence" and absence is not None:
        last = newest(draft.customer.history.get(absence.type))
        draft.say(trace.ALARM, journey_name, code="absence", until=due)
        draft.derive(ABSENCE_NOTICED, {**told, "type": absence.type, **({"last_at": last.at} if last else {})})


def _set_date(draft: Draft, journey: CompiledJourney, place: int, rule: DateRule, *, missed: bool = False) -> None:
    due = _date_due(draft, rule)
    if due <= draft.at:
        due = draft.at if due and missed else 0
    _arm(draft, f"{DATE}{journey.name}/{place}", due)


def _set_absence(
    draft: Draft, journey: CompiledJourney, place: int, rule: AbsenceRule, *, missed: bool = False
) -> None:
    due = _absence_due(draft, rule)
    if due <= draft.at:
        due = draft.at if due and missed else 0
    _arm(draft, f"{ABSENCE}{journey.name}/{place}", due)


def _arm(draft: Draft, name: str, due: int) -> None:
    if due and name not in draft.customer.alarms and len(draft.customer.alarms) >= ALARMS:
        draft.say(trace.ERROR, code="too_many_alarms", why=f"{name} is not set: the customer has {ALARMS} alarms")
        return
    set_alarm(draft, name, due)


def _date_due(draft: Draft, rule: DateRule) -> int:
    """When the date is next reached (ms), 0 where there is none; one that does not come back may lie in the past."""
    try:
        value = rule.date.evaluate(draft.facts({}, {}))
    except Absent:
        return 0
    except Exception as fault:
        # A designer's expression may raise whatever it likes: it is told, and there is no date.
        draft.say(trace.ERROR, code="evaluation", why=f"date: {type(fault).__name__}: {fault}")
        return 0
    zone = draft.past.zone
    if rule.yearly:
        return next_yearly(value, rule.offset, rule.minutes, zone, draft.at)
    at = read_instant(value, rule.minutes, zone)
    return 0 if at is None else shifted(at, rule.offset, zone)


def _absence_due(draft: Draft, rule: AbsenceRule) -> int:
    """When the event will have been absent for the time (ms), 0 where nothing began that yet."""
    history = draft.customer.history
    last = newest(history.get(rule.type))
    since = newest(history.get(rule.after)) if rule.after else last
    if since is None or (rule.after and last is not None and last.at >= since.at):
        return 0
    return after(since.at, rule.duration, draft.past.zone)

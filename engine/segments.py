"""Segments: who is in them, kept up to date as the person changes and as time goes by."""

from collections.abc import Set as AbstractSet

from engine import trace
from engine.calendar import next_midnight
from engine.customer import Customer
from engine.draft import Draft
from engine.history import leaves_at, newest
from engine.past import Past
from engine.program.rules import ENTERED_SEGMENT, LEFT_SEGMENT, SegmentRule
from engine.time import DAY_MS

ALARM = "segment/"


def review(draft: Draft, touched: AbstractSet[str]) -> None:
    """Asks again for each segment that looks at something of `touched`; those that look at others come after them."""
    for rule in draft.catalog.segments_watching(touched):
        ask(draft, rule)


def ask(draft: Draft, rule: SegmentRule, *, silent: bool = False) -> None:
    """Whether the person is in the segment now; a change is told as an event unless `silent`."""
    customer = draft.customer
    inside = _holds(draft, rule)
    if inside != (rule.name in customer.segments):
        _change(draft, rule, inside, silent)
    due = _changes_at(rule, draft.customer, draft.past, draft.at)
    set_alarm(draft, ALARM + rule.name, due)


def _holds(draft: Draft, rule: SegmentRule) -> bool:
    """Nobody is in a segment by mistake: a condition that cannot be evaluated is told, and does not hold."""
    try:
        return draft.past.holds(rule)
    except Exception as fault:
        # A designer's expression may raise whatever it likes.
        draft.say(trace.ERROR, code="evaluation", why=f"segment {rule.name}: {type(fault).__name__}: {fault}")
        return False


def set_alarm(draft: Draft, name: str, due: int) -> None:
    """Sets, moves or (0) takes away an alarm of the customer."""
    alarms = draft.customer.alarms
    if due == alarms.get(name, 0):
        return
    changed = {key: at for key, at in alarms.items() if key != name}
    if due:
        changed[name] = due
    draft.own().alarms = changed


def _change(draft: Draft, rule: SegmentRule, inside: bool, silent: bool) -> None:
    segments = {name: since for name, since in draft.customer.segments.items() if name != rule.name}
    if inside:
        segments[rule.name] = draft.at
    draft.own().segments = segments
    draft.touch(f"segment/{rule.name}")
    if silent:
        return
    draft.say(trace.SEGMENT, code="entered" if inside else "left", segment=rule.name)
    draft.derive(ENTERED_SEGMENT if inside else LEFT_SEGMENT, {"segment": rule.name})


def _changes_at(rule: SegmentRule, customer: Customer, past: Past, at: int) -> int:
    """The next instant (ms) at which time alone may change the answer, 0 for none."""
    history = customer.history
    if not history:
        return 0
    found = [leaves_at(history.get(type_), window, at, past.zone) for type_, window in rule.windows if type_ in history]
    for type_, most in rule.days:
        last = newest(history.get(type_))
        if last is not None and at - last.at <= (most + 2) * DAY_MS:
            found.append(next_midnight(at, past.zone))
    return min((each for each in found if each), default=0)

"""Entries: which journeys an event begins for the customer, and why not the others."""

from bisect import bisect_left, bisect_right
from collections.abc import Callable
from typing import Any

from engine import trace
from engine.advance import advance, fault_line
from engine.bounds import with_item
from engine.customer import ARMS, Enrollment, memory_key
from engine.decision import Line
from engine.draft import Draft
from engine.event import Event
from engine.goals import open_goal
from engine.history import since
from engine.ids import enrollment_id
from engine.policy.holdout import GLOBAL, HELD_OUT, drawn, drawn_for_all, holdout_key
from engine.program import CompiledJourney, EntryRule
from engine.program.rules import STARTED
from engine.run import Run, came_late, person_zone
from engine.time import after
from journeys.conditions import Absent, Compiled, Facts

LARGEST_KEY_BYTES = 200


def enter(draft: Draft, event: Event) -> None:
    """Begins an enrollment of each journey open for entry that this event concerns, in the order of their names."""
    rules, passed_over = draft.catalog.entering(event.type, event.properties)
    if passed_over:
        draft.note(trace.NOT_ENTERED, code="pinned", why=f"{passed_over} triggers want another text of a property")
    for journey, rule in rules:
        if rule.match and any(event.properties.get(name) != value for name, value in rule.match):
            continue
        if came_late(event, journey, draft.at):
            draft.note(trace.NOT_ENTERED, journey.name, code="late")
            continue
        if journey.name in draft.catalog.closed:
            draft.note(trace.NOT_ENTERED, journey.name, code="paused")
            continue
        try:
            key = _key(draft, journey, rule, event)
        except Exception as fault:
            code, why = fault_line(fault)
            draft.say(trace.NOT_ENTERED, journey.name, code="error", why=f"{code}: {why}")
            continue
        if key is not None and _may_enter(draft, journey, rule, key, event):
            _begin(draft, journey, rule, key, event)


def _key(draft: Draft, journey: CompiledJourney, rule: EntryRule, event: Event) -> str | None:
    """The enrollment's key where the conditions hold, else None. Raises EvaluationError."""
    if rule.segment and not draft.past.in_segment(rule.segment):
        draft.note(trace.NOT_ENTERED, journey.name, code="segment", why=f"not in segment {rule.segment}")
        return None
    if rule.chain and not _chained(draft, rule, event):
        draft.note(trace.NOT_ENTERED, journey.name, code="sequence", why=" then ".join(rule.chain))
        return None
    if rule.where is None and rule.unless is None and rule.key is None:
        return ""
    facts = draft.facts({}, {})
    if rule.where is not None and not rule.where.holds(facts):
        draft.note_unheld(Line(trace.NOT_ENTERED, journey.name, code="where"), rule.where, facts)
        return None
    if rule.unless is not None and rule.unless.holds(facts):
        draft.note_unheld(Line(trace.NOT_ENTERED, journey.name, code="unless"), rule.unless, facts)
        return None
    if rule.key is None:
        return ""
    return _evaluated_key(draft, journey, rule.key, facts)


def _evaluated_key(draft: Draft, journey: CompiledJourney, expression: Compiled, facts: Facts) -> str | None:
    try:
        value = expression.evaluate(facts)
    except Absent as absent:
        draft.say(trace.NOT_ENTERED, journey.name, code="key", why=str(absent))
        return None
    key = key_text(value)
    if key is None:
        why = f"the key is {type(value).__name__}, expected a text of 1 to {LARGEST_KEY_BYTES} bytes or a number"
        draft.say(trace.NOT_ENTERED, journey.name, code="key", why=why)
    return key


def key_of(draft: Draft, expression: Compiled | None) -> str | None:
    """The key that the event in hand has by an expression, empty for none; None where it has none."""
    if expression is None:
        return ""
    try:
        return key_text(expression.evaluate(draft.facts({}, {})))
    except Absent:
        return None


def key_text(value: Any) -> str | None:
    """A key as text; whole numbers have one spelling, whether int or double. None for what cannot be a key."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if not isinstance(value, str | int | float):
        return None
    text = str(value)
    return text if 1 <= len(text.encode()) <= LARGEST_KEY_BYTES else None


def _may_enter(draft: Draft, journey: CompiledJourney, rule: EntryRule, key: str, event: Event) -> bool:
    live = [each for each in draft.live.values() if each.journey == journey.name]
    code = ""
    if (
        live
        and any(each.key == key for each in live)
        and (rule.again != "always" or _is_repeat(draft, journey, key, event))
    ):
        code = "live"
    elif not _again(draft, journey, rule, key):
        code = "again"
    elif len(live) >= journey.max_live:
        code = "max_live"
    if code:
        draft.say(trace.NOT_ENTERED, journey.name, code=code, key=key)
    return not code


def _is_repeat(draft: Draft, journey: CompiledJourney, key: str, event: Event) -> bool:
    """True when this very event began an enrollment that still lives: its id fell out of what is remembered of ids."""
    return enrollment_id(draft.customer.person_key, journey.name, key, event.id) in draft.live


def _again(draft: Draft, journey: CompiledJourney, rule: EntryRule, key: str) -> bool:
    if rule.again in ("always", "after exit"):
        return True
    before = draft.customer.memory.get(memory_key(journey.name, key))
    if before is None:
        return True
    if isinstance(rule.again, str):
        return False
    return draft.at >= after(before.entered_at, rule.again, person_zone(draft, journey))


def _begin(draft: Draft, journey: CompiledJourney, rule: EntryRule, key: str, event: Event) -> None:
    enrollment = Enrollment(
        id=enrollment_id(draft.customer.person_key, journey.name, key, event.id),
        journey=journey.name,
        version=journey.version,
        key=key,
        entered_at=draft.at,
        expires_at=after(draft.at, journey.ttl, person_zone(draft, journey)),
        entry={**event.properties, "meta": draft.meta},
        parent=_parent(event) if draft.hops else "",
    )
    draft.live[enrollment.id] = enrollment
    draft.say(trace.ENTERED, journey.name, enrollment.id, key=key, trigger=rule.number)
    if journey.holdout or draft.catalog.terms.holdout:
        _draw_groups(draft, journey, enrollment)
    open_goal(draft, journey, enrollment)
    advance(Run(draft, journey, enrollment, draft.at), journey.start)


def _parent(event: Event) -> str:
    """The enrollment that waits for the end of what this derived event begins, if it is that of a `start`."""
    parent = event.properties.get("parent") if event.type == STARTED else None
    return parent if isinstance(parent, str) else ""


def _draw_groups(draft: Draft, journey: CompiledJourney, enrollment: Enrollment) -> None:
    """Draws the person's groups, that of the project and that of the journey, once, for good."""
    person, whole, held = draft.customer.person_key, draft.catalog.terms.holdout, []
    if whole and _kept(draft, GLOBAL, lambda: drawn_for_all(person, whole)) == HELD_OUT:
        held.append("global")
    if journey.holdout:
        group = _kept(draft, holdout_key(journey.name), lambda: drawn(journey.name, person, journey.holdout))
        held += ["journey"] if group == HELD_OUT else []
    for code in held:
        draft.say(trace.HELD_OUT, journey.name, enrollment.id, code=code)


def _kept(draft: Draft, key: str, draw: Callable[[], str]) -> str:
    """The group that the person has had since it was first drawn."""
    group = draft.customer.arms.get(key)
    if group is None:
        group = draw()
        draft.own().arms = with_item(draft.customer.arms, key, group, ARMS)
    return group


def _chained(draft: Draft, rule: EntryRule, event: Event) -> bool:
    """Whether the event is one link of a chain of the rule, each link no earlier than the one before, in the span.

    Before a link the latest of each type is taken, behind it the earliest, so that no shorter chain is overlooked.
    """
    history, zone = draft.customer.history, draft.past.zone
    instants = [[each.at for each in since(history.get(type_), 0)] for type_ in rule.chain]
    for place, type_ in enumerate(rule.chain):
        if type_ != event.type:
            continue
        first = _before(instants[:place], event.occurred_at)
        last = _behind(instants[place + 1 :], event.occurred_at)
        if first is not None and last is not None and rule.span is not None and last <= after(first, rule.span, zone):
            return True
    return False


def _before(instants: list[list[int]], at: int) -> int | None:
    for among in reversed(instants):
        place = bisect_right(among, at)
        if not place:
            return None
        at = among[place - 1]
    return at


def _behind(instants: list[list[int]], at: int) -> int | None:
    for among in instants:
        place = bisect_left(among, at)
        if place == len(among):
            return None
        at = among[place]
    return at

"""The one door of the engine: a customer and an input give the customer as it is now, what shall leave, and why."""

from collections.abc import Sequence

import msgspec

from engine import proposals, trace
from engine.alarms import arm
from engine.bounds import with_item
from engine.catalog import Catalog
from engine.context import EMPTY, Asked, Context
from engine.customer import SEEN_IDS, SEEN_MS, Customer
from engine.decision import Decision
from engine.draft import Draft
from engine.entries import enter
from engine.event import Event, EventArrived, Input, TimerFired
from engine.facts import FACTS, take_facts
from engine.goals import count_goals
from engine.ids import seen_hash
from engine.live import check_exits, concerned, look, tell_parent, wake
from engine.moves import move
from engine.program.rules import ANSWER_TYPES, STARTED
from engine.resume import resume
from engine.reviews import count_event, review
from engine.run import begun_by
from engine.timers import due_by, fire

_copy = msgspec.structs.replace

MOST_HOPS = 8
MOST_DERIVED = 64
"""Of events that one decision brings about: how many may lie one behind the other, and how many there may be."""


def decide(
    catalog: Catalog, customer: Customer, given: Input, context: Context | Asked = EMPTY, *, trace_all: bool = False
) -> Decision:
    """Decides what this input means for this customer.

    Pure: equal arguments give equal decisions, and `customer` is never written. Within one event the order is that of
    docs/events.md: facts, exits, goals, waits, entries; what they propose passes the policy pipeline behind them. Where
    the release moves an enrollment, that comes behind the facts and before all else. The caller has fired the timers
    due at or before an event's instant, as a TimerFired of its own. Raises for no event and no definition: faults of
    expressions go to `on_error`. The trace is None for a repeated id; also where nothing was decided, unless
    `trace_all`. With the `asked_of` a trace for a context the decision is the one that it tells of.
    """
    if isinstance(given, TimerFired):
        draft = Draft(catalog, customer, given, None, context)
        if catalog.moves and customer.enrollments:
            move(draft)
            _settle(draft)
        if catalog.resumed and customer.enrollments:
            resume(draft)
            _settle(draft)
        _fire_all(draft)
        return draft.finish(trace_all)
    if customer.erased_at:
        return _to_an_erased(catalog, customer, given, trace_all)
    event = given.event
    if event.named:
        known = remembering(customer, event.id, given.at)
        if known is None:
            return Decision(customer, [], None, changed=False, duplicate=True)
        if not trace_all and _concerns_nothing(catalog, customer, event):
            return Decision(known, [], None)
        draft = Draft(catalog, known, given, event, context, owned=True)
    else:
        draft = Draft(catalog, customer, given, event, context)
    _apply(draft, event)
    return draft.finish(trace_all)


def new_customer(customer_id: str, at: int) -> Customer:
    """A customer seen for the first time at `at` (ms); the id becomes the person key that all draws use for good."""
    return Customer(id=customer_id, person_key=customer_id, created_at=at, updated_at=at)


def remembering(customer: Customer, event_id: str, at: int) -> Customer | None:
    """The customer with this id remembered at `at` (ms): all that comes of an event that concerns nothing.

    None where it was applied among the last 64 ids and no longer than 7 days ago.
    """
    name, seen = seen_hash(event_id), customer.seen
    if name in seen and at - seen[name] <= SEEN_MS:
        return None
    return _copy(customer, updated_at=at, seen=with_item(seen, name, at, SEEN_IDS))


def remembering_all(customer: Customer, names: Sequence[int], instants: Sequence[int]) -> tuple[Customer, int]:
    """The customer with these seen_hash remembered, each at its instant (ms), in order; and how many were repeats."""
    found, seen = dict(zip(names, instants, strict=True)), customer.seen
    if len(found) == len(names) and seen.keys().isdisjoint(found):
        last = list({**seen, **found}.items())[-SEEN_IDS:]
        return _copy(customer, updated_at=instants[-1], seen=dict(last)), 0
    repeats = 0
    for name, at in zip(names, instants, strict=True):
        if name in seen and at - seen[name] <= SEEN_MS:
            repeats += 1
        else:
            seen = with_item(seen, name, at, SEEN_IDS)
            customer = _copy(customer, updated_at=at, seen=seen)
    return customer, repeats


def _concerns_nothing(catalog: Catalog, customer: Customer, event: Event) -> bool:
    """Whether nothing that an event may change or begin is there; sure for most events, and cheaper than to look."""
    type_ = event.type
    if type_ in FACTS or event.identifiers or customer.armed != catalog.armed:
        return False
    if type_ in ANSWER_TYPES and (customer.queued or customer.contacts):
        # Also where no open journey asks: a version of old that somebody is inside may, and those who take over.
        return False
    if type_ not in catalog.heard:
        return not _waited_for(catalog, customer, type_)
    return not (
        type_ in catalog.wanted or catalog.may_begin(type_, event.properties) or _waited_for(catalog, customer, type_)
    )


def _waited_for(catalog: Catalog, customer: Customer, type_: str) -> bool:
    """Whether an enrollment or a goal of the customer looks at events of a type, or a release has them go on."""
    version = catalog.version
    if customer.enrollments:
        if catalog.moves or catalog.resumed:
            return True
        for each in customer.enrollments:
            journey = version(each.journey, each.version)
            if journey is not None and type_ in journey.listens:
                return True
    for goal in customer.goals:
        journey = version(goal.journey, goal.version)
        if journey is not None and journey.goal is not None and type_ in journey.goal.types:
            return True
    return False


def _fire_all(draft: Draft) -> None:
    """Fires what is due, in order; what timers of one instant propose is judged together, behind the last of them."""
    while True:
        due = due_by(draft)
        if draft.proposals and (due is None or due[0] > draft.proposals[0].at):
            _settle(draft)
        elif due is None:
            return
        else:
            draft.hand(None, 0)
            fire(draft, due)
            _settle(draft, judges=False)


def _apply(draft: Draft, event: Event) -> None:
    take_facts(draft, event)
    if draft.customer.erased_at:
        return
    catalog = draft.catalog
    if catalog.moves and draft.customer.enrollments:
        move(draft)
    if catalog.resumed and draft.customer.enrollments:
        resume(draft)
    if draft.customer.armed != catalog.armed:
        arm(draft)
    if event.type in catalog.wanted:
        count_event(draft, event)
    changed = bool(draft.touched)
    if changed:
        review(draft)
    enrollments = concerned(draft, event) if draft.customer.enrollments else []
    if enrollments:
        enrollments = check_exits(draft, event, enrollments)
    if draft.customer.goals:
        count_goals(draft, event)
    if enrollments:
        wake(draft, event, enrollments)
    if changed:
        look(draft)
    if event.type in catalog.entries:
        enter(draft, event)
    if draft.touched or draft.derived or draft.ended or draft.proposals:
        _settle(draft)


def _settle(draft: Draft, *, judges: bool = True) -> None:
    """What the decision itself brought about, until there is nothing left; proposals come when the rest is done.

    Those are left where it does not judge.
    """
    applied = 0
    while True:
        if draft.touched:
            review(draft)
            look(draft)
        elif draft.ended:
            ended, *draft.ended = draft.ended
            tell_parent(draft, ended)
        elif not draft.derived:
            if not judges or not draft.proposals:
                return
            proposals.settle(draft)
        else:
            derived, *draft.derived = draft.derived
            applied += 1
            if derived.hops > MOST_HOPS or applied > MOST_DERIVED:
                why = f"{derived.event.type} is not applied: more than {MOST_HOPS} hops or {MOST_DERIVED} events"
                draft.say(trace.ERROR, code="hop_limit", why=why)
            else:
                _apply_derived(draft, draft.take(derived))


def _apply_derived(draft: Draft, event: Event) -> None:
    """An event of the engine's own, in the order of any other; it says nothing of the person that is not known."""
    if event.type in draft.catalog.wanted:
        count_event(draft, event)
        review(draft)
    enrollments = concerned(draft, event) if draft.live else []
    if enrollments:
        enrollments = check_exits(draft, event, enrollments)
    if draft.customer.goals:
        count_goals(draft, event)
    if enrollments:
        wake(draft, event, enrollments)
    if event.type in draft.catalog.entries:
        enter(draft, event)
    if event.type == STARTED:
        _tell_not_started(draft, event)


def _tell_not_started(draft: Draft, event: Event) -> None:
    """Whoever waits for the end of a journey that did not begin is told so, unless it began and ended at once."""
    parent = event.properties.get("parent")
    if not isinstance(parent, str) or any(begun_by(each.entry, event) for each in draft.live.values()):
        return
    if not any(each.begun_by == event.id for each in draft.ended):
        draft.end(parent, event.id, "not_entered")


def _to_an_erased(catalog: Catalog, customer: Customer, given: EventArrived, trace_all: bool) -> Decision:
    """An erased customer takes nothing any more, not even an id, so that no replay brings the person back."""
    draft = Draft(catalog, customer, given, given.event, EMPTY)
    draft.note(trace.FACT, code="erased", why="the customer is erased: nothing is taken any more")
    return draft.finish(trace_all)

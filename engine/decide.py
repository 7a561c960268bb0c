"""The one door of the engine: a customer and an input give the customer as it is now, what shall leave, and why."""

from engine import trace
from engine.bounds import with_item
from engine.catalog import Catalog
from engine.context import EMPTY, Asked, Context
from engine.customer import SEEN_IDS, SEEN_MS, Customer
from engine.decision import Decision
from engine.draft import Draft
from engine.entries import enter
from engine.event import Event, EventArrived, Input, TimerFired
from engine.facts import take_facts
from engine.goals import count_goals
from engine.ids import seen_hash
from engine.live import check_exits, concerned, wake
from engine.timers import fire


def decide(
    catalog: Catalog, customer: Customer, given: Input, context: Context | Asked = EMPTY, *, trace_all: bool = False
) -> Decision:
    """Decides what this input means for this customer.

    Pure: equal arguments give equal decisions, and `customer` is never written. Within one event the order is that of
    docs/events.md: facts, exits, goals, waits, entries; what they propose passes the policy pipeline at once. The
    caller has fired the timers due at or before an event's instant, as a TimerFired of its own. Raises for no event and
    no definition: faults of expressions go to `on_error`. The trace is None for a repeated id; also where nothing was
    decided, unless `trace_all`. With the `asked_of` a trace for a context the decision is the one that it tells of.
    """
    if isinstance(given, TimerFired):
        draft = Draft(catalog, customer, given, None, context)
        fire(draft)
        return draft.finish(trace_all)
    if customer.erased_at:
        return _to_an_erased(catalog, customer, given, trace_all)
    event = given.event
    draft = Draft(catalog, customer, given, event, context)
    if event.named and not _first_time(draft, event):
        return Decision(customer, [], None, changed=False, duplicate=True)
    _apply(draft, event)
    return draft.finish(trace_all)


def new_customer(customer_id: str, at: int) -> Customer:
    """A customer seen for the first time at `at` (ms); the id becomes the person key that all draws use for good."""
    return Customer(id=customer_id, person_key=customer_id, created_at=at, updated_at=at)


def _apply(draft: Draft, event: Event) -> None:
    take_facts(draft, event)
    if draft.customer.erased_at:
        return
    enrollments = concerned(draft, event) if draft.customer.enrollments else []
    if enrollments:
        enrollments = check_exits(draft, event, enrollments)
    if draft.customer.goals:
        count_goals(draft, event)
    if enrollments:
        wake(draft, event, enrollments)
    if event.type in draft.catalog.entries:
        enter(draft, event)


def _first_time(draft: Draft, event: Event) -> bool:
    """False when this id was applied among the last 64 ids and no longer than 7 days ago; remembers it otherwise."""
    name, seen = seen_hash(event.id), draft.customer.seen
    if name in seen and draft.at - seen[name] <= SEEN_MS:
        return False
    draft.own().seen = with_item(seen, name, draft.at, SEEN_IDS)
    return True


def _to_an_erased(catalog: Catalog, customer: Customer, given: EventArrived, trace_all: bool) -> Decision:
    """An erased customer takes nothing any more, not even an id, so that no replay brings the person back."""
    draft = Draft(catalog, customer, given, given.event, EMPTY)
    draft.note(trace.FACT, code="erased", why="the customer is erased: nothing is taken any more")
    return draft.finish(trace_all)

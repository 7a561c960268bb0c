"""The fixed work that every row does with an event: count, set or cancel a timer, say something at each tenth."""

from typing import Any

import msgspec

from engine.customer import Consent, Customer, Enrollment
from engine.decision import Action, AnyOutput, Decision
from engine.event import Event, EventArrived, Input, TimerFired
from state.record import Record

FAR_MS = 30 * 24 * 3_600_000
"""A timer set by the work is due after every run."""
IDS = 16
EVERY = 10
CREATED_AT = 1_700_000_000_000

TYPES = ("page.viewed",) * 14 + ("product.viewed",) * 3 + ("basket.updated",) * 2 + ("order.placed",)
"""The mix of event types: 70, 15, 10 and 5 in a hundred."""


def decide(customer: Customer, given: Input) -> Decision:
    """What the input means. It is no `decide` of the engine: the customer is changed in place, by every row alike."""
    if isinstance(given, TimerFired):
        return _fired(customer, given.at)
    return _arrived(customer, given)


def phase(number: int) -> int:
    """How many events the customer of this number has behind it at the start, from 0 to 9."""
    return number * 7 % EVERY


def customer_id(number: int) -> str:
    """The id of the customer of this number."""
    return f"customer-{number:07}"


def person(number: int, due_at: int = 0) -> Customer:
    """A customer of some 600 bytes as the work leaves it after a while; `due_at` (ms) is when a timer of its is due."""
    name = customer_id(number)
    customer = Customer(name, name, CREATED_AT, CREATED_AT)
    customer.attributes = {
        "n": phase(number),
        "last": [f"before-{number:07}-{index:02}"[-12:] for index in range(IDS)],
        "email": f"{name}@shop.example",
        "first_name": "Ada",
        "country": "DE",
        "language": "de",
        "timezone": "Europe/Berlin",
        "tier": "gold",
        "value": number % 997 * 1.25,
        "segments": ["newsletter", "mobile", "returning"],
        "last_page": "/face/serum/vitamin-c",
        "page.viewed": 7,
    }
    consent = Consent(True, CREATED_AT, "checkout")
    customer.consent = {"offers/email": consent, "offers/push": consent}
    if due_at:
        customer.enrollments = [_enrollment(name, "e-0", CREATED_AT, due_at)]
    return customer


def known(record: Record) -> Customer:
    """The customer of a record. Raises TypeError where it is a router's."""
    if record.customer is None:
        raise TypeError("a router's record, expected a customer's")
    return record.customer


def _arrived(customer: Customer, given: EventArrived) -> Decision:
    event = given.event
    attributes = customer.attributes
    count = attributes["n"] = attributes.get("n", 0) + 1
    attributes[event.type] = attributes.get(event.type, 0) + 1
    ids = attributes.setdefault("last", [])
    ids.append(event.id)
    if len(ids) > IDS:
        del ids[0]
    customer.updated_at = event.occurred_at
    if event.type == "basket.updated":
        _set_timer(customer, event)
    elif event.type == "order.placed":
        customer.enrollments = []
    outputs: list[AnyOutput] = [] if count % EVERY else [_action(customer, event)]
    return Decision(customer, outputs, None)


def _fired(customer: Customer, at: int) -> Decision:
    """What is due is over; a customer in ten is told."""
    customer.enrollments = [each for each in customer.enrollments if each.due_at > at]
    outputs: list[AnyOutput] = []
    if not customer.attributes.get("n", 0) % EVERY:
        outputs.append(_send(customer, f"timer-{at}-{customer.id}", {"due_at": at}, at))
    return Decision(customer, outputs, None)


def _set_timer(customer: Customer, event: Event) -> None:
    due_at = event.occurred_at + FAR_MS
    if customer.enrollments:
        customer.enrollments = [msgspec.structs.replace(customer.enrollments[0], due_at=due_at)]
    else:
        customer.enrollments = [_enrollment(customer.id, event.id, event.occurred_at, due_at)]


def _enrollment(customer: str, event: str, at: int, due_at: int) -> Enrollment:
    return Enrollment(f"{customer}-{event}", "basket", "v1", "", at, 0, {}, "wait", at, due_at)


def _action(customer: Customer, event: Event) -> Action:
    variables = {"scheduled_us": event.properties.get("scheduled_us", 0)}
    return _send(customer, event.id, variables, event.occurred_at)


def _send(customer: Customer, name: str, variables: dict[str, Any], at: int) -> Action:
    return Action(
        name, customer.id, "basket", "v1", "e-1", "send", "reminder", "h1", "email", "offers",
        variables=variables, decided_at=at,
    )  # fmt: skip

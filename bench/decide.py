"""The microseconds that an event takes in `decide`, the best of five rounds on one core: `python bench/decide.py`."""

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from time import process_time_ns
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import msgspec

from engine.catalog import Catalog, MessageSpec, compile_journey
from engine.compile import compile_terms
from engine.customer import SEEN_IDS, Consent, Contact, Customer
from engine.decide import decide, new_customer
from engine.decision import Decision
from engine.event import Event, EventArrived, Input, TimerFired
from engine.policy.terms import NONE, Terms
from journeys.model import Journey, Project

HOUR_MS = 3_600_000
START_AT = 1_700_000_000_000
ROUNDS = 5
EVENTS = 20_000

Case = tuple[Catalog, Customer, Callable[[str], EventArrived | TimerFired]]
COMPARED = (
    ("concerns nothing", "concerns nothing, 1000 other journeys"),
    (
        "concerns nothing, 1 journey listens for another page",
        "concerns nothing, 1000 journeys listen for other pages",
    ),
    ("concerns nothing", "concerns nothing, under a policy"),
    ("enters, sends, completes", "enters, sends, completes, under a policy"),
)
"""A thousand journeys that do not match against one: aim 1, at most 1.1; a policy against none."""
POLICY: dict[str, Any] = {
    "quiet_hours": {"between": "03:00-08:00", "channels": {"push": "22:00-07:00"}},
    "caps": [
        {"most": 9, "within": "3d"},
        {"most": 3, "each": "day", "per": "channel"},
        {"most": 8, "each": "month", "per": ["topic", "journey"]},
    ],
    "recency": [{"after": "message.complained", "for": "30d"}],
}
CONTACTS = 10

MAIL = MessageSpec("hello", "h1", "marketing", {"email": ("customer.first_name", "entry.total")})
BASKET = {
    "journey": "basket",
    "topic": "offers",
    "ttl": "14d",
    "enter": {"on": "basket.updated", "where": "event.value >= 30", "key": "event.basket_id"},
    "exit": [{"on": "order.placed", "where": "event.basket_id == entry.basket_id", "as": "converted"}],
    "steps": [{"wait": "20h", "id": "wait-20h"}, {"send": "hello", "id": "hello"}],
}
THANKS = {
    "journey": "thanks",
    "topic": "offers",
    "ttl": "1d",
    "enter": {"on": "account.created", "again": "always"},
    "steps": [{"send": "hello", "id": "hello"}],
}


ASKS = {
    "journey": "asks",
    "topic": "offers",
    "ttl": "14d",
    "enter": {"on": "asked"},
    "steps": [{"wait_for": "answered", "where": "event.n == 1", "within": "2d", "id": "answer"}],
}


def catalog(others: int = 0, *, listening: bool = False, terms: Terms = NONE) -> Catalog:
    """Three journeys of the bench, with so many others that no event of the bench concerns.

    With `listening` these listen to what is seen, each for a page of its own.
    """
    definitions = [BASKET, THANKS, ASKS]
    for number in range(others):
        name = f"other-{number}"
        enter = {"on": f"{name}.began"}
        if listening:
            enter = {"on": "page.viewed", "where": f"event.page == '{name}' && customer.first_name != 'Bob'"}
        definitions.append({**BASKET, "journey": name, "enter": enter, "exit": [{"on": f"{name}.ended"}]})
    compiled = [compile_journey(Journey.model_validate(each), "v1", {"hello": MAIL}) for each in definitions]
    return Catalog(1, {journey.name: journey for journey in compiled}, lambda _name, _version: None, terms=terms)


def person() -> Customer:
    """A customer of middling size: a full list of ids, some attributes, a consent."""
    customer = new_customer("c-1", START_AT)
    customer.attributes = {"email": "c@shop.example", "first_name": "Ada", "timezone": "Europe/Paris"}
    customer.consent = {"offers/email": Consent(True, START_AT)}
    given = catalog()
    for number in range(SEEN_IDS):
        customer = decide(given, customer, arrived(f"before-{number}", "page.viewed", {})).customer
    return customer


def contacted(customer: Customer) -> Customer:
    """The same with ten messages of the last six days."""
    hours = range(-15 * (CONTACTS - 1), 1, 15)
    sent = [(START_AT + hour * HOUR_MS, "basket" if hour % 2 else "thanks") for hour in hours]
    contacts = [Contact(f"a{at}", at, "email", "offers", journey, True) for at, journey in sent]
    return msgspec.structs.replace(customer, contacts=contacts)


def arrived(name: str, type_: str, properties: dict[str, object], at: int = START_AT) -> EventArrived:
    """An event that occurred when it was received."""
    return EventArrived(Event(name, type_, "c-1", "web", at, at, properties), at)


def measured(decide_one: Callable[[int], object], events: int = EVENTS, rounds: int = ROUNDS) -> float:
    """The fastest round's mean, in microseconds a call."""
    best = float("inf")
    for _ in range(rounds):
        began = process_time_ns()
        for number in range(events):
            decide_one(number)
        best = min(best, (process_time_ns() - began) / events / 1000)
    return best


def told(type_: str, properties: dict[str, object]) -> Callable[[str], EventArrived | TimerFired]:
    """An event of a type for each name."""
    return lambda name: arrived(name, type_, properties)


def cases() -> dict[str, Case]:
    """What is measured, by its title."""
    few, many = catalog(), catalog(1000)
    one_listens, many_listen = catalog(1, listening=True), catalog(1000, listening=True)
    customer = person()
    basket: dict[str, object] = {"basket_id": "b1", "value": 80.0, "total": 12.5}
    asked = decide(few, customer, arrived("a", "asked", {})).customer
    waiting = decide(few, customer, arrived("b", "basket.updated", basket)).customer
    seen = told("page.viewed", {"page": "/"})
    ruled = catalog(terms=compile_terms(Project.model_validate(POLICY), {}))
    written_to = contacted(customer)
    return {
        "concerns nothing": (few, customer, seen),
        "concerns nothing, 1000 other journeys": (many, customer, seen),
        "concerns nothing, 1 journey listens for another page": (one_listens, customer, seen),
        "concerns nothing, 1000 journeys listen for other pages": (many_listen, customer, seen),
        "concerns one: its trigger does not hold": (few, customer, told("basket.updated", {"value": 5.0})),
        "concerns one: its exit does not hold": (few, waiting, told("order.placed", {"basket_id": "b2"})),
        "concerns one: it waits for another event of the type": (few, asked, told("answered", {"n": 2})),
        "enters and waits": (few, customer, told("basket.updated", basket)),
        "enters, sends, completes": (few, customer, told("account.created", basket)),
        "concerns nothing, under a policy": (ruled, written_to, seen),
        "enters, sends, completes, under a policy": (ruled, written_to, told("account.created", basket)),
        "exits": (few, waiting, told("order.placed", basket)),
        "timer wakes, sends, completes": (few, waiting, lambda _name: TimerFired(START_AT + 20 * HOUR_MS)),
    }


def deciding(given: Catalog, before: Customer, inputs: Sequence[Input]) -> Callable[[int], Decision]:
    """A decision of one of these inputs, by its number."""
    return lambda number: decide(given, before, inputs[number])


def main() -> None:
    """Prints one line a case, then how a thousand journeys compare with one."""
    spent: dict[str, float] = {}
    for title, (given, before, make) in cases().items():
        inputs = [make(f"e-{number}") for number in range(EVENTS)]
        spent[title] = measured(deciding(given, before, inputs))
        sys.stdout.write(f"{spent[title]:8.2f} microseconds  {title}\n")
    for few_title, many_title in COMPARED:
        sys.stdout.write(f"{spent[many_title] / spent[few_title]:8.3f} times the cost: {many_title}\n")


if __name__ == "__main__":
    main()

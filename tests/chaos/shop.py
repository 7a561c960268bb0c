"""The journeys of the chaos suite, whose outcome does not depend on how timers and events interleave.

Each action's id follows from the events of one customer alone: nothing that leaves hangs on whether a timer or an event
came first, so what left can be compared with what the pure engine makes of the log.
"""

from engine.catalog import Catalog
from journeys.load import load_project
from streams.driver import catalog_of

WAITS_SECONDS = 4.0
"""After this much time without events every timer of the scenario that fires within a run has fired."""


def _journey(name: str, enter: str, steps: str, more: str = "") -> str:
    return f"journey: {name}\ntopic: offers\nttl: 9d\nenter: {{{enter}}}\n{more}steps:\n{steps}"


def _message(class_: str) -> str:
    return f'class: {class_}\nsubject: "{class_}"\n'


FOLDER = {
    "project.yaml": "zone: Europe/Paris\n",
    "messages/thanks/message.yaml": _message("marketing"),
    "messages/thanks/email.txt": "Thanks.",
    "messages/arrived/message.yaml": _message("service"),
    "messages/arrived/email.txt": "Your parcel is there.",
    "messages/alarm/message.yaml": _message("critical"),
    "messages/alarm/email.txt": "Your card was used.",
    "journeys/order.yaml": _journey("order", "on: order.placed, again: always", "  - {send: thanks, channel: email}\n"),
    "journeys/card.yaml": _journey("card", "on: card.used, again: always", "  - {send: alarm, channel: email}\n"),
    "journeys/parcel.yaml": _journey(
        "parcel",
        "on: parcel.shipped, key: event.parcel, again: always",
        "  - wait: 3s\n  - {send: arrived, channel: email}\n",
    ),
    "journeys/cart.yaml": _journey(
        "cart",
        "on: cart.filled, key: event.cart, again: after exit",
        "  - wait_for: cart.paid\n    where: event.cart == entry.cart\n    within: 2h\n"
        "    do:\n      - {send: thanks, channel: email}\n",
        "exit:\n  - {on: cart.emptied, where: event.cart == entry.cart, as: gone}\n",
    ),
    "journeys/visit.yaml": _journey(
        "visit",
        "on: visit.started, key: event.visit, again: always",
        "  - set: {customer.visits: customer.visits + 1}\n  - wait: 2s\n"
        "  - set: {customer.ended: customer.ended + 1}\n",
    ),
    "journeys/points.yaml": _journey(
        "points",
        "on: points.earned, again: always",
        "  - set: {customer.points: customer.points + event.points}\n",
    ),
}
"""Orders and cards send at once, parcels after a timer, carts when they are paid and not emptied before. Visits and
points only count: at once, and again when a timer fires."""

FACTS = {"visits": 0, "ended": 0, "points": 0}
"""The counters of a customer, which must be there before they are counted up."""


def catalog() -> Catalog:
    """The scenario as the engine runs it, as the first release."""
    return catalog_of(load_project(FOLDER))

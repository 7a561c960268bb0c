"""What people make of the messages that they get: they open, click, order, walk in or let them be."""

from collections.abc import Iterator
from random import Random
from typing import NamedTuple

from local.town.consenting import tire
from local.town.geography import nearest_store
from local.town.happening import Delivery
from local.town.people import Person
from local.town.rhythm import MINUTE_MS, ONLINE, SECOND_MS, next_at
from local.town.shopping import browse, order_anew, order_basket, visit
from local.town.stage import Coming, Later, touch

BASKET, SHOP, STORE, NOTHING = "basket", "shop", "store", "nothing"


class Appeal(NamedTuple):
    """The chances that a message is opened, then clicked, then obeyed; and what it asks for."""

    opens: float
    clicks: float
    obeys: float
    asks: str


APPEALS = {
    "basket-reminder": Appeal(0.65, 0.5, 0.6, BASKET),
    "last-call": Appeal(0.6, 0.5, 0.6, BASKET),
    "umbrella-offer": Appeal(0.6, 0.7, 0.65, STORE),
    "we-miss-you": Appeal(0.5, 0.4, 0.45, SHOP),
    "order-thanks": Appeal(0.7, 0.15, 0.0, NOTHING),
    "sorry-we-missed-you": Appeal(0.7, 0.1, 0.0, NOTHING),
}
USUAL = Appeal(0.45, 0.25, 0.2, SHOP)
"""Of a message that the town does not know."""
_LOOKS_A_DAY = 14.0
"""How often people look into their mail."""
_GLANCE_MS = (15 * SECOND_MS, 5 * MINUTE_MS)
_BUYS_IN_THE_RAIN = 0.55
_SEES_MS = (MINUTE_MS, 40 * MINUTE_MS)
_LOOKS_ONLY = 0.3
_ORDERS_THEN = 0.3
"""Who takes an offer orders something with this chance, soon after."""


def read(person: Person, at: int, delivery: Delivery, dice: Random) -> Iterator[Coming]:
    """What follows from a message that reached `person` at `at` (ms)."""
    person.received += 1
    appeal = APPEALS.get(delivery.message, USUAL)
    quick = delivery.channel != "email"
    seen_at = at + dice.randint(*_GLANCE_MS) if quick else next_at(dice, at, _LOOKS_A_DAY, ONLINE)
    yield from tire(person, seen_at, delivery.channel, dice)
    if dice.random() >= appeal.opens:
        return
    receipt = {"action_id": delivery.action_id, "message": delivery.message}
    yield touch(person, seen_at, "message.opened", delivery.channel, receipt)
    if dice.random() >= appeal.clicks:
        return
    clicked_at = seen_at + dice.randint(5, 60) * SECOND_MS
    yield touch(person, clicked_at, "message.clicked", delivery.channel, receipt)
    if dice.random() < appeal.obeys:
        yield Later(
            clicked_at + dice.randint(*_GLANCE_MS),
            lambda now: _obey(person, now, appeal, "app" if quick else "web", dice),
        )


def answer(person: Person, at: int, delivery: Delivery, chance: float, dice: Random) -> Iterator[Coming]:
    """What follows from an offer that `person` takes with a hidden `chance`: if so, within the hour."""
    person.received += 1
    seen_at = at + dice.randint(*_SEES_MS)
    yield from tire(person, seen_at, delivery.channel, dice)
    takes = dice.random() < chance
    if not takes and dice.random() >= _LOOKS_ONLY:
        return
    receipt = {"action_id": delivery.action_id, "message": delivery.message}
    yield touch(person, seen_at, "message.opened", delivery.channel, receipt)
    if not takes:
        return
    clicked_at = seen_at + dice.randint(5, 60) * SECOND_MS
    yield touch(person, clicked_at, "message.clicked", delivery.channel, receipt)
    if dice.random() < _ORDERS_THEN:
        channel = "app" if delivery.channel == "push" else "web"
        yield Later(clicked_at + dice.randint(*_GLANCE_MS), lambda now: order_anew(person, now, channel, dice))


def _obey(person: Person, at: int, appeal: Appeal, channel: str, dice: Random) -> Iterator[Coming]:
    if appeal.asks == BASKET:
        yield from order_basket(person, at, channel)
    elif appeal.asks == STORE:
        yield from visit(person, at + dice.randint(2, 6) * MINUTE_MS, nearest_store(person.at), dice, _BUYS_IN_THE_RAIN)
    elif appeal.asks == SHOP:
        yield from browse(person, at, dice)
        yield from order_anew(person, at + dice.randint(5, 20) * MINUTE_MS, channel, dice)

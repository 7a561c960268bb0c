"""What people do in the shop: they look, fill a basket, order, empty it, or leave it behind."""

from collections.abc import Iterator
from random import Random
from typing import Any

from local.town.geography import Store
from local.town.happening import Touch
from local.town.people import Basket, Person
from local.town.rhythm import MINUTE_MS, SECOND_MS
from local.town.stage import Coming, Later, touch

PRODUCTS = (
    ("amber candle", 24.0), ("cedar candle", 26.0), ("fig room spray", 18.5), ("vetiver soap", 9.0),
    ("neroli cologne", 62.0), ("iris eau de parfum", 94.0), ("rose hand cream", 14.5), ("linen mist", 16.0),
    ("discovery set", 35.0), ("incense matches", 7.5), ("travel atomiser", 29.0), ("gift box", 48.0),
)  # fmt: skip
PAGES = ("home", "new", "candles", "perfumes", "gifts", "stores", "journal")
_FILLS = 0.4
_ORDERS_AT_ONCE = 0.42
_EMPTIES = 0.1
_RESUMES = 0.3
_ORDERS_IN_STORE = 0.35
_PAUSE_MS = (8 * SECOND_MS, 90 * SECOND_MS)


def browse(person: Person, at: int, dice: Random) -> Iterator[Coming]:
    """A visit of the website or the app: a session of a few minutes. A basket that was left may be bought now."""
    channel = "app" if dice.random() < person.habits.prefers_app else "web"
    if channel == "app":
        yield touch(person, at, "app.opened", "app")
    for _ in range(dice.randint(1, 4)):
        at += dice.randint(*_PAUSE_MS)
        yield touch(person, at, "page.viewed", channel, {"page": dice.choice(PAGES)})
    for _ in range(dice.randint(0, 2)):
        at += dice.randint(*_PAUSE_MS)
        yield touch(person, at, "product.viewed", channel, {"product": dice.choice(PRODUCTS)[0]})
    if person.basket is not None:
        if dice.random() < _RESUMES:
            at += dice.randint(*_PAUSE_MS)
            yield Later(at, lambda now: order_basket(person, now, channel))
    elif dice.random() < _FILLS:
        yield Later(at, lambda now: _fill(person, now, channel, dice))


def look_at_offers(person: Person, at: int, dice: Random) -> Iterator[Coming]:
    """A look at the page of offers, where somebody is ready to be offered something."""
    channel = "app" if dice.random() < person.habits.prefers_app else "web"
    yield touch(person, at, "page.viewed", channel, {"page": "offers"})


def _fill(person: Person, at: int, channel: str, dice: Random) -> Iterator[Coming]:
    """One to three things into a new basket; what becomes of it is known some minutes later."""
    if person.basket is not None:
        return
    id, value, items = f"{person.id}-basket-{person.number('basket')}", 0.0, 0
    for _ in range(dice.choice((1, 1, 2, 2, 3))):
        product, price = dice.choice(PRODUCTS)
        value, items = value + price, items + 1
        at += dice.randint(*_PAUSE_MS)
        yield touch(person, at, "basket.updated", channel, {
            "basket_id": id, "value": round(value, 2), "items": items, "product": product,
        })  # fmt: skip
    person.basket = Basket(id, round(value, 2), items)
    fate = dice.random()
    at += dice.randint(MINUTE_MS, 6 * MINUTE_MS)
    if fate < _ORDERS_AT_ONCE:
        yield Later(at, lambda now: order_basket(person, now, channel))
    elif fate < _ORDERS_AT_ONCE + _EMPTIES:
        yield Later(at, lambda now: _empty(person, now, channel))


def _empty(person: Person, at: int, channel: str) -> Iterator[Touch]:
    if person.basket is not None:
        basket, person.basket = person.basket, None
        yield touch(person, at, "basket.emptied", channel, {"basket_id": basket.id})


def order_basket(person: Person, at: int, channel: str) -> Iterator[Touch]:
    """Buys what lies in the basket, if anything still does."""
    if person.basket is not None:
        basket, person.basket = person.basket, None
        yield _order(person, at, channel, basket.id, basket.items, basket.value)


def order_anew(person: Person, at: int, channel: str, dice: Random) -> Iterator[Touch]:
    """Buys one or two things at once, beside whatever lies in the basket."""
    bought = [dice.choice(PRODUCTS) for _ in range(dice.randint(1, 2))]
    id = f"{person.id}-basket-{person.number('basket')}"
    yield _order(person, at, channel, id, len(bought), sum(price for _, price in bought))


def visit(person: Person, at: int, store: Store, dice: Random, orders: float = _ORDERS_IN_STORE) -> Iterator[Touch]:
    """Steps into a store, and buys something with the chance `orders`."""
    yield touch(person, at, "store.visited", "store", {"store": store.id})
    if dice.random() < orders:
        yield from order_anew(person, at + dice.randint(3, 12) * MINUTE_MS, "store", dice)


def _order(person: Person, at: int, channel: str, basket: str, lines: int, total: float) -> Touch:
    properties: dict[str, Any] = {
        "basket_id": basket,
        "invoice": f"{person.id}-{person.number('order')}",
        "lines": lines,
        "total": round(total, 2),
    }
    return touch(person, at, "order.placed", channel, properties)

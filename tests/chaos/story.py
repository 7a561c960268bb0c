"""The story: the touchpoints of a run in their order, as the seed gives them."""

import json
import random
from collections import defaultdict, deque
from typing import NamedTuple

from chaos.shop import FACTS

from engine.ids import event_trace_id
from streams.broker.publish import Out
from streams.touchpoints.home import home

LAZY = {
    "points": 30, "visit": 30, "profile": 15, "cart": 15, "stranger": 3, "order": 3, "card": 1, "parcel": 1, "bad": 1,
}  # fmt: skip
EAGER = {"order": 35, "card": 10, "parcel": 15, "cart": 20, "points": 10, "visit": 8, "stranger": 3, "bad": 2}
"""How often each kind of touchpoint comes: where most only change facts, and where most lead to an action."""
REPEATED, STRAY, NAMELESS = 0.05, 0.08, 0.1
"""The share of touchpoints that come again under the same id, of those on a partition that is not their home, and of
those without an id, which nothing but their place in the log tells from a repeat.
"""
OPEN_CARTS = 4
TOPICS = ("touchpoints.web", "touchpoints.app")


class Touch(NamedTuple):
    """One touchpoint and where it goes; `trace` is the id of the trace that it must leave, empty where only the log
    will tell.
    """

    topic: str
    partition: int
    out: Out
    trace: str = ""
    ordered: bool = False


class Story:
    """All touchpoints of a run in their order; the same seed tells the same story."""

    def __init__(self, seed: int, customers: int, partitions: int) -> None:
        self.customers = [f"c{number}" for number in range(customers)]
        self._random = random.Random(f"story {seed}")
        self._partitions = partitions
        self._count = 0
        self._recent: deque[Touch] = deque(maxlen=40)
        self._carts: defaultdict[str, list[str]] = defaultdict(list)
        self._coming: deque[Touch] = deque()

    def introduction(self) -> list[Touch]:
        """Makes every customer known, who may be written to."""
        return [touch for name in self.customers for touch in self._introduced(name)]

    def next(self, mix: dict[str, int]) -> Touch:
        """The next touchpoint of a mix."""
        if self._coming and self._random.random() < 0.5:
            return self._coming.popleft()
        if self._recent and self._random.random() < REPEATED:
            return self._again(self._random.choice(self._recent))
        kind = self._random.choices(list(mix), list(mix.values()))[0]
        if kind == "bad":
            return self._bad()
        if kind == "stranger":
            return self._stranger()
        touch = self._good(kind, self._random.choice(self.customers))
        self._recent.append(touch)
        return touch

    def _good(self, kind: str, customer: str) -> Touch:
        self._count += 1
        match kind:
            case "points":
                return self._touch(customer, "points.earned", {"points": self._random.randint(1, 9)})
            case "visit":
                return self._touch(customer, "visit.started", {"visit": f"v{self._count}"})
            case "profile":
                return self._touch(customer, "customer.updated", {"set": {"step": self._count}}, ordered=True)
            case "order":
                return self._touch(customer, "order.placed", {"total": self._count})
            case "card":
                return self._touch(customer, "card.used", {})
            case "parcel":
                return self._touch(customer, "parcel.shipped", {"parcel": f"p{self._count}"})
            case _:
                return self._cart(customer)

    def _introduced(self, name: str) -> list[Touch]:
        address = {"email": f"{name}@x.example", **FACTS}
        consent = {"topic": "offers", "channel": "email", "given": True, "source": "chaos"}
        return [
            self._touch(name, "customer.updated", {"set": address}, ordered=True),
            self._touch(name, "consent.changed", consent, ordered=True),
        ]

    def _stranger(self) -> Touch:
        """Somebody who comes once: what is lost of it, no later touchpoint brings out again."""
        self._count += 1
        name = f"s{self._count}"
        order = self._touch(name, "order.placed", {"total": self._count}, ordered=True)
        points = self._touch(name, "points.earned", {"points": 1}, ordered=True)
        first, *others = [*self._introduced(name), self._random.choice((order, points))]
        self._coming.extend(others)
        return first

    def _cart(self, customer: str) -> Touch:
        """Fills a cart, also one that is full already or was emptied before; pays or empties one that is open."""
        carts = self._carts[customer]
        if carts and (len(carts) >= OPEN_CARTS or self._random.random() < 0.5):
            cart = carts.pop(self._random.randrange(len(carts)))
            type_ = self._random.choice(("cart.paid", "cart.emptied"))
            return self._touch(customer, type_, {"cart": cart}, ordered=True)
        cart = f"k{self._random.randint(1, 6)}"
        if cart not in carts:
            carts.append(cart)
        return self._touch(customer, "cart.filled", {"cart": cart}, ordered=True)

    def _touch(self, customer: str, type_: str, properties: dict[str, object], *, ordered: bool = False) -> Touch:
        self._count += 1
        id_ = f"e{self._count}"
        value = {"id": id_, "type": type_, "customer": customer, "properties": properties}
        trace = event_trace_id(customer, id_)
        if not ordered and self._random.random() < NAMELESS:
            del value["id"]
            trace = ""
        out = Out(customer.encode(), json.dumps(value).encode())
        touch = Touch(TOPICS[0], home(customer, self._partitions), out, trace, ordered)
        return touch if ordered else self._on_some_road(touch)

    def _on_some_road(self, touch: Touch) -> Touch:
        """What needs no order comes over either topic, and now and then where another customer is at home."""
        touch = touch._replace(topic=self._random.choice(TOPICS))
        if self._random.random() >= STRAY:
            return touch
        away = (touch.partition + self._random.randint(1, self._partitions - 1)) % self._partitions
        key = self._random.choice((None, b"somebody else"))
        return touch._replace(partition=away, out=touch.out._replace(key=key))

    def _again(self, touch: Touch) -> Touch:
        return touch if touch.ordered else self._on_some_road(touch)

    def _bad(self) -> Touch:
        self._count += 1
        values = (b"{broken %d", b'["no object", %d]', b'{"customer": "c1", "id": "%d"}', b'{"type": 7, "id": "%d"}')
        value = self._random.choice(values) % self._count
        return Touch(self._random.choice(TOPICS), self._random.randrange(self._partitions), Out(None, value))

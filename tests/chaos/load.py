"""The load: a seeded story of touchpoints, and its steady, bounded publication."""

import asyncio
import json
import random
from collections import defaultdict, deque
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from aiokafka.errors import KafkaError
from chaos.shop import FACTS
from waiting import lasting

from engine.ids import event_trace_id
from streams.broker.publish import KafkaPublisher, Out, PublishError
from streams.settings import Settings
from streams.touchpoints.home import home

LAZY = {"points": 30, "visit": 30, "profile": 15, "cart": 15, "order": 3, "card": 1, "parcel": 1, "bad": 1}
EAGER = {"order": 35, "card": 10, "parcel": 15, "cart": 20, "points": 10, "visit": 8, "bad": 2}
"""How often each kind of touchpoint comes: where most only change facts, and where most lead to an action."""
REPEATED, STRAY = 0.05, 0.08
"""The share of touchpoints that come again under the same id, and of those on a partition that is not their home."""
OPEN_CARTS = 4
TICK_SECONDS = 0.1
TOPICS = ("touchpoints.web", "touchpoints.app")


class Touch(NamedTuple):
    """One touchpoint and where it goes; `trace` is the id of the trace that it must leave, empty for a bad record."""

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

    def introduction(self) -> list[Touch]:
        """Makes every customer known, who may be written to."""
        told = []
        for name in self.customers:
            address = {"email": f"{name}@x.example", **FACTS}
            told.append(self._touch(name, "customer.updated", {"set": address}, ordered=True))
            consent = {"topic": "offers", "channel": "email", "given": True, "source": "chaos"}
            told.append(self._touch(name, "consent.changed", consent, ordered=True))
        self._recent.clear()
        return told

    def next(self, mix: dict[str, int]) -> Touch:
        """The next touchpoint of a mix."""
        if self._recent and self._random.random() < REPEATED:
            return self._again(self._random.choice(self._recent))
        kind = self._random.choices(list(mix), list(mix.values()))[0]
        if kind == "bad":
            return self._bad()
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
        out = Out(customer.encode(), json.dumps(value).encode())
        touch = Touch(TOPICS[0], home(customer, self._partitions), out, event_trace_id(customer, id_), ordered)
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


class Load:
    """Publishes touches straight to the broker, again where it is not known whether they got there.

    The traces that they must leave go into `awaited`.
    """

    def __init__(self, settings: Settings, awaited: set[str]) -> None:
        self.awaited = awaited
        self._settings = settings
        self._publisher: KafkaPublisher | None = None

    async def publish(self, touches: Iterable[Touch]) -> None:
        """Returns once all are in the log."""
        by_spot: defaultdict[tuple[str, int], list[Out]] = defaultdict(list)
        for touch in touches:
            by_spot[touch.topic, touch.partition].append(touch.out)
            if touch.trace:
                self.awaited.add(touch.trace)
        while by_spot:
            done = await asyncio.gather(*(self._append(*spot, outs) for spot, outs in by_spot.items()))
            for spot, landed in zip(list(by_spot), done, strict=True):
                if landed:
                    del by_spot[spot]
            if by_spot:
                await self.stop()

    async def steadily(self, touches: Sequence[Touch], seconds: float) -> None:
        """Publishes them over so many seconds; what a dead broker held up follows at twice the pace."""
        loop = asyncio.get_running_loop()
        most = max(1, round(2 * len(touches) * TICK_SECONDS / seconds))
        begun_at, done = loop.time(), 0
        while done < len(touches):
            due = round(len(touches) * min(1.0, (loop.time() - begun_at) / seconds))
            batch = touches[done : min(due, done + most)]
            if batch:
                await self.publish(batch)
                done += len(batch)
            await lasting(TICK_SECONDS)

    async def stop(self) -> None:
        """Ends the session under way, if any."""
        publisher, self._publisher = self._publisher, None
        if publisher is not None:
            await publisher.stop()

    async def _append(self, topic: str, partition: int, outs: Sequence[Out]) -> bool:
        try:
            publisher = await self._session()
            await publisher.append(self._settings.topic(topic), partition, outs)
        except (PublishError, KafkaError, OSError):
            return False
        return True

    async def _session(self) -> KafkaPublisher:
        if self._publisher is None:
            publisher = KafkaPublisher(self._settings.kafka, client_id="chaos-load")
            try:
                await publisher.start()
            except KafkaError:
                await publisher.stop()
                await lasting(TICK_SECONDS)
                raise
            if self._publisher is None:
                self._publisher = publisher
            else:
                await publisher.stop()
        return self._publisher

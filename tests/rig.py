"""A partition under hand-made inputs: a small catalog, rows with chosen append times, a wall clock moved by hand."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from fakelog import Row

from engine.catalog import Catalog, MessageSpec, compile_journey
from engine.customer import Customer
from journeys.ids import with_ids
from journeys.model import Journey
from state.store import MemoryStore, PartitionStore
from streams.fanout.fanouts import Plan
from streams.lane import Lane
from streams.partition import UNPLANNED, Partition
from streams.processor import Decide, Processor, deciding
from streams.touchpoints.decoder import Decoder

T0 = 1_700_000_000_000
HOUR = 3_600_000

BASKET = {
    "journey": "basket",
    "topic": "offers",
    "ttl": "14d",
    "enter": {"on": "basket.updated"},
    "exit": [{"on": "order.placed", "as": "converted"}],
    "steps": [{"wait": "1h"}, {"send": "reminder"}],
}
WELCOME = {
    "journey": "welcome",
    "topic": "offers",
    "ttl": "1d",
    "enter": {"on": "account.created"},
    "steps": [{"send": "hello"}],
}
OFFER = {**BASKET, "steps": [{"wait": "1h"}, {"send": "offer"}]}
"""As BASKET, with a message that can be held."""
CLASSES = {"reminder": "service", "hello": "service", "offer": "marketing"}
MESSAGES = {
    name: MessageSpec(name, f"{name}-hash", class_, {"email": ("entry.value",)}) for name, class_ in CLASSES.items()
}


def catalog(*definitions: Mapping[str, Any]) -> Catalog:
    journeys = [Journey.model_validate(definition) for definition in definitions or (BASKET, WELCOME)]
    compiled = {journey.journey: compile_journey(with_ids(journey), "v1", MESSAGES) for journey in journeys}
    return Catalog(1, compiled, lambda _name, _version: None)


class Wall:
    """A wall clock moved by hand."""

    def __init__(self, now: int = T0 + 10 * HOUR) -> None:
        self.now = now

    def __call__(self) -> int:
        return self.now


class Log:
    """Whether a lane has more in its log than in hand, and how often that was asked."""

    def __init__(self) -> None:
        self.unread = False
        self.asked = 0

    def __call__(self, upto: int) -> bool:
        self.asked += 1
        return self.unread


class Rig:
    """Partition 0 of `partitions`, with lanes for these topics; `row` makes rows with their append time."""

    def __init__(
        self,
        *,
        topics: Sequence[str] = ("touchpoints.web", "touchpoints.store", "touchpoints.rekeyed", "ticks"),
        partitions: int = 1,
        event_clock: bool = False,
        clock: int = 0,
        store: PartitionStore | None = None,
        trace_all: bool = False,
        definitions: Sequence[Mapping[str, Any]] = (),
        decide: Decide | None = None,
        plan: Plan = lambda: UNPLANNED,
    ) -> None:
        self.wall = Wall()
        self.logs = {topic: Log() for topic in topics}
        found = catalog(*definitions)
        decide = decide or deciding(lambda: found, trace_all=trace_all)
        self.processor = Processor(0, partitions, MemoryStore() if store is None else store, decide, self.wall)
        self.processor.timers.load(self.processor.store.timers())
        lanes = [Lane(f"t.{topic}", topic, 0, "id", 0, self.logs[topic]) for topic in topics]
        self.partition = Partition(
            0,
            self.processor,
            lanes,
            lambda topic: Decoder(topic, topic.split(".")[-1], self.wall),
            self.wall,
            event_clock=event_clock,
            clock=clock,
            plan=plan,
        )
        self._offsets: dict[str, int] = {}

    def put(self, topic: str, at: int, type_: str, customer: str = "c1", **event: Any) -> None:
        """An event with append time `at` lands on `topic` and is fetched."""
        content = {"type": type_, **({"customer": customer} if customer else {}), **event}
        self.put_bytes(topic, at, json.dumps(content).encode())

    def put_bytes(self, topic: str, at: int, value: bytes) -> None:
        offset = self._offsets[topic] = self._offsets.get(topic, -1) + 1
        row = Row(f"t.{topic}", 0, offset, at, 1, None, value, ())
        self.partition.offer(f"t.{topic}", 0, [row])

    def run(self) -> None:
        """Applies all that can be applied now."""
        while self.partition.step(10_000) or self.partition.asks:
            self.partition.tell({})

    def prove(self) -> None:
        """All that was applied is durable, as after a lazy pass."""
        self.processor.store.mark.positions = self.partition.positions(0)

    def said(self, topic: str = "actions") -> list[dict[str, Any]]:
        """The outputs in all outboxes for `topic`, decoded, by record key and sequence."""
        store = self.processor.store
        records = [record for key in sorted(store) if (record := store.get(key)) is not None]
        return [json.loads(entry.value) for record in records for entry in record.outbox if entry.topic == topic]

    def sent(self) -> list[str]:
        return [f"{said['customer']}:{said['message']}" for said in self.said() if said["kind"] == "send"]


def with_email(rig: Rig, *customers: str, at: int = T0) -> None:
    for customer in customers or ("c1",):
        rig.put(
            "touchpoints.web", at, "customer.updated", customer, properties={"set": {"email": f"{customer}@x.example"}}
        )


def willing(rig: Rig, *customers: str, at: int = T0) -> None:
    """Customers with an address who want offers."""
    with_email(rig, *customers, at=at)
    for customer in customers or ("c1",):
        answer = {"topic": "offers", "channel": "email", "given": True}
        rig.put("touchpoints.web", at, "consent.changed", customer, properties=answer)


def customers(store: PartitionStore) -> list[Customer]:
    """Every customer of a store, decoded."""
    records = (store.get(key) for key in store)
    return [record.customer for record in records if record is not None and record.customer is not None]

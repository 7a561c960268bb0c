"""What happens in a simulation: journeys whose outcome hangs on no order of inputs, customers, touchpoints."""

import json
from functools import cache
from random import Random
from typing import NamedTuple

from rig import catalog
from simulation.broker import Broker

from engine.catalog import Catalog
from engine.customer import Customer
from engine.decide import decide, new_customer
from engine.decision import Decision
from engine.event import EventArrived, Input
from state.changelog import marker_key
from state.codec import encode
from state.record import Record
from streams.broker.publish import Out
from streams.touchpoints.home import home
from streams.touchpoints.ids import EVERYONE

START_MS = 1_700_000_000_000
PREFIX = "t"
PARTITIONS = 2
CHANNELS = ("web", "store")
POISON = "poison"
"""The type of an event that breaks the engine."""

HELLO = {
    "journey": "hello",
    "topic": "offers",
    "ttl": "1d",
    "enter": {"on": "account.created", "key": "event.n", "again": "always"},
    "steps": [{"send": "hello"}],
}
REMIND = {
    "journey": "remind",
    "topic": "offers",
    "ttl": "1d",
    "enter": {"on": "basket.updated", "key": "event.n", "again": "always"},
    "steps": [{"wait": "1s"}, {"send": "reminder"}, {"wait": "2s"}, {"send": "hello"}],
}
CONVERT = {
    "journey": "convert",
    "topic": "offers",
    "ttl": "1d",
    "enter": {"on": "basket.updated", "again": "always"},
    "exit": [{"on": "order.placed", "as": "converted"}],
    "steps": [{"send": "hello", "void_after": "1h"}, {"wait": "1s"}, {"send": "reminder"}],
}
TYPES = ("account.created", "basket.updated", "order.placed", "page.viewed")


@cache
def catalog_of(entangled: bool) -> Catalog:
    """The journeys; with `entangled` also one whose outcome depends on what comes first."""
    return catalog(HELLO, REMIND, CONVERT) if entangled else catalog(HELLO, REMIND)


def deciding(entangled: bool, customer: Customer, given: Input) -> Decision:
    """The engine with every decision traced; it breaks on POISON."""
    if isinstance(given, EventArrived) and given.event.type == POISON:
        raise ValueError("poison")
    return decide(catalog_of(entangled), customer, given, trace_all=True)


def topic(name: str) -> str:
    return f"{PREFIX}.{name}"


def topic_id(name: str) -> str:
    """Kafka's id of a topic, by its name without prefix."""
    return f"{name.replace('.', '')[-6:]}-id"


def known(customer_id: str) -> Customer:
    """A customer as everyone begins here: with an address."""
    customer = new_customer(customer_id, START_MS)
    customer.attributes = {"email": f"{customer_id}@x.example"}
    return customer


class Happening(NamedTuple):
    """A touchpoint that arrives at an instant of the loop (seconds)."""

    at: float
    topic: str
    partition: int
    out: Out


class Scenario:
    """Customers and touchpoints of one seed.

    Some arrive away from home, some twice, some are to everyone, some are no touchpoints at all.
    """

    def __init__(self, random: Random, seconds: float, *, rough: bool = True) -> None:
        self.entangled = random.random() < 0.25
        self.event_clock = random.random() < 0.2
        self.customers = [f"c{number}" for number in range(random.randint(2, 5))]
        self._random = random
        self.to_everyone = random.choice((0.05, 0.35))
        count = random.randint(4, 22)
        instants = sorted(random.random() ** random.choice((1, 1, 3)) * seconds for _ in range(count))
        self.happenings: list[Happening] = []
        if not rough:
            self.entangled = self.event_clock = False
            self.customers = ["c0", "c1", "c2", "c3", "c4"]
            return
        for number, at in enumerate(instants):
            self.happenings.append(self._happening(number, at))

    def begin(self, broker: Broker) -> None:
        """The changelog as a former owner left it."""
        for partition in range(PARTITIONS):
            here = [customer for customer in self.customers if home(customer, PARTITIONS) == partition]
            outs = [Out(customer.encode(), encode(Record(known(customer)), 0)) for customer in here]
            broker.land(topic("state"), partition, [Out(marker_key("genesis"), b""), *outs])

    def _happening(self, number: int, at: float) -> Happening:
        random = self._random
        customer = random.choice(self.customers)
        partition = home(customer, PARTITIONS)
        if random.random() < 0.3:
            partition = random.randrange(PARTITIONS)
        named = topic(f"touchpoints.{random.choice(CHANNELS)}")
        dice = random.random()
        if dice < 0.03:
            return Happening(at, named, partition, Out(b"k", b"nonsense"))
        if dice < 0.06:
            return Happening(at, topic("ticks"), partition, tick(START_MS + int(at * 1000)))
        if dice < 0.12 and self.happenings:
            again = random.choice(self.happenings)
            return again._replace(at=at, partition=partition) if again.topic != topic("ticks") else again
        type_ = POISON if dice > 0.97 else random.choice(TYPES)
        if 0.12 <= dice < 0.12 + self.to_everyone:
            # About the business: whoever reads it brings it to every partition, and each to all its customers.
            customer, type_ = EVERYONE, random.choice(TYPES)
        content = {"type": type_, "customer": customer, "properties": {"n": number}}
        if self.event_clock:
            content["occurred_at"] = START_MS + int(at * 1000)
        if random.random() < 0.9:
            content["id"] = f"e{number}"
        return Happening(at, named, partition, Out(customer.encode(), json.dumps(content).encode()))


def tick(at: int) -> Out:
    """A record of `ticks` that brings the event clock to `at` (ms)."""
    return Out(None, json.dumps({"type": "sillage.clock", "properties": {"at": at}}).encode())

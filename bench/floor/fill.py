"""What lies on the topics before a row begins: the customers on the changelog, the events on the inputs."""

import time
from collections.abc import Callable
from typing import Any

from confluent_kafka import KafkaError, Message, Producer

from bench.floor.run import Run
from bench.floor.touchpoints import Expected, drawn, value
from bench.floor.work import customer_id, known, person
from engine.customer import next_due
from local.demo.touchpoints import iso
from state.changelog import marker_key
from state.codec import encode
from state.record import Record
from streams.touchpoints.wire import Touchpoint, encode_touchpoint

FIRST_EPOCH = 0
"""The offset of the first record of a fresh changelog, which is the marker that the customers name."""

CHUNK = 10_000
"""Customers encoded at once; so far apart that no compression sees the copies of one together."""


def never(_number: int) -> int:
    """No timer for any customer."""
    return 0


def fill_events(run: Run, count: int, *, first: int = 0) -> int:
    """Writes so many events to the inputs; gives how many actions the work makes of them."""
    expected = Expected(run.customers)
    writing = _Writing(run.kafka)
    at = time.time_ns() // 1_000_000
    for number, each in enumerate(drawn(count, run.customers), first):
        expected.add(each.customer)
        writing.put(run.topic(f"touchpoints.{each.channel}"), each.customer.encode(), value(each, number, at))
    writing.finish()
    return expected.actions


def fill_customers(run: Run, *, copies: int = 1, due_at: Callable[[int], int] = never) -> None:
    """Writes every customer to a fresh changelog, `copies` times, as an owner of all partitions would have.

    `due_at` gives when a timer of the customer of this number is due (ms), 0 for none.
    """
    topic = run.topic("state")
    markers = _Writing(run.kafka)
    for partition in range(run.partitions):
        markers.put(topic, marker_key("bench"), b"", partition)
    markers.finish()
    if set(markers.offsets) != {FIRST_EPOCH}:
        raise RuntimeError(f"{topic}: the first markers landed at {markers.offsets}, expected a topic never written to")
    writing = _Writing(run.kafka)
    for start in range(0, run.customers, CHUNK):
        records = [Record(person(number, due_at(number))) for number in range(start, min(start + CHUNK, run.customers))]
        for record in records:
            record.due_at = next_due(known(record))
        pairs = [(known(record).id.encode(), encode(record, FIRST_EPOCH)) for record in records]
        for key, packed in pairs * copies:
            writing.put(topic, key, packed)
    writing.finish()


def fill_orders(run: Run, count: int) -> tuple[int, int]:
    """Writes an address and consent of every customer, then so many orders; gives how many of each."""
    writing = _Writing(run.kafka)
    topic = run.inputs[0]
    now = iso(time.time_ns() // 1_000_000)
    facts = _introduce(run, writing, now)
    for number, each in enumerate(drawn(count, run.customers)):
        properties = {"invoice": f"i-{number}", "lines": 1 + number % 9, "total": number % 997 * 1.25}
        given = Touchpoint("order.placed", each.customer, id=f"i-{number}", occurred_at=now, properties=properties)
        writing.put(topic, each.customer.encode(), encode_touchpoint(given).value or b"")
    writing.finish()
    return facts, count


def fill_mix(run: Run, count: int) -> tuple[int, int]:
    """Writes an address and consent of every customer, then so many events of the fixed mix; gives how many of each."""
    writing = _Writing(run.kafka)
    facts = _introduce(run, writing, iso(time.time_ns() // 1_000_000))
    writing.finish()
    fill_events(run, count)
    return facts, count


def _introduce(run: Run, writing: "_Writing", now: str) -> int:
    """What makes each customer somebody who may be written to; gives how many records that took."""
    facts = 0
    for number in range(run.customers):
        name = customer_id(number)
        for kind, properties in facts_of(name).items():
            facts += 1
            given = Touchpoint(kind, name, id=f"{kind}-{name}", occurred_at=now, properties=properties)
            writing.put(run.inputs[0], name.encode(), encode_touchpoint(given).value or b"")
    return facts


def facts_of(name: str) -> dict[str, dict[str, Any]]:
    return {
        "customer.updated": {"set": {"email": f"{name}@shop.example"}},
        "consent.changed": {"topic": "offers", "channel": "email", "given": True, "source": "checkout"},
    }


class _Writing:
    """Writes by the C client, which finds a key's home as fast as Java does. Faults are raised at `finish`."""

    def __init__(self, bootstrap: str) -> None:
        self.offsets: list[int] = []
        self._faults: list[KafkaError] = []
        self._producer = Producer(
            {
                "bootstrap.servers": bootstrap,
                "acks": "all",
                "partitioner": "murmur2_random",
                "compression.type": "lz4",
                "linger.ms": 50,
                "batch.size": 1_000_000,
                "queue.buffering.max.messages": 200_000,
            }
        )

    def put(self, topic: str, key: bytes, value: bytes, partition: int | None = None) -> None:
        """Queues one record, waiting for room."""
        given: dict[str, Any] = {} if partition is None else {"partition": partition}
        while True:
            try:
                self._producer.produce(topic, value, key, on_delivery=self._delivered, **given)
            except BufferError:
                self._producer.poll(0.1)
            else:
                return

    def finish(self) -> None:
        """Waits until all is durable. Raises RuntimeError where something is not."""
        left = self._producer.flush(120)
        if left or self._faults:
            raise RuntimeError(f"filling the topics: {left} records not written, faults {self._faults[:3]}")

    def _delivered(self, fault: KafkaError | None, message: Message) -> None:
        if fault is not None:
            self._faults.append(fault)
        elif len(self.offsets) < 1_000:
            self.offsets.append(message.offset() or 0)

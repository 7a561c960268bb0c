"""The events that every row reads, as bytes of plain JSON, some 300 bytes each; the same ones for the same seed."""

import random
from collections.abc import Iterator
from typing import NamedTuple

from bench.floor.run import INPUTS
from bench.floor.work import EVERY, TYPES, customer_id, phase

SEED = 7
_PROPERTIES = (
    b'"basket_id":"b-77120","value":84.5,"currency":"EUR","lines":3,"device":"mobile",'
    b'"page":"/face/serum/vitamin-c","campaign":"spring","returning":true,"session":"s-5f0c12ab"'
)


class Touchpoint(NamedTuple):
    """One event: the channel that it comes by, its customer (the record's key), and what its value is made of."""

    channel: str
    customer: str
    type: str


def drawn(count: int, customers: int, *, first: int = 0, seed: int = SEED) -> Iterator[Touchpoint]:
    """So many events of customers drawn evenly, from number `first` on, a quarter of them by the second channel."""
    draw = random.Random(seed).random
    for _ in range(count):
        channel = INPUTS[draw() < 0.25]
        yield Touchpoint(channel, customer_id(first + int(draw() * customers)), TYPES[int(draw() * len(TYPES))])


def value(touchpoint: Touchpoint, number: int, at: int, scheduled_us: int = 0) -> bytes:
    """The bytes of the event of this number, which occurred at `at` (ms) and was due to be sent at `scheduled_us`."""
    return b'{"id":"e-%010d","type":"%s","customer":"%s","occurred_at":%d,"properties":{"scheduled_us":%d,%s}}' % (
        number,
        touchpoint.type.encode(),
        touchpoint.customer.encode(),
        at,
        scheduled_us,
        _PROPERTIES,
    )


class Expected:
    """Counts the actions that the work makes of events."""

    def __init__(self, customers: int) -> None:
        self.actions = 0
        self._counts = {customer_id(number): phase(number) for number in range(customers)}

    def add(self, customer: str) -> None:
        """One event of this customer."""
        count = self._counts[customer] = (self._counts[customer] + 1) % EVERY
        self.actions += not count

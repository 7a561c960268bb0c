"""Orders as the touchpoints that a shop would send, each with its home partition, in the order to publish."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, NamedTuple

from local.orders.facts import Order, Orders
from streams.broker.publish import Out
from streams.touchpoints.home import home
from streams.touchpoints.wire import Touchpoint, encode_touchpoint

BEFORE_MS = 60_000
"""Addresses and consent are given this long before the first order."""


class Sent(NamedTuple):
    """One record for `touchpoints.web`; `at` is when it occurred, in ms."""

    partition: int
    at: int
    out: Out


def iso(at: int) -> str:
    """`2011-03-01T08:26:00Z` of an instant in ms, to the second."""
    return datetime.fromtimestamp(at // 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def touchpoints(orders: Orders, partitions: int) -> Iterator[Sent]:
    """An address and consent of every customer, then every order, by instant."""
    if orders.orders:
        yield from _customers(orders.orders, partitions)
    for order in orders.orders:
        yield _touchpoint(
            order.customer,
            partitions,
            id=order.number,
            type="order.cancelled" if order.cancelled else "order.placed",
            at=order.at,
            properties={"invoice": order.number, "lines": order.lines, "total": order.total},
        )


def clock_record(at: int) -> Out:
    """The tick that brings a partition's clock to `at` (ms)."""
    return encode_touchpoint(Touchpoint("sillage.clock", occurred_at=at, properties={"at": at}))


def _customers(orders: list[Order], partitions: int) -> Iterator[Sent]:
    at = orders[0].at - BEFORE_MS
    for customer in dict.fromkeys(order.customer for order in orders):
        yield _touchpoint(
            customer,
            partitions,
            id=f"address-{customer}",
            type="customer.updated",
            at=at,
            properties={"set": {"email": f"c{customer}@shop.example"}},
        )
        yield _touchpoint(
            customer,
            partitions,
            id=f"consent-{customer}",
            type="consent.changed",
            at=at,
            properties={"topic": "offers", "channel": "email", "given": True, "source": "checkout"},
        )


def _touchpoint(customer: str, partitions: int, *, at: int, type: str, id: str, properties: dict[str, Any]) -> Sent:
    touchpoint = Touchpoint(type, customer, id=id, occurred_at=iso(at), properties=properties)
    return Sent(home(customer, partitions), at, encode_touchpoint(touchpoint))

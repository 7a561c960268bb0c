"""What is known of an invoice, and of the file that it came from."""

from datetime import UTC, datetime
from typing import NamedTuple


class OrdersError(Exception):
    """A file of orders that cannot be read: which file and line, what was found, what was expected."""


class Order(NamedTuple):
    """One invoice of one customer. `at` is in ms; `row` is its rank in the file, by the first of its lines."""

    number: str
    at: int
    customer: str
    lines: int
    total: float
    cancelled: bool
    row: int


class Orders(NamedTuple):
    """All invoices that name a customer, in the order to publish, and the instant (ms) of the file's last line."""

    orders: list[Order]
    ends_at: int


def in_order(orders: list[Order], ends_at: int) -> Orders:
    """By instant; of those at one instant, the later in the file follows the earlier."""
    return Orders(sorted(orders, key=lambda order: (order.at, order.row)), ends_at)


def is_cancelled(number: str) -> bool:
    """Whether this invoice number is that of a cancellation."""
    return number.startswith("C")


def instant(text: str) -> int:
    """Milliseconds of `2010-12-01 08:26:00` or `2010-12-01T08:26:00Z`, both taken as UTC. Raises ValueError."""
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) * 1000

"""The whole Online Retail file, line by line, gathered into one order per invoice."""

from collections.abc import Iterable
from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation
from functools import lru_cache

from local.orders.facts import Order, Orders, OrdersError, in_order, instant, is_cancelled

COLUMNS = ["InvoiceNo", "StockCode", "Description", "Quantity", "InvoiceDate", "UnitPrice", "CustomerID", "Country"]
_CENT = Decimal("0.01")


class _Invoice:
    """An invoice while its lines are still being read."""

    __slots__ = ("at", "customer", "lines", "number", "total")

    def __init__(self, number: str, customer: str, at: int) -> None:
        self.number = number
        self.customer = customer
        self.at = at
        self.lines = 0
        self.total = Decimal(0)

    def add(self, quantity: str, at: int, price: str) -> None:
        self.lines += 1
        self.total += Decimal(quantity) * Decimal(price)
        self.at = min(self.at, at)


def gather(name: str, lines: Iterable[list[str]]) -> Orders:
    """The orders in `lines`, the cells of the file below its header.

    Lines without a CustomerID make no order, but the last line gives `ends_at` all the same.
    Raises OrdersError with the line.
    """
    invoices: dict[str, _Invoice] = {}
    ends_at = 0
    # All lines of an invoice, and often of the next, carry the same text.
    instant_of = lru_cache(64)(instant)
    for line, cells in enumerate(lines, start=2):
        try:
            number, _, _, quantity, date, price, customer, _ = cells
            ends_at = instant_of(date)
            if customer:
                _invoice_of(invoices, number, customer, ends_at).add(quantity, ends_at, price)
        except (ValueError, InvalidOperation) as fault:
            raise OrdersError(f"{name}:{line}: found {cells!r}, expected {', '.join(COLUMNS)} ({fault})") from fault
    if not ends_at:
        raise OrdersError(f"{name}: no line below the header; expected one line per item sold")
    return in_order([_order(row, invoice) for row, invoice in enumerate(invoices.values())], ends_at)


def _invoice_of(invoices: dict[str, _Invoice], number: str, customer: str, at: int) -> _Invoice:
    invoice = invoices.get(number)
    if invoice is None:
        invoice = invoices[number] = _Invoice(number, str(int(float(customer))), at)
    elif int(float(customer)) != int(invoice.customer):
        raise ValueError(f"invoice {number} names the customers {invoice.customer} and {customer}")
    return invoice


def _order(row: int, invoice: _Invoice) -> Order:
    total = float(invoice.total.quantize(_CENT, ROUND_HALF_EVEN))
    number = invoice.number
    return Order(number, invoice.at, invoice.customer, invoice.lines, total, is_cancelled(number), row)

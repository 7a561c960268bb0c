"""Orders from a file: the whole Online Retail set, or the facts of each invoice that ship with this package."""

import csv
import lzma
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from local.orders import retail
from local.orders.facts import Order, Orders, OrdersError, in_order, instant, is_cancelled

SHIPPED = Path(__file__).parent / "invoices.csv.xz"
FACTS = ["number", "at", "customer", "lines", "total"]
END = "end"
"""In place of a number on the last line of the facts: its `at` is the instant of the whole file's last line."""


def read_orders(path: Path | None = None) -> Orders:
    """The orders of the whole file or of its facts, plain or .xz, told apart by the header; without a path, what ships.

    Both give the identical orders. Raises OrdersError, or OSError where there is no such file.
    """
    path = path or SHIPPED
    try:
        with _text(path) as file:
            rows = csv.reader(file)
            header = next(rows, [])
            if header == retail.COLUMNS:
                return retail.gather(path.name, rows)
            if header == FACTS:
                return _facts(path.name, rows)
    except (lzma.LZMAError, UnicodeDecodeError, csv.Error) as fault:
        raise OrdersError(f"{path}: cannot be read as CSV in UTF-8, plain or .xz ({fault})") from fault
    raise OrdersError(
        f"{path}: the header is {','.join(header)!r}, expected {','.join(retail.COLUMNS)!r} or {','.join(FACTS)!r}"
    )


@contextmanager
def _text(path: Path) -> Iterator[TextIO]:
    compressed = path.suffix == ".xz"
    with (
        lzma.open(path, "rt", encoding="utf-8", newline="")
        if compressed
        else path.open(encoding="utf-8", newline="") as file
    ):
        yield file


def _facts(name: str, rows: Iterator[list[str]]) -> Orders:
    orders: list[Order] = []
    for row, cells in enumerate(rows):
        try:
            number, at, customer, lines, total = cells
            if number == END:
                return in_order(orders, instant(at))
            orders.append(Order(number, instant(at), customer, int(lines), float(total), is_cancelled(number), row))
        except ValueError as fault:
            raise OrdersError(f"{name}:{row + 2}: found {cells!r}, expected {', '.join(FACTS)} ({fault})") from fault
    raise OrdersError(f"{name}: the last line is not {END!r}, so the file is cut short; derive it again")

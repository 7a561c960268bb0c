"""From the whole Online Retail file to the facts that ship: `python -m local.orders.derive FILE OUT`."""

import csv
import io
import lzma
import sys
from datetime import UTC, datetime
from pathlib import Path

from local.orders.facts import Orders
from local.orders.read import END, FACTS, read_orders


def derive(source: Path, target: Path) -> None:
    """Writes the facts of each invoice of `source` to `target`, compressed; the same input gives the same bytes."""
    target.write_bytes(lzma.compress(_text(read_orders(source)).encode(), preset=9 | lzma.PRESET_EXTREME))


def _text(orders: Orders) -> str:
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(FACTS)
    for order in sorted(orders.orders, key=lambda order: order.row):
        rows.writerow([order.number, _iso(order.at), order.customer, order.lines, f"{order.total:.2f}"])
    rows.writerow([END, _iso(orders.ends_at), "", "", ""])
    return text.getvalue()


def _iso(at: int) -> str:
    return datetime.fromtimestamp(at / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


if __name__ == "__main__":
    derive(Path(sys.argv[1]), Path(sys.argv[2]))

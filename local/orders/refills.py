"""The lines of the orders for what is used up, as touchpoints: `python -m local.orders.refills FILE OUT [EVERY]`."""

import csv
import lzma
import re
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from local.orders.facts import OrdersError, instant, is_cancelled
from local.orders.retail import COLUMNS

SHIPPED = Path(__file__).parent / "refills.jsonl.xz"
EVERY = 10
"""Of so many customers one is in the part that ships, by number."""
USED_UP = re.compile(
    r"\b(BAGS?|CAKE CASES|NAPKINS|TISSUES|DOILIES|DOILEY|CANDLES?|MATCHES|WRAP|STRAWS|INCENSE|STICKERS|RIBBONS?)\b"
)
KEPT = re.compile(r"\b(HOLDERS?|STICKS?|PLATES?|LANTERNS?|STANDS?)\b")
"""Of what matches, this is bought once and for all."""
BEFORE_MS = 60_000
"""Addresses and consent are given this long before the first line."""


class Line(NamedTuple):
    """One product of one invoice, all its lines together. `at` is in ms, that of the first of them."""

    at: int
    customer: str
    invoice: str
    product: str
    name: str
    quantity: int


def is_used_up(name: str) -> bool:
    """Whether the name of a product is that of something used up and bought again."""
    return USED_UP.search(name) is not None and KEPT.search(name) is None


def refills(source: Path, every: int = 1) -> list[Line]:
    """What customers with a multiple of `every` as number bought of what is used up, by instant. Raises OrdersError."""
    found: dict[tuple[str, str], Line] = {}
    names: dict[str, str] = {}
    for number, product, name, quantity, at, customer in _rows(source):
        if int(customer) % every or is_cancelled(number) or quantity <= 0 or not is_used_up(name):
            continue
        before = found.get((number, product))
        known = names.setdefault(product, name)
        more = before.quantity if before is not None else 0
        first_at = min(at, before.at) if before is not None else at
        found[number, product] = Line(first_at, customer, number, product, known, quantity + more)
    return sorted(found.values())


def written(lines: list[Line]) -> bytes:
    """The lines as touchpoints, one JSON object a line, behind an address and consent of each customer."""
    return b"".join(msgspec.json.encode(each) + b"\n" for each in _touchpoints(lines))


def _rows(source: Path) -> Iterator[tuple[str, str, str, int, int, str]]:
    """Number, product, name, quantity, instant and customer of each line that names a customer."""
    with lzma.open(source, "rt", encoding="utf-8", newline="") as file:
        rows = csv.reader(file)
        header = next(rows, [])
        if header != COLUMNS:
            raise OrdersError(f"{source}: the header is {','.join(header)!r}, expected {','.join(COLUMNS)!r}")
        for place, cells in enumerate(rows, start=2):
            try:
                number, product, name, quantity, date, _, customer, _ = cells
                if customer:
                    yield number, product, name.strip(), int(quantity), instant(date), str(int(float(customer)))
            except ValueError as fault:
                raise OrdersError(f"{source}:{place}: found {cells!r}, expected {', '.join(COLUMNS)}") from fault


def _touchpoints(lines: list[Line]) -> Iterator[dict[str, Any]]:
    begins = _iso(lines[0].at - BEFORE_MS) if lines else ""
    consent = {"topic": "offers", "channel": "email", "given": True}
    for who in dict.fromkeys(line.customer for line in lines):
        told = {"customer": who, "occurred_at": begins}
        yield {"type": "customer.updated", **told, "properties": {"set": {"email": f"c{who}@shop.example"}}}
        yield {"type": "consent.changed", **told, "properties": consent}
    for line in lines:
        yield {
            "type": "product.bought",
            "customer": line.customer,
            "id": f"{line.invoice}/{line.product}",
            "occurred_at": _iso(line.at),
            "properties": {
                "product": line.product,
                "name": line.name,
                "quantity": line.quantity,
                "invoice": line.invoice,
                "refill": True,
            },
        }


def _iso(at: int) -> str:
    return datetime.fromtimestamp(at / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


if __name__ == "__main__":
    given = refills(Path(sys.argv[1]), int(sys.argv[3]) if len(sys.argv) > 3 else EVERY)
    Path(sys.argv[2]).write_bytes(lzma.compress(written(given), preset=9 | lzma.PRESET_EXTREME))

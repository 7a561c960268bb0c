"""What is played: files of touchpoints, the real orders as touchpoints, or topics of a broker."""

from pathlib import Path

from local.demo.touchpoints import touchpoints
from local.orders.read import read_orders
from streams.backtest.files import JsonLines
from streams.backtest.passed import Lines, Source

PACKED = (".gz", ".xz")


def source_of(path: Path, channel: str) -> Source:
    """The source that a file is, by its name: .csv and .csv.xz hold orders, all else touchpoints as JSON lines."""
    unpacked = path.with_suffix("") if path.suffix in PACKED else path
    return orders(path) if unpacked.suffix == ".csv" else JsonLines(path, channel)


def orders(path: Path | None) -> Source:
    """The Online Retail orders as a shop's touchpoints, as `sillage demo --orders` publishes them; None is what ships.

    Raises OrdersError.
    """
    found = read_orders(path)
    sent = [touchpoint.out.value or b"" for touchpoint in touchpoints(found, 1)]
    return Lines(str(path) if path is not None else "orders", sent, len(sent), found.ends_at)

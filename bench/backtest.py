"""Events a second of a backtest with one and two jobs, beside plain decoding: `python -m bench.backtest`."""

import argparse
import json
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from cli.backtest.definition import Read
from streams.backtest.crew import Parts
from streams.backtest.files import JsonLines
from streams.backtest.run import Plan, run

SHIPPED = Path("journeys/definitions")
BEGINS_AT = 1_740_000_000
SECONDS_APART = 0.5
IDLE = ("page.viewed", "page.viewed", "page.viewed", "product.viewed", "search.made")
"""Types that no journey listens to."""


def lines(events: int, customers: int, concerned: float, seed: int = 1) -> Iterator[bytes]:
    """Touchpoints of some 250 bytes by instant; of a part `concerned` baskets, one of six an order."""
    chance = random.Random(seed)
    for number in range(events):
        at = datetime.fromtimestamp(BEGINS_AT + number * SECONDS_APART, UTC)
        customer = chance.randrange(customers)
        kind, about = chance.choice(IDLE), {}
        if chance.random() < concerned:
            kind = "order.placed" if chance.random() < 1 / 6 else "basket.updated"
            about = {"basket_id": f"b{customer}-{number // 100_000}", "value": chance.randrange(10, 90), "total": 40.0}
        yield json.dumps(
            {
                "id": f"e-{number:010d}-{chance.getrandbits(64):016x}",
                "type": kind,
                "customer": f"customer-{customer}",
                "occurred_at": at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
                "properties": {"page": "/face/serum/vitamin-c", "device": "mobile", "returning": True, **about},
            },
            separators=(",", ":"),
        ).encode() + b"\n"


def decoded(path: Path) -> int:
    """The floor: every line decoded to plain values, one after the other."""
    decode = msgspec.json.Decoder().decode
    with path.open("rb") as file:
        return sum(1 for line in file if decode(line))


def played(path: Path, jobs: int) -> Callable[[], int]:
    """A backtest of the shipped journeys, with its start and its end."""
    source, definition = JsonLines(path), Read(SHIPPED).definition(())

    def play() -> int:
        return run(Plan(Parts(definition, None, source.channels), [source], jobs), lambda _played, _part: None).played

    return play


def rate(work: Callable[[], int]) -> float:
    """Events a second, once."""
    began = time.perf_counter()
    return work() / (time.perf_counter() - began)


def main() -> None:
    """Prints medians over the rounds; the rows take turns, and a ratio is the median of the rounds' own."""
    options = argparse.ArgumentParser()
    options.add_argument("--events", type=int, default=1_000_000)
    options.add_argument("--customers", type=int, default=50_000)
    options.add_argument("--concerned", type=float, default=0.02, help="part of events that concern a journey")
    options.add_argument("--rounds", type=int, default=3)
    asked = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "events.jsonl"
        with path.open("wb") as file:
            file.writelines(lines(asked.events, asked.customers, asked.concerned))
        works = {"plain decoding": lambda: decoded(path), "1 job": played(path, 1), "2 jobs": played(path, 2)}
        rounds = [{name: rate(work) for name, work in works.items()} for _ in range(asked.rounds)]
    sys.stdout.write(f"{asked.events:,} events, {asked.customers:,} customers, {asked.concerned:.0%} concern a journey\n")
    for name in works:
        median = statistics.median(each[name] for each in rounds)
        ratio = statistics.median(each["plain decoding"] / each[name] for each in rounds)
        sys.stdout.write(f"{name:15} {median:10,.0f} events/s  {ratio:6.1f} times the time of plain decoding\n")


if __name__ == "__main__":
    main()

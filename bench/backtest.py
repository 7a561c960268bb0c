"""Events a second of a backtest with one and two jobs, beside plain decoding: `python -m bench.backtest`."""

import argparse
import json
import os
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from cli.backtest.definition import Read
from streams.backtest.crew import Definition, Parts
from streams.backtest.files import JsonLines
from streams.backtest.run import Plan, run

SHIPPED = Path("journeys/definitions")
BEGINS_AT = 1_740_000_000
SECONDS_APART = 0.5
PLAIN = "plain decoding"
ONE = ("abandoned-basket",)
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
        yield (
            json.dumps(
                {
                    "id": f"e-{number:010d}-{chance.getrandbits(64):016x}",
                    "type": kind,
                    "customer": f"customer-{customer}",
                    "occurred_at": at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
                    "properties": {"page": "/face/serum/vitamin-c", "device": "mobile", "returning": True, **about},
                },
                separators=(",", ":"),
            ).encode()
            + b"\n"
        )


def decoded(path: Path) -> int:
    """The floor: every line decoded to plain values, one after the other."""
    decode = msgspec.json.Decoder().decode
    with path.open("rb") as file:
        return sum(1 for line in file if decode(line))


def played(path: Path, jobs: int, journeys: Sequence[str] = ()) -> Callable[[], int]:
    """A backtest of these of the shipped journeys, without segments, or of the whole folder; with start and end."""
    source, (files, names) = JsonLines(path), Read(SHIPPED).definition(journeys)
    definition = Definition({name: text for name, text in files.items() if not journeys or _alone(name)}, names)

    def play() -> int:
        return run(Plan(Parts(definition, None, source.channels), [source], jobs), lambda _played, _part: None).played

    return play


def _alone(name: str) -> bool:
    """Whether a file of the folder is needed by one journey alone, which asks for no segment."""
    return name.startswith("messages/") or name == "project.yaml" or name.removeprefix("journeys/")[:-5] in ONE


def measured(work: Callable[[], int]) -> tuple[float, float]:
    """Seconds that passed, and those of CPU, of this process and of those it started; once."""
    began, spent = time.perf_counter(), sum(os.times()[:4])
    work()
    return time.perf_counter() - began, sum(os.times()[:4]) - spent


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
        works = {
            PLAIN: lambda: decoded(path),
            "one journey, 1 job": played(path, 1, ONE),
            "one journey, 2 jobs": played(path, 2, ONE),
            "all journeys, 1 job": played(path, 1),
            "all journeys, 2 jobs": played(path, 2),
        }
        rounds = [{name: measured(work) for name, work in works.items()} for _ in range(asked.rounds)]
    sys.stdout.write(
        f"{asked.events:,} events, {asked.customers:,} customers, {asked.concerned:.0%} baskets and orders\n"
    )
    for name in works:
        median = statistics.median(asked.events / each[name][0] for each in rounds)
        ratio = statistics.median(each[name][0] / each[PLAIN][0] for each in rounds)
        spent = statistics.median(each[name][1] / asked.events * 1e6 for each in rounds)
        told = (
            f"{name:22} {median:10,.0f} events/s {ratio:6.1f} times the time of decoding {spent:6.1f} us CPU an event\n"
        )
        sys.stdout.write(told)


if __name__ == "__main__":
    main()

"""A year of real orders: what leaves is what plain SQL over the same file says, customer by customer."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import pytest

from cli.demo import REPLAYED
from cli.folder import read_files
from engine.decision import Action
from journeys.load import load_project
from local.demo.touchpoints import touchpoints
from local.orders.read import read_orders
from local.services import Services
from streams.driver import Driver, catalog_of

DEFINITIONS = Path(__file__).parents[2] / "journeys" / "definitions"
START = "import sys; from cli.main import main; sys.exit(main())"
WAIT_MS = 2160 * 3600 * 1000
PUBLISHED = """
create table published (place integer primary key, customer text, at integer, placed integer);
"""
FIRST = """
select customer, at from published where place in (select min(place) from published where placed group by customer)
"""
# An order at the very instant at which a timer is due comes after the timer.
DUE = """
with next as (
    select customer, at, lead(at) over (partition by customer order by place) as next_at from published where placed
)
select customer, at + :wait from next where at + :wait <= :ends_at and (next_at is null or next_at >= at + :wait)
"""

Messages = dict[str, list[tuple[str, int]]]
"""By customer: the journey and the instant (ms) of each message, sorted."""


def expected() -> Messages:
    """What must leave, by plain SQL over the shipped file."""
    orders, ends_at = read_orders()
    database = sqlite3.connect(":memory:")
    database.executescript(PUBLISHED)
    database.executemany(
        "insert into published values (?, ?, ?, ?)",
        [(place, order.customer, order.at, not order.cancelled) for place, order in enumerate(orders)],
    )
    given = {"wait": WAIT_MS, "ends_at": ends_at}
    messages: Messages = defaultdict(list)
    for journey, query in (("first-order-thanks", FIRST), ("win-back", DUE)):
        for customer, at in database.execute(query, given if journey == "win-back" else {}):
            messages[customer].append((journey, at))
    return {customer: sorted(found) for customer, found in messages.items()}


def by_customer(found: list[tuple[str, str, int]]) -> Messages:
    """(customer, journey, instant) gathered like `expected`."""
    messages: Messages = defaultdict(list)
    for customer, journey, at in found:
        messages[customer].append((journey, at))
    return {customer: sorted(each) for customer, each in messages.items()}


def test_the_file_holds_what_the_hard_cases_need() -> None:
    messages = [each for found in expected().values() for each in found]
    assert sum(journey == "first-order-thanks" for journey, _ in messages) == 4_339
    assert sum(journey == "win-back" for journey, _ in messages) == 3_219
    placed = [(order.customer, order.at) for order in read_orders().orders if not order.cancelled]
    assert len(placed) > len(set(placed)), "no customer has two orders at one instant"


def test_the_engine_alone_decides_what_sql_says() -> None:
    orders = read_orders()
    given = list(touchpoints(orders, 1))
    driver = Driver(catalog_of(load_project(read_files([DEFINITIONS])[1]), REPLAYED), given[0].at)
    found: list[tuple[str, str, int]] = []
    for touchpoint in given:
        driver.pipe(touchpoint.out.value, key=touchpoint.out.key, at=touchpoint.at)
        found += [(each.customer, each.journey, each.decided_at) for each in driver.read() if isinstance(each, Action)]
    driver.advance(orders.ends_at)
    found += [(each.customer, each.journey, each.decided_at) for each in driver.read() if isinstance(each, Action)]
    assert driver.dead() == []
    assert by_customer(found) == expected()


class Run(NamedTuple):
    """A `sillage demo` in a process of its own, read line by line."""

    process: subprocess.Popen[str]
    out: Path

    def lines(self) -> Iterator[str]:
        """The lines to come. An iterator that may be left in the middle: the pipe stays open."""
        assert self.process.stdout is not None
        return iter(self.process.stdout.readline, "")

    def left(self, restarts: int) -> list[dict[str, str]]:
        """The messages that left, once the demo has ended well after so many restarts."""
        rest = "".join(self.lines())
        assert self.process.wait(120) == 0, rest
        assert ["restarts", str(restarts)] in [line.split() for line in rest.splitlines()], rest
        return [json.loads(line) for line in self.out.read_text(encoding="utf-8").splitlines()]


@pytest.fixture
def demo(services: Services, tmp_path: Path) -> Iterator[Run]:
    out = tmp_path / "out.jsonl"
    environment = {
        **os.environ,
        "SILLAGE_KAFKA": services.kafka,
        "SILLAGE_REDIS": services.redis,
        "SILLAGE_DATA": str(tmp_path),
    }
    process = subprocess.Popen(
        [sys.executable, "-c", START, "demo", "--orders", "--plain", "--actions-out", str(out)],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    yield Run(process, out)
    if process.poll() is None:
        process.send_signal(signal.SIGINT)
        process.wait(180)
    if process.stdout is not None:
        process.stdout.close()


def instant(text: str) -> int:
    return int(datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC).timestamp()) * 1000


def check(left: list[dict[str, str]]) -> None:
    assert len({each["id"] for each in left}) == len(left), "an id left twice"
    found = [(each["customer"], each["journey"], instant(each["decided_at"])) for each in left]
    assert by_customer(found) == expected()
    assert [(each["decided_at"], each["id"]) for each in left] == sorted((x["decided_at"], x["id"]) for x in left)
    steps = {"first-order-thanks": "order-thanks", "win-back": "we-miss-you"}
    assert all((each["step"], each["channel"]) == (steps[each["journey"]], "email") for each in left)


@pytest.mark.slow
def test_what_leaves_is_what_sql_says(demo: Run) -> None:
    check(demo.left(restarts=0))


@pytest.mark.slow
def test_a_worker_killed_in_the_middle_changes_nothing(demo: Run) -> None:
    worker = 0
    for line in demo.lines():
        if line.startswith("worker is process "):
            worker = int(line.split()[-1])
        if "replaying" in line and applied(line) > 10_000:
            os.kill(worker, signal.SIGKILL)
            break
    else:
        pytest.fail("the demo ended before the worker could be killed")
    check(demo.left(restarts=1))


def applied(line: str) -> int:
    """How many touchpoints a plain line of the demo says are applied."""
    return int(line.partition("replaying: ")[2].partition(" of ")[0].replace(",", ""))

"""A topic that takes nothing: what waits for it is bounded, no more is fetched or applied, and all leaves later."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from typing import Any

import pytest
from fakelog import FakeLog
from rig import WELCOME, catalog
from waiting import turns, until

from streams.broker.publish import Out
from streams.broker.source import Spot
from streams.inputs import Inputs
from streams.processor import deciding
from streams.settings import Settings
from streams.worker import Worker

SETTINGS = Settings(partitions=1, prefix="t", start="earliest")
WEB = "t.touchpoints.web"
BATCH = 20
PEOPLE = 1_000


class Deaf:
    """An observer that hears nothing."""

    def __getattr__(self, name: str) -> Any:
        return lambda *_: None


class Connection(FakeLog):
    """A log that a worker connects to."""

    async def start(self) -> None:
        """Connected."""

    async def stop(self) -> None:
        """Not any more."""

    async def broker_answers(self) -> bool:
        return True


class Fetcher:
    """A source over a log: brings batches of what is open and not held, and remembers the most that was in hand."""

    def __init__(self, log: Connection) -> None:
        self.worker: Worker
        self.brought: dict[Spot, int] = {}
        self.held: set[Spot] = set()
        self.holds = 0
        self._log = log

    async def bounds(self, spots: Iterable[Spot]) -> dict[Spot, tuple[int, int]]:
        return {spot: (0, self._log.end(*spot)) for spot in spots}

    async def committed(self, spots: Iterable[Spot]) -> dict[Spot, int]:
        return {}

    def open(self, starts: Mapping[Spot, int]) -> None:
        self.brought |= starts

    def close(self, spots: Iterable[Spot]) -> None:
        for spot in spots:
            self.brought.pop(spot, None)

    def hold(self, spot: Spot) -> None:
        self.holds += 1
        self.held.add(spot)

    def release(self, spot: Spot) -> None:
        self.held.discard(spot)

    def unread(self, spot: Spot, upto: int) -> bool:
        return self.brought.get(spot, 0) < self._log.end(*spot)

    def commit(self, offsets: Mapping[Spot, int]) -> None:
        """Nobody asks."""

    async def run(self) -> None:
        while True:
            for spot, start in list(self.brought.items()):
                rows = [] if spot in self.held else self._log.rows[spot][start : start + BATCH]
                if rows:
                    self.brought[spot] = rows[-1].offset + 1
                    self.worker.offer(*spot, rows)
            await asyncio.sleep(0)


@asynccontextmanager
async def at_work(log: Connection) -> AsyncIterator[tuple[Worker, Fetcher]]:
    found = catalog(WELCOME)
    inputs = Inputs(SETTINGS, {WEB: 1, "t.ticks": 1, "t.touchpoints.rekeyed": 1}, {})
    worker = Worker(SETTINGS, inputs, deciding(lambda: found), Deaf(), connect=lambda: log, read=log.read)
    worker.source = source = Fetcher(log)
    source.worker = worker
    worker.assigned({0})
    tasks = [asyncio.create_task(work) for work in (worker.run(), source.run())]
    try:
        await until(lambda: worker.ready)
        yield worker, source
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def arrive(log: Connection, customer: str, **filling: str) -> None:
    """A person with an address creates an account, which `WELCOME` answers."""
    known = {"set": {"email": f"{customer}@x.example", **filling}}
    for type_, properties in (("customer.updated", known), ("account.created", {})):
        content = {"type": type_, "customer": customer, "id": f"{customer}-{type_}", "properties": properties}
        log.land(WEB, 0, [Out(customer.encode(), json.dumps(content).encode())])


def in_hand(worker: Worker) -> tuple[int, int]:
    """Rows fetched and not applied, and outputs not known to be published."""
    [partition] = worker.partitions.values()
    return sum(map(len, partition.lanes.values())), partition.processor.unpublished


@pytest.mark.parametrize(
    "limits",
    [
        {"streams.session.MOST_LEAVING": 100, "streams.lane.HOLD_ROWS": 60},
        {"streams.worker.MOST_WAITING_BYTES": 60_000, "streams.lane.HOLD_BYTES": 12_000},
    ],
    ids=["by count", "by bytes"],
)
async def test_while_actions_take_nothing_what_waits_is_bounded_and_all_leaves_later(
    limits: dict[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in limits.items():
        monkeypatch.setattr(name, value)
    log = Connection()
    away = log.gate("t.actions")
    for number in range(PEOPLE):
        arrive(log, f"c{number}")
    async with at_work(log) as (worker, source):
        await until(lambda: source.holds)
        await turns(3_000)
        rows, outputs = in_hand(worker)
        assert rows <= 120 + 2 * BATCH
        assert outputs <= 500
        await turns(3_000)
        assert in_hand(worker) == (rows, outputs)
        assert not log.values("t.actions")
        away.set()
        await until(lambda: len(log.values("t.actions")) == PEOPLE, 30)
        await until(lambda: in_hand(worker) == (0, 0), 30)
    ids = [json.loads(value)["id"] for value in log.values("t.actions")]
    assert len(set(ids)) == PEOPLE

"""A topic that takes nothing: what waits for it is bounded, no more is fetched or applied, and all leaves later.

So is what is changed and not yet written while lazy passes fall behind.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager

import pytest
from atwork import Connection, Deaf
from rig import WELCOME, catalog
from waiting import turns, until

from state.record import Record
from state.store import MemoryStore
from streams.broker.publish import Out
from streams.broker.source import Spot
from streams.inputs import Inputs
from streams.processor import Processor, deciding
from streams.settings import Settings
from streams.touchpoints.decoder import home
from streams.worker import Worker

WEB = "t.touchpoints.web"
BATCH = 20
PEOPLE = 1_000


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
async def at_work(log: Connection, partitions: int = 1) -> AsyncIterator[tuple[Worker, Fetcher]]:
    found = catalog(WELCOME)
    settings = Settings(partitions=partitions, prefix="t", start="earliest")
    inputs = Inputs(settings, dict.fromkeys((WEB, "t.ticks", "t.touchpoints.rekeyed"), partitions), {})
    worker = Worker(settings, inputs, deciding(lambda: found), Deaf(), connect=lambda: log, read=log.read)
    worker.source = source = Fetcher(log)
    source.worker = worker
    worker.assigned(range(partitions))
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
        {"streams.pump.MOST_WAITING_BYTES": 60_000, "streams.lane.HOLD_BYTES": 12_000},
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


def seen(log: Connection, customer: str, partition: int = 0) -> None:
    """Something happens to a person that concerns no journey, so that the record is written lazily."""
    content = {"type": "page.viewed", "customer": customer, "id": f"{customer}-seen", "properties": {}}
    log.land(WEB, partition, [Out(customer.encode(), json.dumps(content).encode())])


def all_seen(log: Connection, partitions: int = 1) -> None:
    """The same of all people, each at home."""
    for number in range(PEOPLE):
        seen(log, f"c{number}", home(f"c{number}", partitions))


def applied(worker: Worker) -> int:
    """The offset behind the last input that is applied."""
    return max(lane.next for partition in worker.partitions.values() for lane in partition.lanes.values())


async def test_while_nothing_is_written_few_records_change_and_all_are_written_later(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("streams.session.MOST_UNWRITTEN", 100)
    monkeypatch.setattr("streams.pump.STEP", 15)
    log = Connection()
    async with at_work(log) as (worker, _):
        taken = log.gate("t.state")
        all_seen(log)
        [partition] = worker.partitions.values()
        await until(lambda: log.held["t.state"] and partition.processor.unwritten >= 90)
        await turns(3_000)
        assert partition.processor.unwritten <= 100
        stood = applied(worker)
        # Behind those that a round under way holds come so many again.
        assert stood <= 200
        await turns(3_000)
        assert applied(worker) == stood
        taken.set()
        await until(lambda: applied(worker) == PEOPLE and not partition.processor.unwritten, 30)
    written = {row.key for row in log.rows["t.state", 0]}
    assert {f"c{number}".encode() for number in range(PEOPLE)} <= written


async def test_while_dead_letters_take_nothing_what_waits_is_bounded_and_all_leaves_later(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("streams.pump.MOST_WAITING_BYTES", 60_000)
    monkeypatch.setattr("streams.lane.HOLD_ROWS", 60)
    monkeypatch.setattr("streams.pump.STEP", 15)
    log = Connection()
    taken = log.gate(f"{WEB}.dead")
    async with at_work(log) as (worker, source):
        for _ in range(PEOPLE):
            log.land(WEB, 0, [Out(b"k", b"nonsense" * 100)])
        await until(lambda: source.holds)
        await turns(3_000)
        stood = applied(worker)
        assert stood < 150
        await turns(3_000)
        assert applied(worker) == stood
        taken.set()
        await until(lambda: len(log.values(f"{WEB}.dead")) == PEOPLE, 30)
        [partition] = worker.partitions.values()
        await until(lambda: not partition.processor.unpublished_bytes, 30)


async def test_work_goes_on_as_soon_as_something_is_written(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("streams.session.MOST_UNWRITTEN", 100)
    monkeypatch.setattr("streams.pump.REST_SECONDS", 3600.0)
    monkeypatch.setattr("streams.lane.HOLD_ROWS", 10 * PEOPLE)
    log = Connection()
    async with at_work(log) as (worker, source):
        taken = log.gate("t.state")
        all_seen(log)
        [partition] = worker.partitions.values()
        await until(lambda: source.brought[WEB, 0] == PEOPLE and partition.processor.unwritten >= 90)
        await turns()
        # Nothing is fetched any more that could wake anybody.
        taken.set()
        await until(lambda: applied(worker) == PEOPLE, 30)


async def test_partitions_that_fall_behind_together_are_all_applied_a_little(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("streams.session.MOST_UNWRITTEN", 100)
    # No pass is due where a slow machine took a second to get here: it would hold what one partition has alone.
    monkeypatch.setattr("streams.commit.PASS_SECONDS", 3600.0)
    monkeypatch.setattr(f"{__name__}.BATCH", PEOPLE)
    log = Connection()
    async with at_work(log, partitions=4) as (worker, _):
        log.gate("t.state")
        all_seen(log, 4)
        held = [partition.processor for partition in worker.partitions.values()]
        await until(lambda: sum(processor.unwritten for processor in held) >= 90)
        assert min(processor.unwritten for processor in held) >= 10


async def test_partitions_of_a_worker_share_what_is_kept_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("streams.worker.LIVE_RECORDS", 80)
    log = Connection()
    async with at_work(log, partitions=4) as (worker, _):
        held = {number: partition.processor for number, partition in worker.partitions.items()}
        assert [kept(processor, 10) for processor in held.values()] == [10] * 4
        assert max(kept(processor, 11) for processor in held.values()) == 0
        worker.assigned({2})
        await until(lambda: len(worker.partitions) == 1)
        assert kept(held[2], 40) == 40
        assert kept(held[2], 41) == 0


def kept(processor: Processor, used: int) -> int:
    """How many of so many records, used one after the other, stay decoded: all up to half of the limit."""
    store = processor.store
    assert isinstance(store, MemoryStore)
    for number in range(used):
        store.put(b"%d" % number, Record(None))
    for _ in range(3):
        store.trim(lambda _key, _record: False)
    return sum(1 for _ in store._live)


async def test_many_that_are_not_written_do_not_wait_for_the_time_of_the_next_pass(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("streams.session.MOST_UNWRITTEN", 100)
    monkeypatch.setattr("streams.commit.PASS_SECONDS", 3600.0)
    log = Connection()
    async with at_work(log) as (worker, _):
        all_seen(log)
        await until(lambda: applied(worker) == PEOPLE, 30)

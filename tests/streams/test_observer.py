"""What the worker tells its metrics: parts of a latency, exemplars, overdue timers, failures, take-overs."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest
from fakelog import FakeLog
from prometheus_client import CollectorRegistry
from prometheus_client.openmetrics.exposition import generate_latest
from rig import BASKET, HOUR, Rig
from waiting import turns, until

from state.codec import encode
from state.record import Record
from state.store import MemoryStore
from streams.broker.publish import Out
from streams.commit import Writer
from streams.metrics.metrics import Metrics
from streams.metrics.observer import WorkerObserver
from streams.metrics.watchdog import Watchdog
from streams.recovery import take_over, unpublished
from streams.session import Session

BROKEN = {**BASKET, "journey": "broken", "steps": [{"set": {"vars.half": "entry.value / 0"}}, {"exit": "done"}]}


@pytest.fixture
def metrics() -> Metrics:
    return Metrics(CollectorRegistry())


@pytest.fixture
def value(metrics: Metrics) -> Callable[..., float | None]:
    return lambda name, **labels: metrics.registry.get_sample_value(f"sillage_{name}", labels)


@asynccontextmanager
async def owner(log: FakeLog, rig: Rig, observer: WorkerObserver) -> AsyncIterator[Session]:
    session = Session(log, log.read, lambda name: name, lambda _: None, lambda *_: None, observer, rig.wall)
    found = await take_over(log, log.read, "state", 0, MemoryStore())
    session.add(Writer(rig.partition, found.epoch, found.epoch + 1), unpublished(rig.partition))
    task = asyncio.create_task(session.run())
    try:
        yield session
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def observing(metrics: Metrics, rig: Rig) -> WorkerObserver:
    return WorkerObserver(metrics, Watchdog(60_000, rig.wall.now), rig.wall)


async def test_a_latency_is_the_sum_of_its_parts_and_names_its_trace(
    metrics: Metrics, value: Callable[..., float | None]
) -> None:
    log, rig = FakeLog(), Rig()
    async with owner(log, rig, observing(metrics, rig)) as session:
        rig.put("touchpoints.web", rig.wall.now, "customer.updated", properties={"set": {"email": "ann@x.example"}})
        rig.run()
        await session.flush()
        written, sent = log.gate("state"), log.gate("actions")
        rig.put("touchpoints.web", rig.wall.now, "account.created")
        rig.wall.now += 30
        rig.run()
        session.changed()
        await until(lambda: log.held["state"])
        rig.wall.now += 200
        assert session.oldest_leaving_at is None
        proven_at = rig.wall.now
        written.set()
        await until(lambda: log.held["actions"])
        rig.wall.now += 500
        assert session.oldest_leaving_at == proven_at
        sent.set()
        await until(lambda: value("event_to_action_seconds_sum", journey="welcome", channel="email"))
        await turns()
        assert session.oldest_leaving_at is None
    parts = {part: value("event_to_action_part_seconds_sum", part=part) for part in ("fetch", "proof", "publish")}
    assert parts == {"fetch": 0.03, "proof": 0.2, "publish": 0.5}
    assert value("event_to_action_seconds_sum", journey="welcome", channel="email") == pytest.approx(0.73)
    [action] = map(json.loads, log.values("actions"))
    trace = json.loads(log.values("decisions")[-1])
    exemplar = f'# {{trace_id="{trace["id"]}"}} 0.73'
    assert action["cause"] == trace["id"]
    page = generate_latest(metrics.registry).decode()
    [bucket] = [line for line in page.splitlines() if exemplar in line]
    assert bucket.startswith('sillage_event_to_action_seconds_bucket{channel="email",journey="welcome",le="1.0"}')


def test_a_timer_is_overdue_while_nobody_fires_it() -> None:
    rig = Rig()
    for customer in ("c1", "c2"):
        rig.put("touchpoints.web", rig.wall.now, "basket.updated", customer)
    rig.run()
    assert rig.partition.overdue() == (0, 0)
    rig.wall.now += HOUR + 90_000
    assert rig.partition.overdue() == (2, 90_000)
    rig.run()
    assert rig.partition.overdue() == (0, 0)


def test_an_expression_that_fails_is_counted_by_journey(metrics: Metrics, value: Callable[..., float | None]) -> None:
    rig = Rig(definitions=[BROKEN])
    for customer in ("c1", "c2"):
        rig.put("touchpoints.web", rig.wall.now, "basket.updated", customer, properties={"value": 1})
    rig.run()
    observer = observing(metrics, rig)
    for _ in range(2):
        observer.stepped([rig.partition])
    assert value("errors_total", journey="broken", code="evaluation") == 2


def test_what_is_applied_is_told_with_the_next_step(metrics: Metrics, value: Callable[..., float | None]) -> None:
    rig = Rig()
    observer = observing(metrics, rig)
    observer.applied(100, 0.25)
    observer.applied(20, 0.5)
    assert value("inputs_total") == 0
    for _ in range(2):
        observer.stepped([rig.partition])
    assert (value("inputs_total"), value("applying_seconds_total")) == (120, 0.75)


def test_positions_written_again_are_no_progress(metrics: Metrics) -> None:
    rig = Rig()
    watchdog = Watchdog(60_000, rig.wall.now)
    observer = WorkerObserver(metrics, watchdog, rig.wall)
    watchdog.lagging(1, rig.wall.now)
    for position in (6, 7, 7, 7):
        rig.wall.now += 20_000
        observer.proven(0, {"touchpoints.web/0": position})
    assert watchdog.verdict(rig.wall.now + 19_999) is None
    assert watchdog.verdict(rig.wall.now + 20_000) is not None


async def test_a_take_over_tells_how_much_it_still_has_to_read(
    metrics: Metrics, value: Callable[..., float | None]
) -> None:
    log, rig = FakeLog(), Rig()
    for number in range(30):
        log.land("state", 0, [Out(b"k%d" % number, encode(Record(None), 0))])
    observer = observing(metrics, rig)
    told: list[int] = []

    def left(partition: int, records: int) -> None:
        observer.recovering(partition, records)
        told.append(records)

    await take_over(log, log.read, "state", 0, MemoryStore(), left)
    assert told == sorted(told, reverse=True)
    assert told[-1] == value("recovering_records", partition="0") == 0

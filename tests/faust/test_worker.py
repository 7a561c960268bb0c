"""Workers on a real broker: what one does, what two share, what a zombie must not do."""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from itertools import pairwise
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from kafka.admin import KafkaAdminClient, NewTopic
from prometheus_client import CollectorRegistry
from rig import HOUR, OFFER, T0, catalog
from rig import customers as customers_of
from waiting import until

from engine.event import HOLD_SPACING_MS
from state.store import StoreDamaged
from streams.broker.assigned import AssignedSource, JoinedSource
from streams.broker.fetching import PREFETCH_SECONDS
from streams.broker.publish import KafkaPublisher, Out
from streams.broker.reader import read_all, reading
from streams.broker.topics import migrate, touchpoint_topics
from streams.faust.app import Group
from streams.metrics.metrics import Metrics
from streams.metrics.observer import WorkerObserver
from streams.metrics.watchdog import Watchdog
from streams.process import find_inputs
from streams.processor import deciding
from streams.settings import Settings
from streams.touchpoints.decoder import Record as Row
from streams.touchpoints.decoder import home
from streams.worker import Worker, wall_ms

PARTITIONS = 3


with_each_store = pytest.mark.parametrize("house", ["memory", "rocks"], indirect=True)


@pytest.fixture
def house(settings: Settings, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Migrated topics of three partitions; the first start begins at the beginning."""
    monkeypatch.setattr("streams.stores.BUSY_SECONDS", 1.0)
    told = {
        "channels": "web,email",
        "start": "earliest",
        "clock": "event",
        "store": getattr(request, "param", "memory"),
    }
    found = settings.model_copy(update={"partitions": PARTITIONS, **told})
    migrate(found)
    return found


class Running:
    """A worker at work, with its group."""

    def __init__(self, worker: Worker) -> None:
        self.worker = worker

    def epoch(self, number: int) -> int:
        """The epoch in which the worker owns a partition; -1 while it does not."""
        session = self.worker.session
        return session.writers[number].epoch if session and number in session.writers else -1

    @property
    def idle(self) -> bool:
        partitions = self.worker.partitions.values()
        return self.worker.ready and not any(
            lane.rows or lane.lagging for partition in partitions for lane in partition.lanes.values()
        )

    @property
    def inside(self) -> int:
        """How many enrollments live."""
        stores = [partition.processor.store for partition in self.worker.partitions.values()]
        return sum(len(customer.enrollments) for store in stores for customer in customers_of(store))


@asynccontextmanager
async def running(
    settings: Settings, *, clean: bool = True, definitions: Sequence[Mapping[str, Any]] = ()
) -> AsyncIterator[Running]:
    """A worker with its group until the block ends; with `clean` it drains and leaves, else it just stops dead."""
    inputs = await find_inputs(settings)
    observer = WorkerObserver(Metrics(CollectorRegistry()), Watchdog(60_000, wall_ms()), wall_ms)
    found = catalog(*definitions)
    worker = Worker(settings, inputs, deciding(lambda: found), observer)
    group = Group(settings, "worker", inputs.co_partitioned, worker.offer, worker.assigned, worker.pause)
    beside = AssignedSource(settings.kafka, worker.offer)
    worker.source = JoinedSource(group.source, beside, inputs.beside)
    await beside.start()
    tasks = [asyncio.create_task(work) for work in (worker.run(), group.run(), beside.run())]
    try:
        yield Running(worker)
        if clean:
            await worker.stop()
            await group.commit()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await beside.stop()


@asynccontextmanager
async def publishing(settings: Settings) -> AsyncIterator[KafkaPublisher]:
    publisher = KafkaPublisher(settings.kafka)
    await publisher.start()
    try:
        yield publisher
    finally:
        await publisher.stop()


def touchpoint(customer: str, type_: str, at: int, **properties: object) -> Out:
    event = {"id": f"{customer}-{type_}-{at}", "type": type_, "customer": customer, "occurred_at": at}
    return Out(customer.encode(), json.dumps({**event, "properties": properties}).encode())


def people(count: int) -> list[str]:
    return [f"p{number}" for number in range(count)]


async def publish(
    publisher: KafkaPublisher, settings: Settings, outs: Iterable[tuple[str, Out]], topic: str = "touchpoints.web"
) -> None:
    by_partition: dict[int, list[Out]] = {}
    for customer, out in outs:
        by_partition.setdefault(home(customer, settings.partitions), []).append(out)
    for partition, found in by_partition.items():
        await publisher.append(settings.topic(topic), partition, found)


async def introduce(publisher: KafkaPublisher, settings: Settings, customers: list[str]) -> None:
    await publish(
        publisher,
        settings,
        [(c, touchpoint(c, "customer.updated", T0 - 1, set={"email": f"{c}@x.example"})) for c in customers],
    )


async def actions(settings: Settings) -> list[tuple[str, str]]:
    """Customer and message of every action on the topic, repeated ids dropped."""
    found = {said["id"]: said for said in await read(settings, "actions") if said["kind"] == "send"}
    return sorted((said["customer"], said["message"]) for said in found.values())


async def read(settings: Settings, topic: str) -> list[dict[str, Any]]:
    """All that stands on a topic, decoded."""
    return [
        json.loads(row.value)
        for partition in range(settings.partitions)
        async for rows in read_all(settings.kafka, settings.topic(topic), partition)
        for row in rows
    ]


async def test_events_become_actions_and_positions_are_committed(house: Settings) -> None:
    customers = people(50)
    async with publishing(house) as publisher, running(house) as one:
        await introduce(publisher, house, customers)
        await publish(publisher, house, [(c, touchpoint(c, "account.created", T0)) for c in customers])
        await publish(publisher, house, [(b, touchpoint(a, "page.viewed", T0)) for a, b in pairwise(customers)])
        await until(lambda: _has(house, 50), 20)
        lanes = [lane for partition in one.worker.partitions.values() for lane in partition.lanes.values()]
        await until(lambda: one.idle and any(lane.next for lane in lanes if lane.name == "touchpoints.rekeyed"))
        source: Any = one.worker.source
        for kafka in (source._first.consumer.kafka, source._other._consumer):
            assert kafka._fetcher._prefetch_backoff == PREFETCH_SECONDS
    assert await actions(house) == sorted((c, "hello") for c in customers)
    consumer = AIOKafkaConsumer(bootstrap_servers=house.kafka, group_id=f"{house.prefix}-worker")
    await consumer.start()
    try:
        topics = [house.topic(name) for name in ("touchpoints.web", "touchpoints.rekeyed")]
        ends = await consumer.end_offsets([TopicPartition(topic, n) for topic in topics for n in range(PARTITIONS)])
        assert {spot: await consumer.committed(spot) or 0 for spot in ends} == ends
    finally:
        await consumer.stop()


async def _has(settings: Settings, count: int) -> bool:
    return len(await actions(settings)) >= count


async def test_a_touchpoint_on_another_partition_is_brought_home(house: Settings) -> None:
    async with publishing(house) as publisher, running(house):
        away = (home("p1", PARTITIONS) + 1) % PARTITIONS
        email = touchpoint("p1", "customer.updated", T0 - 1, set={"email": "p1@x.example"})
        await publisher.append(house.topic("touchpoints.web"), away, [email, touchpoint("p1", "account.created", T0)])
        await until(lambda: _has(house, 1), 20)
    assert await actions(house) == [("p1", "hello")]


async def test_topics_with_another_partition_count_are_read_too(house: Settings) -> None:
    admin = KafkaAdminClient(bootstrap_servers=house.kafka)
    admin.create_topics([NewTopic(house.topic("touchpoints.kiosk"), num_partitions=5, replication_factor=1)])
    await until(lambda: house.topic("touchpoints.kiosk") in touchpoint_topics(house))
    customers = people(10)
    async with publishing(house) as publisher, running(house):
        for number, customer in enumerate(customers):
            email = touchpoint(customer, "customer.updated", T0 - 1, set={"email": f"{customer}@x.example"})
            entered = touchpoint(customer, "account.created", T0)
            await publisher.append(house.topic("touchpoints.kiosk"), number % 5, [email, entered])
        await until(lambda: _has(house, 10), 20)
    assert await actions(house) == sorted((c, "hello") for c in customers)


@with_each_store
async def test_a_worker_that_dies_is_followed_by_one_that_loses_and_doubles_nothing(house: Settings) -> None:
    customers = people(40)
    async with publishing(house) as publisher:
        await introduce(publisher, house, customers)
        await publish(publisher, house, [(c, touchpoint(c, "basket.updated", T0)) for c in customers])
        async with running(house, clean=False) as one:
            await until(lambda: one.idle, 20)
            bought = customers[:20]
            await publish(publisher, house, [(c, touchpoint(c, "order.placed", T0 + HOUR // 2)) for c in bought])
        async with running(house) as two:
            await until(lambda: two.idle, 30)
            for partition in range(PARTITIONS):
                tick = json.dumps({"type": "sillage.clock", "properties": {"at": T0 + 2 * HOUR}}).encode()
                await publisher.append(house.topic("ticks"), partition, [Out(None, tick)])
            await until(lambda: _has(house, 20), 20)
            await until(lambda: two.idle)
    assert await actions(house) == sorted((c, "reminder") for c in customers[20:])


async def test_ticks_in_a_row_are_taken_without_waiting_for_a_fetch_each(house: Settings) -> None:
    def applied(one: Running) -> int:
        lanes = [lane for found in one.worker.partitions.values() for lane in found.lanes.values()]
        return sum(lane.next for lane in lanes if lane.name == "ticks")

    async with publishing(house) as publisher, running(house) as one:
        await until(lambda: one.worker.ready, 30)
        for number in range(100):
            tick = json.dumps({"type": "sillage.clock", "properties": {"at": T0 + number * 1000}}).encode()
            for partition in range(PARTITIONS):
                await publisher.append(house.topic("ticks"), partition, [Out(None, tick)])
        await until(lambda: applied(one) == 100 * PARTITIONS, 15)


@with_each_store
async def test_two_workers_share_the_partitions_and_a_rebalance_loses_nothing(house: Settings) -> None:
    customers = people(60)
    async with AsyncExitStack() as stack:
        publisher = await stack.enter_async_context(publishing(house))
        one = await stack.enter_async_context(running(house))
        await introduce(publisher, house, customers)
        await publish(publisher, house, [(c, touchpoint(c, "account.created", T0)) for c in customers[:20]])
        await until(lambda: one.worker.ready, 20)
        two = await stack.enter_async_context(running(house))
        await publish(publisher, house, [(c, touchpoint(c, "account.created", T0)) for c in customers[20:40]])
        await until(lambda: bool(two.worker.partitions) and two.worker.ready and one.worker.ready, 30)
        await publish(publisher, house, [(c, touchpoint(c, "account.created", T0)) for c in customers[40:]])
        await until(lambda: _has(house, 60), 30)
        shares = [set(one.worker.partitions), set(two.worker.partitions)]
    assert shares[0].isdisjoint(shares[1])
    assert shares[0] | shares[1] == set(range(PARTITIONS))
    assert Counter(await actions(house)) == Counter((c, "hello") for c in customers)


@with_each_store
async def test_a_zombie_is_fenced_and_its_actions_leave_once(house: Settings) -> None:
    """One that never heard that another took over decides on; nothing of that leaves, and then it begins anew."""
    customers = people(30)
    async with AsyncExitStack() as stack:
        publisher = await stack.enter_async_context(publishing(house))
        one = await stack.enter_async_context(running(house))
        await introduce(publisher, house, customers)
        await publish(publisher, house, [(c, touchpoint(c, "account.created", T0)) for c in customers[:10]])
        await until(lambda: _has(house, 10), 20)
        epochs = {number: one.epoch(number) for number in one.worker.partitions}
        async with unasked(house) as two:
            await until(lambda: two.idle, 20)
        await publish(publisher, house, [(c, touchpoint(c, "account.created", T0)) for c in customers[10:]])
        await until(lambda: _has(house, 30), 30)
        assert all(one.epoch(number) > epoch for number, epoch in epochs.items())
    assert Counter(await actions(house)) == Counter((c, "hello") for c in customers)


async def test_a_partition_whose_changelog_is_still_read_holds_up_no_other(
    house: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    let_go = asyncio.Event()
    read = reading(house.kafka)

    async def held(topic: str, partition: int, start: int, end: int) -> AsyncIterator[Sequence[Row]]:
        if partition == 0:
            await let_go.wait()
        async for rows in read(topic, partition, start, end):
            yield rows

    monkeypatch.setattr("streams.worker.reading", lambda _address: held)
    customers = people(30)
    away = [c for c in customers if home(c, PARTITIONS) != 0]
    async with publishing(house) as publisher, running(house) as one:
        await introduce(publisher, house, customers)
        await publish(publisher, house, [(c, touchpoint(c, "account.created", T0)) for c in customers])
        await until(lambda: _has(house, len(away)), 20)
        assert await actions(house) == sorted((c, "hello") for c in away)
        assert set(one.worker.partitions) == {1, 2}
        let_go.set()
        await until(lambda: _has(house, len(customers)), 20)


@pytest.mark.parametrize("house", ["rocks"], indirect=True)
async def test_damaged_files_end_the_session_and_the_partition_is_read_anew(
    house: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    customers = people(20)
    async with publishing(house) as publisher, running(house) as one:
        await introduce(publisher, house, customers)
        await until(lambda: one.idle and 0 in one.worker.partitions, 20)
        damaged, before = one.worker.partitions[0].processor.store, one.epoch(0)
        monkeypatch.setattr(damaged, "get", _damaged)
        await publish(publisher, house, [(c, touchpoint(c, "account.created", T0)) for c in customers])
        await until(lambda: _has(house, len(customers)), 30)
        assert one.epoch(0) > before
    assert Counter(await actions(house)) == Counter((c, "hello") for c in customers)


def _damaged(key: bytes) -> None:
    raise StoreDamaged("store: damaged by the test")


@asynccontextmanager
async def unasked(settings: Settings) -> AsyncIterator[Running]:
    """A worker that takes every partition without asking the group."""
    inputs = await find_inputs(settings)
    metrics = Metrics(CollectorRegistry())
    observer = WorkerObserver(metrics, Watchdog(60_000, wall_ms()), wall_ms)
    found = catalog()
    worker = Worker(settings, inputs, deciding(lambda: found), observer)
    source = AssignedSource(settings.kafka, worker.offer)
    worker.source = source
    await source.start()
    worker.assigned(range(PARTITIONS))
    tasks = [asyncio.create_task(work) for work in (worker.run(), source.run())]
    try:
        yield Running(worker)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await source.stop()


MINUTE = 60_000


async def fill_an_hour(house: Settings, customers: list[str], now: int) -> None:
    """Topics with the senders' timestamps: an hour ago all left baskets; a third ordered at once, a third just now."""
    admin = KafkaAdminClient(bootstrap_servers=house.kafka)
    config = {"message.timestamp.type": "CreateTime"}
    names = [house.topic("touchpoints.web"), house.topic("touchpoints.store")]
    admin.create_topics([NewTopic(name, PARTITIONS, 1, topic_configs=config) for name in names])
    admin.close()
    consent = {"topic": "offers", "channel": "email", "given": True}
    hour, baskets, orders = now - HOUR, [], []
    for number, customer in enumerate(customers):
        told = [
            touchpoint(customer, "customer.updated", hour, set={"email": f"{customer}@x.example"}),
            touchpoint(customer, "consent.changed", hour, **consent),
            touchpoint(customer, "basket.updated", hour),
        ]
        baskets += [(hour, customer, out) for out in told]
        if number % 3:
            ordered_at = now - (50 if number % 3 == 1 else 1) * MINUTE
            orders.append((ordered_at, customer, touchpoint(customer, "order.placed", ordered_at)))
    async with AIOKafkaProducer(bootstrap_servers=house.kafka) as producer:
        for name, outs in zip(names, (baskets, sorted(orders)), strict=True):
            for at, customer, out in outs:
                spot = home(customer, PARTITIONS)
                await producer.send_and_wait(name, out.value, out.key, partition=spot, timestamp_ms=at)


async def test_after_an_hour_away_only_those_who_did_not_order_are_reminded_and_paced(settings: Settings) -> None:
    """The wait of 20 minutes was over long before the last orders of the backlog, which lie on another topic."""
    update = {"partitions": PARTITIONS, "channels": "email", "start": "earliest"}
    house, customers, now = settings.model_copy(update=update), people(30), wall_ms()
    await fill_an_hour(house, customers, now)
    migrate(house)
    reminder = {**OFFER, "steps": [{"wait": "20m"}, {"send": "offer"}]}
    async with running(house, definitions=[reminder]) as one:
        await until(lambda: _has(house, 10), 30)
        await until(lambda: one.idle and not one.inside, 30)
    assert await actions(house) == sorted((c, "offer") for c in customers[::3])
    traces = await read(house, "decisions")
    held = {trace["customer"] for trace in traces for line in trace["lines"] if line["what"] == "held"}
    assert held == {c for number, c in enumerate(customers) if number % 3 != 1}
    for partition in range(PARTITIONS):
        mine = [said for said in await read(house, "actions") if home(said["customer"], PARTITIONS) == partition]
        instants = sorted(said["decided_at"] for said in mine)
        assert all(at > now for at in instants)
        assert all(later - at >= HOLD_SPACING_MS for at, later in pairwise(instants))

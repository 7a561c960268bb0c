"""The worker: takes over the partitions it is given, applies their inputs, and begins a new session when one ends."""

import asyncio
import logging
import time
from collections.abc import Callable, Iterable, Sequence

from aiokafka.errors import KafkaError

from state.store import LIVE_RECORDS, PartitionStore, StoreDamaged
from streams.alone import alone, first_of
from streams.broker.publish import Connection, KafkaPublisher, PublishError
from streams.broker.reader import Read, reading
from streams.broker.source import Source, Spot
from streams.commit import Writer
from streams.fanout.fanouts import Plan
from streams.inputs import Inputs
from streams.lane import Lane
from streams.metrics.observer import WorkerObserver
from streams.observing.faults import said
from streams.observing.traces import Traces
from streams.partition import UNPLANNED, Partition
from streams.processor import Decide, GiveBack, Processor
from streams.pump import Pump
from streams.recovery import Recovered, restore_timers, starts, take_over, unpublished
from streams.session import Session
from streams.settings import Settings
from streams.stores import stores
from streams.touchpoints.decoder import Decoder, Record

log = logging.getLogger("sillage.worker")

FLUSH_SECONDS = 5.0
FENCED_SECONDS = 1.0
"""How long a partition rests after another owner's marker, before it is taken over again."""
FAILED_SESSIONS = 10
"""Sessions that end without having proven anything, one after the other, after which the worker ends."""


class WorkerEnded(Exception):
    """The worker cannot go on; the message is the reason for its log and its exit."""


def wall_ms() -> int:
    """The wall clock, ms since the epoch."""
    return time.time_ns() // 1_000_000


class Worker:
    """Owner of the partitions that `assigned` names, fed by a Source through `offer`.

    `connect` makes the connection of each session and `read` reads the changelog, by default of the broker that the
    settings name; `wall` gives the wall clock in ms, `plan` the catalog, `give_back` hears what budgets get back.
    """

    def __init__(
        self,
        settings: Settings,
        inputs: Inputs,
        decide: Decide,
        observer: WorkerObserver,
        *,
        connect: Callable[[], Connection] | None = None,
        read: Read | None = None,
        wall: Callable[[], int] = wall_ms,
        traces: Traces | None = None,
        plan: Plan = lambda: UNPLANNED,
        give_back: GiveBack = lambda _drawn: None,
    ) -> None:
        self.partitions: dict[int, Partition] = {}
        self.source: Source | None = None
        self._settings = settings
        self._inputs = inputs
        self._connect = connect or self._connection
        self._read = read or reading(settings.brokers)
        self._wall = wall
        self._stores = stores(settings, inputs.topic_ids)
        self._decide = decide
        self._traces = traces
        self._plan, self._give_back = plan, give_back
        self._observer = observer
        self._given: set[int] = set()
        self._member = False
        self.session: Session | None = None
        self._publisher: Connection | None = None
        self._taking: dict[int, asyncio.Task[None]] = {}
        self._changed = asyncio.Event()
        self._pump = Pump(self.partitions, observer, lambda: self.source)
        self._proofs = 0
        self._began = False

    @property
    def ready(self) -> bool:
        """Whether the group has given partitions, or none, and each is taken over."""
        taken = set(self.partitions) == self._given
        return self._member and self.session is not None and taken and not self._pump.paused

    def assigned(self, numbers: Iterable[int]) -> None:
        """The group gives these partitions, and no others. Those kept go on in their epoch."""
        self._given = set(numbers)
        self._member = True
        self._pump.paused = False
        self._observer.rebalanced()
        self._changed.set()
        self._pump.wake.set()

    async def pause(self) -> None:
        """A rebalance begins: nothing more is applied, and what was is written, within a few seconds."""
        self._pump.paused = True
        if self.session is not None:
            try:
                async with asyncio.timeout(FLUSH_SECONDS):
                    await self.session.flush()
            except (TimeoutError, PublishError, KafkaError, OSError) as fault:
                log.warning("not everything could be written in %s s (%r); it is done again", FLUSH_SECONDS, fault)

    def offer(self, topic: str, partition: int, rows: Sequence[Record]) -> None:
        """Rows of one spot, in order; dropped where the spot is not open."""
        owner = self.partitions.get(partition % self._settings.partitions)
        if owner is None:
            return
        owner.offer(topic, partition, rows)
        lane = owner.lanes[topic, partition]
        if lane.full and not lane.held and self.source is not None:
            lane.held = True
            self.source.hold((topic, partition))
        self._pump.wake.set()

    async def run(self) -> None:
        """Works until cancelled. Raises WorkerEnded, RecoveryError."""
        failures, said = 0, ""
        while True:
            proofs = self._proofs
            reason = await self._one_session()
            # A broker that cannot be reached is waited for, however long it takes.
            failures = failures + self._began if proofs == self._proofs else 0
            if failures >= FAILED_SESSIONS:
                raise WorkerEnded(f"{failures} sessions ended without a durable write, the last by: {reason}")
            if reason != said:
                said = reason
                log.warning("the session ended (%s); all partitions are taken over again", reason)
            await asyncio.sleep(min(5.0, 0.1 * 2**failures) if self._began else 1.0)

    async def stop(self) -> None:
        """Writes what was applied, within a few seconds, and takes no more."""
        self._given = set()
        await self.pause()

    async def _one_session(self) -> str:
        """Runs one producer session to its end, and gives the reason where a new one may follow."""
        publisher = self._connect()
        self._began = False
        try:
            await publisher.start()
            self._began = True
            self._publisher = publisher
            await alone(self._work(publisher))
        except _PASSING as fault:
            return str(said(fault))
        except ExceptionGroup as group:
            first = first_of(group)
            if isinstance(first, _PASSING):
                return str(said(first))
            raise first from None
        finally:
            self._publisher = None
            await self._forget()
            await publisher.stop()
        return "its work ended"

    def _connection(self) -> Connection:
        return KafkaPublisher(self._settings.brokers, client_id=f"{self._settings.prefix}-worker")

    async def broker_answers(self) -> bool:
        """Whether the broker answers the session under way."""
        return self._publisher is not None and await self._publisher.broker_answers()

    async def _work(self, publisher: Connection) -> None:
        session = self.session = Session(
            publisher, self._read, self._settings.topic, self._durable, self._fenced, self._observer, self._wall
        )
        self._changed.set()
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(session.run())
            tasks.create_task(self._pump.run(session))
            tasks.create_task(self._takeovers(session, publisher, tasks))

    async def _forget(self) -> None:
        self.session = None
        for number in list(self.partitions):
            self._leave(number)
        self._taking.clear()

    def _leave(self, number: int) -> None:
        if self.session is not None:
            self.session.drop(number)
        partition = self.partitions.pop(number, None)
        if partition is not None:
            self._observer.left(number)
            self._share_live()
            _close(partition.processor.store)
        if self.source is not None:
            self.source.close(self._inputs.spots(number))

    def _share_live(self) -> None:
        """What is kept decoded is bounded for the process, however many partitions it has."""
        for partition in self.partitions.values():
            partition.processor.store.keep(LIVE_RECORDS // len(self.partitions))

    def _durable(self, writer: Writer) -> None:
        """Positions were proven: they may be committed to the group."""
        self._proofs += 1
        positions = writer.durable
        if positions is None or self.source is None:
            return
        for drawn in writer.partition.processor.given_back(positions.offsets):
            self._give_back(drawn)
        lanes = writer.partition.lanes.values()
        self.source.commit(
            {(lane.topic, lane.partition): positions.offsets[f"{lane.name}/{lane.partition}"] for lane in lanes}
        )
        self._observer.proven(writer.partition.number, positions.offsets)

    def _fenced(self, writer: Writer, reason: str) -> None:
        log.warning("%s; it is taken over again if it is still ours", reason)
        self._observer.fenced()
        self._leave(writer.partition.number)
        # A rebalance that takes the partition away is likely under way; two that both stay would fence each other.
        asyncio.get_running_loop().call_later(FENCED_SECONDS, self._changed.set)

    async def _takeovers(self, session: Session, publisher: Connection, tasks: asyncio.TaskGroup) -> None:
        while True:
            await self._changed.wait()
            self._changed.clear()
            for number in set(self.partitions) - self._given:
                self._leave(number)
            for number in sorted(self._given - set(self.partitions) - set(self._taking)):
                task = tasks.create_task(self._take(session, publisher, number))
                self._taking[number] = task

    async def _take(self, session: Session, publisher: Connection, number: int) -> None:
        seconds = asyncio.get_running_loop().time
        began = seconds()
        store: PartitionStore | None = None
        try:
            store = await self._stores(number)
            topic = self._settings.topic("state")
            recovered = await take_over(publisher, self._read, topic, number, store, self._observer.recovering)
            partition, begin = await self._recover(number, recovered)
            if number not in self._given:
                return
            writer = Writer(partition, recovered.epoch, recovered.epoch + 1, seconds=seconds)
            writer.heal(recovered.to_heal)
            leaving = unpublished(partition)
            partition.processor.unpublished = len(leaving)
            partition.processor.unpublished_bytes = sum(len(one.entry.value) for one in leaving)
            session.add(writer, leaving)
            await session.settle(writer)
            if number not in self._given or session.writers.get(number) is not writer:
                session.drop(number)
                self._changed.set()
                return
            self.partitions[number] = partition
            self._share_live()
            if self.source is not None:
                self.source.open(begin)
            self._observer.taken(number, seconds() - began, recovered.records, writer.heals)
            self._pump.wake.set()
        finally:
            self._taking.pop(number, None)
            if store is not None and number not in self.partitions:
                _close(store)

    async def _recover(self, number: int, recovered: Recovered) -> tuple[Partition, dict[Spot, int]]:
        """The partition as the changelog left it, and where its inputs go on."""
        if self.source is None:
            raise WorkerEnded("the worker was given partitions before its source; attach the source first")
        spots = self._inputs.spots(number)
        bounds, committed = await self.source.bounds(spots), await self.source.committed(spots)
        begin = starts(recovered.mark, spots, self._inputs.topic_ids, bounds, committed, self._settings.start)
        processor = Processor(
            number, self._settings.partitions, recovered.store, self._decide, self._wall, self._traces
        )
        await restore_timers(processor)
        clock = recovered.mark.positions.clock if recovered.mark.positions else 0
        event_clock = self._settings.clock == "event"
        lanes = [self._lane(spot, start, bounds[spot][1]) for spot, start in begin.items()]
        return Partition(
            number, processor, lanes, self._decoder, self._wall, event_clock=event_clock, clock=clock, plan=self._plan
        ), begin

    def _lane(self, spot: Spot, start: int, end: int) -> Lane:
        topic, partition = spot
        source = self.source

        def unread(upto: int) -> bool:
            return source is not None and source.unread(spot, upto)

        topic_id = self._inputs.topic_ids.get(topic, "")
        return Lane(topic, self._inputs.name(topic), partition, topic_id, start, unread, end)

    def _decoder(self, topic: str) -> Decoder:
        return Decoder(topic, self._inputs.channel(topic), self._wall)


_PASSING = (PublishError, KafkaError, OSError, StoreDamaged)
"""Faults that end a session and not the worker."""


def _close(store: PartitionStore) -> None:
    """Closes it in a thread, since a store on disk writes what it still holds."""
    asyncio.get_running_loop().run_in_executor(None, store.close)

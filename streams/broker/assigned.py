"""The Source of a consumer outside any group, of exactly the spots that were opened; and two sources as one."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence

from aiokafka import AIOKafkaConsumer, TopicPartition

from streams.broker.ending import stopped
from streams.broker.fetching import keep_fetching, state_of, unread
from streams.broker.publish import METADATA_MAX_AGE_MS
from streams.broker.rows import give_rows
from streams.broker.salvage import Salvage
from streams.broker.security import Brokers, client_options
from streams.broker.source import Offer, Source, Spot
from streams.broker.watch import Watch
from streams.touchpoints.record import Record

POLL_MS = 100


class AssignedSource:
    """A Source outside any group. Run `run` beside the worker."""

    def __init__(self, brokers: Brokers, offer: Offer) -> None:
        give_rows()
        self._consumer = AIOKafkaConsumer(
            **client_options(brokers),
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            fetch_max_wait_ms=250,
            max_poll_records=5000,
            metadata_max_age_ms=METADATA_MAX_AGE_MS,
        )
        self._watch = Watch(self._consumer)
        self._salvage = Salvage(self._watch)
        self._offer = offer
        self._next: dict[TopicPartition, int] = {}
        self._ends: dict[TopicPartition, int] = {}
        self._held: set[TopicPartition] = set()
        self._opened = asyncio.Event()

    async def start(self) -> None:
        """Connects."""
        await self._consumer.start()
        keep_fetching(self._consumer)

    async def stop(self) -> None:
        """Gives the connections back."""
        await stopped(self._consumer)

    async def run(self) -> None:
        """Brings rows until cancelled."""
        while True:
            if not self._next:
                self._opened.clear()
                await self._opened.wait()
            fetched = await self._fetched()
            for tp, rows in fetched.items():
                if tp in self._next and rows and rows[0].offset >= self._next[tp]:
                    self._next[tp] = rows[-1].offset + 1
                    self._offer(tp.topic, tp.partition, rows)

    async def bounds(self, spots: Iterable[Spot]) -> dict[Spot, tuple[int, int]]:
        tps = [TopicPartition(*spot) for spot in spots]
        first, end = await asyncio.gather(self._consumer.beginning_offsets(tps), self._consumer.end_offsets(tps))
        return {(tp.topic, tp.partition): (first[tp], end[tp]) for tp in tps}

    async def committed(self, spots: Iterable[Spot]) -> dict[Spot, int]:
        """None has any: there is no group."""
        return {}

    def open(self, starts: Mapping[Spot, int]) -> None:
        for spot, offset in starts.items():
            self._forget(TopicPartition(*spot))
            self._next[TopicPartition(*spot)] = offset
        self._assign()
        self._opened.set()

    def close(self, spots: Iterable[Spot]) -> None:
        for spot in spots:
            self._forget(TopicPartition(*spot))
        self._assign()

    def hold(self, spot: Spot) -> None:
        self._held.add(TopicPartition(*spot))
        self._consumer.pause(TopicPartition(*spot))

    def release(self, spot: Spot) -> None:
        self._held.discard(TopicPartition(*spot))
        self._consumer.resume(TopicPartition(*spot))

    def unread(self, spot: Spot, upto: int) -> bool:
        tp = TopicPartition(*spot)
        return unread(self._consumer, tp, upto, seen=self._ends.get(tp, 0))

    def commit(self, offsets: Mapping[Spot, int]) -> None:
        """Nothing to commit to."""

    async def _fetched(self) -> Mapping[TopicPartition, Sequence[Record]]:
        """What one fetch brings; where a damaged batch lies in the way, what lies around it and that, of its spot."""
        if self._watch.suspects:
            return await self._salvaged(self._watch.suspects.popitem()[0])
        try:
            return await self._consumer.getmany(timeout_ms=POLL_MS)  # type: ignore[no-any-return]
        except Exception:
            if not self._watch.broke():
                raise
            for tp, offset in self._next.items():
                self._consumer.seek(tp, offset)
            return {}

    async def _salvaged(self, tp: TopicPartition) -> Mapping[TopicPartition, Sequence[Record]]:
        start = self._next.get(tp)
        if start is None:
            return {}
        rows = await self._salvage.rows(tp, start)
        if not rows or self._next.get(tp) != start:
            return {}
        self._consumer.seek(tp, rows[-1].offset + 1)
        return {tp: rows}

    def _forget(self, tp: TopicPartition) -> None:
        self._next.pop(tp, None)
        self._held.discard(tp)

    def _assign(self) -> None:
        """Assigns what is open, each spot from where it goes on: the consumer knows nothing of one assigned before."""
        if not self._next:
            return
        for tp in self._next:
            state = state_of(self._consumer, tp)
            if state is not None and state.highwater is not None:
                self._ends[tp] = state.highwater
        self._consumer.assign(list(self._next))
        for tp, offset in self._next.items():
            self._consumer.seek(tp, offset)
        self._consumer.pause(*self._held)


class JoinedSource:
    """Two sources as one: `other` fetches the topics named, `first` all others, and what is asked of a group or of logs
    is asked of `first`.
    """

    def __init__(self, first: Source, other: Source, topics: Iterable[str]) -> None:
        self._first = first
        self._other = other
        self._topics = frozenset(topics)

    async def bounds(self, spots: Iterable[Spot]) -> dict[Spot, tuple[int, int]]:
        return await self._first.bounds(spots)

    async def committed(self, spots: Iterable[Spot]) -> dict[Spot, int]:
        return await self._first.committed(spots)

    def open(self, starts: Mapping[Spot, int]) -> None:
        mine, others = self._split(starts)
        self._first.open({spot: starts[spot] for spot in mine})
        if others:
            self._other.open({spot: starts[spot] for spot in others})

    def close(self, spots: Iterable[Spot]) -> None:
        mine, others = self._split(spots)
        self._first.close(mine)
        if others:
            self._other.close(others)

    def hold(self, spot: Spot) -> None:
        self._of(spot).hold(spot)

    def release(self, spot: Spot) -> None:
        self._of(spot).release(spot)

    def unread(self, spot: Spot, upto: int) -> bool:
        return self._of(spot).unread(spot, upto)

    def commit(self, offsets: Mapping[Spot, int]) -> None:
        self._first.commit(offsets)

    def _of(self, spot: Spot) -> Source:
        return self._other if spot[0] in self._topics else self._first

    def _split(self, spots: Iterable[Spot]) -> tuple[list[Spot], list[Spot]]:
        mine: list[Spot] = []
        others: list[Spot] = []
        for spot in spots:
            (others if spot[0] in self._topics else mine).append(spot)
        return mine, others

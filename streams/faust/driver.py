"""Faust's transport driver of ours: what an agent gets are the lists of records that one fetch brought."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any, NamedTuple

from aiokafka import TopicPartition
from aiokafka.errors import KafkaError
from faust.transport.drivers import aiokafka as stock
from faust.types import TP, ConsumerMessage

from streams.broker.fetching import state_of, unread
from streams.broker.source import Spot
from streams.faust.loop import LoopConsumer
from streams.touchpoints.record import Record

POLL_SECONDS = 0.1


class Fetched(NamedTuple):
    """The records of one fetch and partition, with the count of openings of that spot when they were fetched."""

    tp: TP
    opening: int
    rows: Sequence[Record]


class Consumer(stock.Consumer):
    """Fetches only what was opened, from where it was opened; commits only what it is told is durable.

    A spot's opening is counted up by every seek and close, so that records fetched before are known and dropped.
    After a
    rebalance, spots that stay open go on after the last records that were taken.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._openings: Counter[TP] = Counter()
        self._next: dict[TP, int] = {}
        self._held: set[TP] = set()
        self._in_transit: Counter[TP] = Counter()
        self._durable: dict[TP, int] = {}
        self._room = asyncio.Event()
        super().__init__(*args, **kwargs)

    def _new_consumer_thread(self) -> LoopConsumer:
        return LoopConsumer(self, loop=self.loop, beacon=self.beacon)

    @property
    def kafka(self) -> Any:
        """The aiokafka consumer beneath."""
        return self._thread._ensure_consumer()

    def group_fault(self) -> KafkaError | None:
        """What keeps this member out of its group, told once each time; None while nothing does."""
        kafka = self._thread._consumer
        try:
            if kafka is not None and kafka._coordinator is not None:
                kafka._coordinator.check_errors()
        except KafkaError as fault:
            return fault
        return None

    def open(self, starts: Mapping[Spot, int]) -> None:
        """Brings these spots from these offsets on, as soon as they are assigned."""
        for spot, offset in starts.items():
            tp = TP(*spot)
            self._next[tp] = offset
            self._held.discard(tp)
            self._seek_open(tp)
        self._room.set()

    def close_spots(self, spots: Iterable[Spot]) -> None:
        """Brings nothing of these spots any more, also not what was fetched already."""
        for spot in spots:
            tp = TP(*spot)
            if self._next.pop(tp, None) is not None:
                self._forget(tp)

    def hold(self, spot: Spot) -> None:
        """Fetches no more of this spot for now."""
        self._held.add(TP(*spot))

    def release(self, spot: Spot) -> None:
        """Fetches it again."""
        self._held.discard(TP(*spot))
        self._room.set()

    def unread(self, spot: Spot, upto: int) -> bool:
        """Whether the log holds records that were not taken yet, as far as known and at least before `upto`."""
        # A named tuple is found under the plain one; this is asked for every lane at every step.
        if spot not in self._next:
            return False
        return self._in_transit.get(spot, 0) > 0 or unread(self.kafka, spot, upto)

    def taken(self, fetched: Fetched) -> bool:
        """An agent has these records in hand; gives whether they are still wanted."""
        tp = fetched.tp
        if fetched.opening != self._openings[tp] or tp not in self._next:
            return False
        self._in_transit[tp] -= 1
        self._next[tp] = fetched.rows[-1].offset + 1
        return True

    def durable(self, offsets: Mapping[Spot, int]) -> None:
        """These positions may be committed."""
        self._durable.update({TP(*spot): offset for spot, offset in offsets.items()})

    def hush(self, assigned: Iterable[TP]) -> None:
        """A rebalance ended: what is assigned stays silent until it is opened, or the flow resumes where it is open.

        Positions of before were committed when it began, or are another owner's matter now.
        """
        self._durable.clear()
        for tp in assigned:
            self.kafka.pause(TopicPartition(*tp))

    def resume_flow(self) -> None:
        """Goes on after the last records that were taken: what a stopped flow had in its pipes is lost to it."""
        super().resume_flow()
        for tp in self._next:
            self._seek_open(tp)
        self._room.set()

    async def getmany(self, timeout: float) -> AsyncIterator[tuple[TP, ConsumerMessage]]:
        if not self.flow_active:
            await self.wait(self.can_resume_flow)
        readable = {tp for tp in self._next if tp not in self._held and self._assigned(tp)}
        if not readable:
            await self._wait_for_room(timeout)
            return
        records = await self._fetched(readable)
        # Nothing ran between the fetch and here, so what was fetched belongs to the openings of now.
        fetched = [Fetched(TP(*tp), self._openings[TP(*tp)], rows) for tp, rows in records.items() if rows]
        if fetched and self.flow_active and not self.should_stop:
            # All are on their way from now on: a spot must not seem read to its end until then.
            self._in_transit.update(batch.tp for batch in fetched)
            yield fetched[0].tp, self._message(fetched)

    async def _fetched(self, readable: set[TP]) -> Mapping[Any, Sequence[Record]]:
        """What one fetch brings; where a damaged batch lies in the way, what lies around it and that, of its spot."""
        watch = self._thread.watch
        if watch.suspects:
            return await self._salvaged(watch.suspects.popitem()[0])
        try:
            return await self._thread.getmany(readable, POLL_SECONDS)  # type: ignore[no-any-return]
        except Exception:
            if not watch.broke():
                raise
            for tp in self._next:
                self._seek_open(tp)
            return {}

    async def _salvaged(self, spot: TopicPartition) -> Mapping[Any, Sequence[Record]]:
        tp, state = TP(*spot), state_of(self.kafka, spot)
        if tp not in self._next or tp in self._held or state is None or not state.has_valid_position:
            return {}
        opening = self._openings[tp]
        rows = await self._thread.salvage.rows(spot, state.position)
        if not rows or opening != self._openings[tp] or not self._assigned(tp):
            return {}
        self.kafka.seek(spot, rows[-1].offset + 1)
        return {spot: rows}

    def _message(self, fetched: list[Fetched]) -> ConsumerMessage:
        """All of a fetch as one message, for each that Faust hands on takes it several turns of the loop.

        It goes by the name of the first spot, whose offsets say nothing to Faust.
        """
        tp, last = fetched[0].tp, fetched[0].rows[-1]
        self._read_offset.pop(tp, None)
        return ConsumerMessage(
            tp.topic, tp.partition, last.offset, last.timestamp / 1000, last.timestamp_type, (), None,
            fetched, None, 0, len(fetched), tp, generation_id=self.app.consumer_generation_id,
        )  # fmt: skip

    async def _wait_for_room(self, timeout: float) -> None:
        self._room.clear()
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout):
                await self._room.wait()

    def _assigned(self, tp: TP) -> bool:
        return state_of(self.kafka, TopicPartition(*tp)) is not None

    def _seek_open(self, tp: TP) -> None:
        self._forget(tp)
        if self._assigned(tp):
            self.kafka.seek(TopicPartition(*tp), self._next[tp])
            self.kafka.resume(TopicPartition(*tp))

    def _forget(self, tp: TP) -> None:
        self._openings[tp] += 1
        self._in_transit[tp] = 0
        self._read_offset.pop(tp, None)
        if self._assigned(tp):
            self.kafka.pause(TopicPartition(*tp))

    async def perform_seek(self) -> None:
        """Positions are decided by `open`, never by the group's offsets."""

    def on_buffer_full(self, tp: TP) -> None:
        """Back-pressure is `hold`, decided by who takes the records."""

    def on_buffer_drop(self, tp: TP) -> None:
        """See on_buffer_full."""

    def track_message(self, message: Any) -> None:
        """Nothing is acknowledged message by message."""

    def _filter_tps_with_pending_acks(self, topics: Any = None) -> Iterator[TP]:
        return iter([tp for tp in self._durable if topics is None or tp in topics or tp.topic in topics])

    def _new_offset(self, tp: TP) -> int | None:
        return self._durable.pop(tp, None)

    async def _add_gap(self, tp: TP, offset_from: int, offset_to: int) -> None:
        """A gap in the offsets needs no book-keeping here."""

    def verify_event_path(self, now: float, tp: TP) -> None:
        """The watchdog of ours looks at progress."""


class Transport(stock.Transport):
    """The transport that `sillage://` names in a Faust app's broker URL."""

    Consumer = Consumer

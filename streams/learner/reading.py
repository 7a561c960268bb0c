"""What the learner reads: `decisions` and all touchpoints, from an append time on, and how far it is."""

from collections.abc import Callable, Mapping, Sequence

from aiokafka import AIOKafkaConsumer, TopicPartition

from streams.broker.assigned import AssignedSource
from streams.broker.ending import stopped
from streams.broker.security import Brokers, client_options
from streams.broker.source import Spot
from streams.touchpoints.record import Record

MARGIN_MS = 5 * 60_000
"""How much earlier than needed is read: a receipt may be appended before the decision that it is an answer to."""


class Reading:
    """Rows of some spots, each given to `take` as it comes. Run `run`; `read_to` tells how far all are."""

    def __init__(self, brokers: Brokers, take: Callable[[Record], None]) -> None:
        self._brokers = brokers
        self._take = take
        self._source = AssignedSource(brokers, self._offer)
        self._next: dict[Spot, int] = {}
        self._stamps: dict[Spot, int] = {}

    async def start(self, horizons: Mapping[Spot, int]) -> None:
        """Begins each spot at an append time (ms), or at the start of its log where that is 0. Raises KafkaError."""
        await self._source.start()
        starts = await self._starts(horizons)
        self._next = dict(starts)
        self._stamps = dict.fromkeys(starts, 0)
        self._source.open(starts)

    async def run(self) -> None:
        """Brings rows until cancelled."""
        await self._source.run()

    async def stop(self) -> None:
        """Gives the connections back."""
        await self._source.stop()

    async def read_to(self, now: int) -> tuple[int, bool]:
        """The append time (ms) up to which all spots are read, and whether that is all there is; `now` where it is."""
        ends = await self._source.bounds(self._next)
        behind = [self._stamps[spot] for spot, upto in self._next.items() if upto < ends[spot][1]]
        return (min(behind), False) if behind else (now, True)

    async def _starts(self, horizons: Mapping[Spot, int]) -> dict[Spot, int]:
        bounds = await self._source.bounds(horizons)
        starts = {spot: first for spot, (first, _) in bounds.items()}
        asked = {TopicPartition(*spot): horizon - MARGIN_MS for spot, horizon in horizons.items() if horizon}
        if not asked:
            return starts
        consumer = AIOKafkaConsumer(**client_options(self._brokers), enable_auto_commit=False)
        await consumer.start()
        try:
            found = await consumer.offsets_for_times(asked)
        finally:
            await stopped(consumer)
        for tp, told in found.items():
            spot = tp.topic, tp.partition
            starts[spot] = bounds[spot][1] if told is None else told.offset
        return starts

    def _offer(self, topic: str, partition: int, rows: Sequence[Record]) -> None:
        spot = topic, partition
        for row in rows:
            self._take(row)
        self._next[spot] = rows[-1].offset + 1
        self._stamps[spot] = rows[-1].timestamp

"""Watches the real topics from outside: what was decided, what left, what is durable, and whether all is done."""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence

import msgspec
from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition

from engine.decision import Action, Output, Void
from local.demo.progress import Progress
from state.changelog import Fold
from state.codec import speaks
from state.ledger import SETTLED, Entry, Status
from streams.broker.ending import stopped
from streams.broker.security import client_options
from streams.settings import Settings

_output = msgspec.json.Decoder(Output).decode
_entry = msgspec.json.Decoder(Entry).decode
FETCH_BYTES = 4 << 20
LEAST_BYTES = 256 << 10
LATE_MS = 200
WATCHED = ("actions", "dispatches", "state")


class Watch:
    """Reads `actions`, `dispatches` and `state` of `settings` from their start into `progress`.

    `also` names further topics, each with who takes the values of its records; `counted` the channels whose touchpoints
    are counted as applied.
    The changelog tells what the lag of a consumer group does not: whether decisions are durable and their outputs out.
    """

    def __init__(
        self,
        settings: Settings,
        progress: Progress,
        also: Mapping[str, Callable[[bytes], None]] | None = None,
        counted: Sequence[str] = ("web",),
    ) -> None:
        self._settings = settings
        self._progress = progress
        self._also = dict(also or {})
        self._counted = counted
        self._names = {settings.topic(name): name for name in (*WATCHED, *self._also)}
        self._partitions = [
            TopicPartition(topic, number) for topic in self._names for number in range(settings.partitions)
        ]
        self._folds = [Fold() for _ in range(settings.partitions)]
        self._consumer = AIOKafkaConsumer(
            **client_options(settings.brokers),
            client_id="sillage-demo",
            enable_auto_commit=False,
            max_partition_fetch_bytes=FETCH_BYTES,
            # Whoever watches may be a moment late, and should not cost the broker a request for every record.
            fetch_min_bytes=LEAST_BYTES,
            fetch_max_wait_ms=LATE_MS,
            auto_offset_reset="earliest",
        )

    async def start(self) -> None:
        """Connects and begins at the start of the topics, which must exist."""
        await self._consumer.start()
        self._consumer.assign(self._partitions)
        await self._consumer.seek_to_beginning(*self._partitions)

    async def stop(self) -> None:
        """Gives the connection back."""
        await stopped(self._consumer)

    async def follow(self) -> None:
        """Reads for ever; ended by cancelling it."""
        while True:
            batches = await self._consumer.getmany(timeout_ms=200)
            for place, records in batches.items():
                self._take(self._names[place.topic], place.partition, records)
            # A full fetch is decoded without a pause; let the view and the feed have their turn.
            await asyncio.sleep(0)

    def _take(self, name: str, partition: int, records: Iterable[ConsumerRecord]) -> None:
        if name == "state":
            fold = self._folds[partition]
            fold.take(records)
            spots = [f"touchpoints.{name}/{number}" for name in self._counted for number in range(len(self._folds))]
            self._progress.applied = sum(map(self._position, spots))
        elif name in self._also:
            for record in records:
                self._also[name](record.value or b"")
        elif name == "actions":
            for record in records:
                self._take_output(record)
        else:
            for record in records:
                self._take_dispatch(record)

    def _take_output(self, record: ConsumerRecord) -> None:
        output = _output(record.value)
        if isinstance(output, Action):
            caused = output.received_at > 0
            self._progress.add(output, record.timestamp - output.received_at if caused else None)
        elif isinstance(output, Void):
            self._progress.voided.add(output.action)

    def _take_dispatch(self, record: ConsumerRecord) -> None:
        entry = _entry(record.value)
        if entry.status is Status.SENT:
            self._progress.confirmed.add(entry.key)
        elif entry.status in SETTLED:
            self._progress.refused[entry.key] = entry.code or entry.status.value

    async def ready(self) -> bool:
        """Whether every partition was taken over once, which a marker on its changelog shows."""
        return all(fold.mark.marker >= 0 for fold in self._folds)

    async def inputs_durable(self) -> bool:
        """Whether every touchpoint and tick published so far is durably applied."""
        names = ["touchpoints.rekeyed", "ticks", *(f"touchpoints.{name}" for name in self._settings.channel_names())]
        places = [
            TopicPartition(self._settings.topic(name), number)
            for name in names
            for number in range(self._settings.partitions)
        ]
        ends = await self._consumer.end_offsets(places)
        short = len(self._settings.prefix) + 1
        return all(self._position(f"{place.topic[short:]}/{place.partition}") >= end for place, end in ends.items())

    async def settled(self) -> bool:
        """Whether nothing is left to do: every input durable, every output published, every action gone or refused."""
        if self._progress.unsettled or not await self.inputs_durable():
            return False
        if any(self._pending(fold) for fold in self._folds):
            return False
        return await self._read_to_end()

    async def _read_to_end(self) -> bool:
        ends = await self._consumer.end_offsets(self._partitions)
        for place, end in ends.items():
            if await self._consumer.position(place) < end:
                return False
        return self._progress.unsettled == 0

    def _position(self, name: str) -> int:
        positions = self._folds[int(name.rpartition("/")[2])].mark.positions
        return positions.offsets.get(name, 0) if positions is not None else 0

    @staticmethod
    def _pending(fold: Fold) -> bool:
        """Whether a record still holds outputs that are not known to be published."""
        return any(speaks(value) for value in fold.latest.values())

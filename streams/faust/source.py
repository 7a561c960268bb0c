"""The Source over a Faust app: its consumer for what the group assigns."""

import asyncio
from collections.abc import Iterable, Mapping
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition

from streams.broker.ending import stopped
from streams.broker.publish import METADATA_MAX_AGE_MS
from streams.broker.security import Brokers, client_options
from streams.broker.source import Spot
from streams.faust.driver import Consumer

REQUEST_SECONDS = 15.0
"""How long a broker may take to answer before a client gives it up."""


class FaustSource:
    """A Source whose spots are those of a Faust app's consumer. Usable between `start` and `stop`, and with the app."""

    def __init__(self, app: Any, brokers: Brokers) -> None:
        self._app = app
        # A broker answers a connection's requests in order: asked behind a waiting fetch, an end would come late.
        self._asker = AIOKafkaConsumer(
            **client_options(brokers),
            enable_auto_commit=False,
            request_timeout_ms=int(REQUEST_SECONDS * 1000),
            metadata_max_age_ms=METADATA_MAX_AGE_MS,
        )

    async def start(self) -> None:
        """Connects. Raises aiokafka's KafkaConnectionError where no broker answers."""
        await self._asker.start()

    async def stop(self) -> None:
        """Gives the connection back."""
        await stopped(self._asker)

    @property
    def consumer(self) -> Consumer:
        """The driver's consumer."""
        return self._app.consumer  # type: ignore[no-any-return]

    async def bounds(self, spots: Iterable[Spot]) -> dict[Spot, tuple[int, int]]:
        tps = [TopicPartition(*spot) for spot in spots]
        first, end = await asyncio.gather(self._asker.beginning_offsets(tps), self._asker.end_offsets(tps))
        return {(tp.topic, tp.partition): (first[tp], end[tp]) for tp in tps}

    async def committed(self, spots: Iterable[Spot]) -> dict[Spot, int]:
        found = {}
        for spot in spots:
            offset = await self.consumer.kafka.committed(TopicPartition(*spot))
            if offset is not None:
                found[spot] = offset
        return found

    def open(self, starts: Mapping[Spot, int]) -> None:
        self.consumer.open(starts)

    def close(self, spots: Iterable[Spot]) -> None:
        self.consumer.close_spots(spots)

    def hold(self, spot: Spot) -> None:
        self.consumer.hold(spot)

    def release(self, spot: Spot) -> None:
        self.consumer.release(spot)

    def unread(self, spot: Spot, upto: int) -> bool:
        return self.consumer.unread(spot, upto)

    def commit(self, offsets: Mapping[Spot, int]) -> None:
        self.consumer.durable(offsets)

"""The Source over a Faust app: its consumer for what the group assigns."""

import asyncio
from collections.abc import Iterable, Mapping
from typing import Any

from aiokafka import TopicPartition

from streams.broker.source import Spot
from streams.faust.driver import Consumer


class FaustSource:
    """A Source whose spots are those of a Faust app's consumer. Usable once the app has started."""

    def __init__(self, app: Any) -> None:
        self._app = app

    @property
    def consumer(self) -> Consumer:
        """The driver's consumer."""
        return self._app.consumer  # type: ignore[no-any-return]

    async def bounds(self, spots: Iterable[Spot]) -> dict[Spot, tuple[int, int]]:
        tps = [TopicPartition(*spot) for spot in spots]
        kafka = self.consumer.kafka
        first, end = await asyncio.gather(kafka.beginning_offsets(tps), kafka.end_offsets(tps))
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

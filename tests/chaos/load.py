"""The load: the story's touchpoints, published steadily and bounded, through whatever happens to the broker."""

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Sequence

from aiokafka.errors import KafkaError
from chaos.story import Touch
from waiting import lasting

from streams.broker.publish import KafkaPublisher, PublishError
from streams.settings import Settings

TICK_SECONDS = 0.1


class Load:
    """Publishes touches straight to the broker, again where it is not known whether they got there.

    The traces that they must leave go into `awaited`.
    """

    def __init__(self, settings: Settings, awaited: set[str]) -> None:
        self.awaited = awaited
        self._settings = settings
        self._publisher: KafkaPublisher | None = None

    async def publish(self, touches: Iterable[Touch]) -> None:
        """Returns once all are in the log."""
        by_spot: defaultdict[tuple[str, int], list[Touch]] = defaultdict(list)
        for touch in touches:
            by_spot[touch.topic, touch.partition].append(touch)
        while by_spot:
            done = await asyncio.gather(*(self._append(*spot, found) for spot, found in by_spot.items()))
            for spot, landed in zip(list(by_spot), done, strict=True):
                if landed:
                    # Not before: what a round that is over takes back may never get there.
                    self.awaited.update([touch.trace for touch in by_spot.pop(spot) if touch.trace])
            if by_spot:
                await self.stop()

    async def steadily(self, touches: Sequence[Touch], seconds: float) -> None:
        """Publishes them over so many seconds; what a dead broker held up follows at twice the pace."""
        loop = asyncio.get_running_loop()
        most = max(1, round(2 * len(touches) * TICK_SECONDS / seconds))
        begun_at, done = loop.time(), 0
        while done < len(touches):
            due = round(len(touches) * min(1.0, (loop.time() - begun_at) / seconds))
            batch = touches[done : min(due, done + most)]
            if batch:
                await self.publish(batch)
                done += len(batch)
            await lasting(TICK_SECONDS)

    async def stop(self) -> None:
        """Ends the session under way, if any."""
        publisher, self._publisher = self._publisher, None
        if publisher is not None:
            await publisher.stop()

    async def _append(self, topic: str, partition: int, touches: Sequence[Touch]) -> bool:
        try:
            publisher = await self._session()
            await publisher.append(self._settings.topic(topic), partition, [touch.out for touch in touches])
        except (PublishError, KafkaError, OSError):
            return False
        return True

    async def _session(self) -> KafkaPublisher:
        if self._publisher is None:
            publisher = KafkaPublisher(self._settings.kafka, client_id="chaos-load")
            try:
                await publisher.start()
            except KafkaError:
                await publisher.stop()
                await lasting(TICK_SECONDS)
                raise
            if self._publisher is None:
                self._publisher = publisher
            else:
                await publisher.stop()
        return self._publisher

"""The pump: what a worker's partitions have in hand is applied, a little of each in turn."""

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress

from streams.broker.source import Source
from streams.metrics.observer import WorkerObserver
from streams.partition import Partition
from streams.session import ROUND_SECONDS, Session
from streams.touchpoints.decoder import TICKS

STEP, BACKLOG_STEP = 100, 1000
"""Inputs of one partition between two looks at the others; with a backlog more, while its customers are in caches."""
BACKLOG_ROWS = 1000
"""Rows of one partition in hand from which throughput counts more than the latency of each."""
MOST_WAITING_BYTES = 128 << 20
"""Bytes of outputs not known to be published from which no more inputs are applied."""
BREATH_SECONDS = 0.0005
"""How long inputs are applied before fetches and acknowledgements get their turn."""
TELL_SECONDS = 0.1
"""How often metrics and watchdog are told of what was applied."""
REST_SECONDS = 0.05
"""How long the pump rests where nothing comes and nothing is due."""


class Pump:
    """Applies inputs of the partitions that a worker owns; `source` is where they come from, once it is attached.

    `wake` is to be set where something came, and nothing is applied while it is `paused`.
    """

    def __init__(
        self, partitions: Mapping[int, Partition], observer: WorkerObserver, source: Callable[[], Source | None]
    ) -> None:
        self.wake = asyncio.Event()
        self.paused = False
        self._partitions = partitions
        self._observer = observer
        self._source = source

    async def run(self, session: Session) -> None:
        """Applies until cancelled; the session writes what came of it."""
        now = asyncio.get_running_loop().time
        told, untold = now(), False
        while True:
            congested = self._congested(session)
            busy = await self.sweep(session) if not self.paused and not congested else False
            untold = untold or busy
            if untold and now() - told >= TELL_SECONDS:
                self._observer.stepped(self._partitions.values())
                told, untold = now(), False
            if busy:
                await asyncio.sleep(0)
            else:
                await self._rest(session.moved if congested else self.wake)

    async def sweep(self, session: Session) -> bool:
        """Applies some of what every partition has in hand; gives whether there was anything."""
        now = asyncio.get_running_loop().time
        busy, backlog, urgent = False, False, False
        breathed = told = now()
        # What room there is all have alike, so that none waits while those before it take what the passes gave back.
        share = max(1, session.room // max(1, len(self._partitions)))
        step = min(share, BACKLOG_STEP if session.backlog else STEP)
        for number, partition in list(self._partitions.items()):
            if self.paused or self._partitions.get(number) is not partition:
                continue
            began = now()
            done = partition.step(step)
            if done:
                self._observer.applied(done, now() - began)
            busy = busy or done > 0
            backlog = backlog or (done >= min(step, STEP) and sum(map(len, partition.lanes.values())) > BACKLOG_ROWS)
            self._release(partition)
            urgent = urgent or partition.processor.pressing
            if urgent and (partition.asks or now() - told >= ROUND_SECONDS):
                session.changed()
                urgent, told = False, now()
            if partition.asks:
                await self._tell_ends(partition)
                busy = True
            if now() - breathed >= BREATH_SECONDS:
                await asyncio.sleep(0)
                breathed = now()
        if urgent:
            session.changed()
        session.backlog = backlog
        return busy

    def _congested(self, session: Session) -> bool:
        """Whether so much waits for the broker that applying more would only fill the memory; passes go on then."""
        waiting = sum([partition.processor.unpublished_bytes for partition in self._partitions.values()])
        return session.congested or waiting > MOST_WAITING_BYTES

    async def _tell_ends(self, partition: Partition) -> None:
        source = self._source()
        if source is not None:
            bounds = await source.bounds([spot for spot, lane in partition.lanes.items() if lane.name != TICKS])
            partition.tell({spot: end for spot, (_, end) in bounds.items()})

    async def _rest(self, news: asyncio.Event) -> None:
        """Sleeps until there are `news`, a timer is due, or a moment has passed."""
        waits = [wait for partition in self._partitions.values() if (wait := partition.wait_ms()) is not None]
        seconds = min([REST_SECONDS, *(wait / 1000 for wait in waits)])
        news.clear()
        with suppress(TimeoutError):
            async with asyncio.timeout(max(0.001, seconds)):
                await news.wait()

    def _release(self, partition: Partition) -> None:
        for lane in partition.lanes.values():
            if lane.held and lane.hungry and (source := self._source()) is not None:
                lane.held = False
                source.release((lane.topic, lane.partition))

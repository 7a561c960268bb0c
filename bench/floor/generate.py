"""The generator of an open loop: each event has its instant, and is sent then whether or not others are done."""

import asyncio
import gc
import time
from collections import defaultdict
from typing import Any, NamedTuple

from aiokafka import AIOKafkaProducer

from bench.floor.part import Asked, Tell, play
from bench.floor.run import Run
from bench.floor.touchpoints import Touchpoint, drawn, value
from streams.touchpoints.home import home

TICK_SECONDS = 0.005
"""Events of a tick go as one request, a batch a partition: a request for each would be the load and not the events."""
POOL = 200_000


class Ready(NamedTuple):
    """An event that only lacks its instants."""

    topic: str
    partition: int
    key: bytes
    touchpoint: Touchpoint


class Generator:
    """Sends `run.rate` events a second from `run.start_at` on for `run.seconds`."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._total = int(run.rate * run.seconds)
        self._pool = [self._ready(each) for each in drawn(min(self._total, POOL), run.customers, first=run.first)]
        self._late: list[float] = []
        self._producer = AIOKafkaProducer(bootstrap_servers=run.kafka, compression_type="lz4", max_batch_size=1 << 20)

    async def work(self, tell: Tell, asked: Asked) -> None:
        """Sends all, unless asked to stop."""
        await self._producer.start()
        gc.freeze()
        began = self._run.start_at or time.time() + 0.2
        tell("began", at=began)
        sent = 0
        futures: list[asyncio.Future[Any]] = []
        while sent < self._total and not asked.stop.is_set():
            due = min(self._total, int(max(0.0, time.time() - began) * self._run.rate))
            if due > sent:
                self._late.append(time.time() - began - sent / self._run.rate)
                futures = [future for future in futures if not future.done()]
                futures += await self._send(began, sent, due)
                sent = due
            await asyncio.sleep(TICK_SECONDS - (time.time() - began) % TICK_SECONDS)
        await asyncio.gather(*futures)
        await self._producer.stop()
        late = sorted(self._late)
        tell("result", events=sent, late_p99_ms=late[int(len(late) * 0.99)] * 1000, late_most_ms=late[-1] * 1000)

    async def _send(self, began: float, first: int, end: int) -> list[asyncio.Future[Any]]:
        batches: dict[tuple[str, int], Any] = defaultdict(self._producer.create_batch)
        for number in range(first, end):
            ready = self._pool[number % len(self._pool)]
            scheduled = began + number / self._run.rate
            content = value(ready.touchpoint, number, int(scheduled * 1000), int(scheduled * 1_000_000))
            batches[ready.topic, ready.partition].append(key=ready.key, value=content, timestamp=None)
        futures = []
        for (topic, partition), batch in batches.items():
            batch.close()
            futures.append(await self._producer.send_batch(batch, topic, partition=partition))
        return futures

    def _ready(self, touchpoint: Touchpoint) -> Ready:
        topic = self._run.topic(f"touchpoints.{touchpoint.channel}")
        return Ready(topic, home(touchpoint.customer, self._run.partitions), touchpoint.customer.encode(), touchpoint)


async def work(run: Run, tell: Tell, asked: Asked) -> None:
    """The generator."""
    await Generator(run).work(tell, asked)


if __name__ == "__main__":
    play(work)

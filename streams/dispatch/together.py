"""Writing together: what several rounds append to one partition while a write is under way goes as one write."""

import asyncio
from collections.abc import Sequence

from streams.broker.publish import Out, Publisher
from streams.broker.source import Spot

Waiting = tuple[Sequence[Out], "asyncio.Future[int]"]


class Together:
    """A Publisher over another: at most one write of a partition is under way. What fails, fails for all of it."""

    def __init__(self, publisher: Publisher) -> None:
        self._publisher = publisher
        self._waiting: dict[Spot, list[Waiting]] = {}
        self._writing: set[asyncio.Task[None]] = set()

    async def append(self, topic: str, partition: int, records: Sequence[Out]) -> int:
        written: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        spot = (topic, partition)
        if spot in self._waiting:
            self._waiting[spot].append((records, written))
        else:
            self._waiting[spot] = [(records, written)]
            task = asyncio.create_task(self._write(spot))
            self._writing.add(task)
            task.add_done_callback(self._writing.discard)
        return await written

    async def _write(self, spot: Spot) -> None:
        try:
            while waiting := self._waiting[spot]:
                self._waiting[spot] = []
                await self._write_one(spot, waiting)
        finally:
            del self._waiting[spot]

    async def _write_one(self, spot: Spot, waiting: Sequence[Waiting]) -> None:
        try:
            at = await self._publisher.append(*spot, [out for records, _ in waiting for out in records])
        except Exception as fault:
            for _, written in waiting:
                if not written.done():
                    written.set_exception(fault)
            return
        for records, written in waiting:
            if not written.done():
                written.set_result(at)
            at += len(records)

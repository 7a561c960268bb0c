"""Writing together: what several rounds append to one partition while a write is under way goes as one write."""

import asyncio
from collections.abc import Sequence

from streams.broker.publish import Out, Publisher
from streams.broker.source import Spot

Lot = tuple[Sequence[Out], "asyncio.Future[int]"]


class Together:
    """A Publisher over another: at most one write of a partition is under way. What fails, fails for all of it."""

    def __init__(self, publisher: Publisher) -> None:
        self._publisher = publisher
        self._lots: dict[Spot, list[Lot]] = {}
        self._writing: set[asyncio.Task[None]] = set()

    async def append(self, topic: str, partition: int, records: Sequence[Out]) -> int:
        written: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        spot = (topic, partition)
        if spot in self._lots:
            self._lots[spot].append((records, written))
        else:
            self._lots[spot] = [(records, written)]
            task = asyncio.create_task(self._write(spot))
            self._writing.add(task)
            task.add_done_callback(self._writing.discard)
        return await written

    async def _write(self, spot: Spot) -> None:
        try:
            while lots := self._lots[spot]:
                self._lots[spot] = []
                await self._write_one(spot, lots)
        finally:
            del self._lots[spot]

    async def _write_one(self, spot: Spot, lots: Sequence[Lot]) -> None:
        try:
            at = await self._publisher.append(*spot, [out for records, _ in lots for out in records])
        except Exception as fault:
            for _, written in lots:
                if not written.done():
                    written.set_exception(fault)
            return
        for records, written in lots:
            if not written.done():
                written.set_result(at)
            at += len(records)

"""A desk commits what is settled, and nothing else, whenever it is asked to."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence

import pytest
from dispatching import Row
from waiting import until

from streams.broker.publish import PublishError
from streams.broker.source import Spot
from streams.dispatch.desk import Desk
from streams.touchpoints.record import Record


class Rows:
    """A source of rows that the test brings by hand."""

    def __init__(self) -> None:
        self.commits: dict[Spot, int] = {}

    async def bounds(self, spots: Iterable[Spot]) -> dict[Spot, tuple[int, int]]:
        return dict.fromkeys(spots, (0, 9))

    async def committed(self, spots: Iterable[Spot]) -> dict[Spot, int]:
        return {}

    def open(self, starts: Mapping[Spot, int]) -> None: ...
    def close(self, spots: Iterable[Spot]) -> None: ...
    def hold(self, spot: Spot) -> None: ...
    def release(self, spot: Spot) -> None: ...

    def unread(self, spot: Spot, upto: int) -> bool:
        return False

    def commit(self, offsets: Mapping[Spot, int]) -> None:
        self.commits.update(offsets)


class Broken:
    """Takes that fail once they may go on."""

    def __init__(self) -> None:
        self.go = asyncio.Event()

    async def take(self, partition: int, records: Sequence[Record]) -> None:
        await self.go.wait()
        raise PublishError("no answer")


async def test_a_take_that_failed_this_very_moment_is_not_committed_when_a_rebalance_begins() -> None:
    taker, source = Broken(), Rows()
    desk = Desk("t.actions", taker)
    desk.source = source
    working = asyncio.create_task(desk.run())
    desk.assigned([0])
    await until(lambda: desk.ready)
    desk.offer("t.actions", 0, [Row(b"{}")])
    await asyncio.sleep(0)
    taker.go.set()
    # The take has ended then, and nobody was told yet.
    await asyncio.sleep(0)
    with pytest.raises(PublishError):
        await desk.pause()
    assert source.commits == {}
    with pytest.raises(PublishError):
        await working

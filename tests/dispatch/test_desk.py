"""A desk commits what is settled, and nothing else, whenever it is asked to."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
from dispatching import NOW, QUICK, Office, Row, action
from waiting import until

from channels.channel import Away, Transient
from state.recall import Recall
from streams.broker.publish import PublishError
from streams.broker.source import Spot
from streams.dispatch.desk import SPAN_ROWS, TAKE_ROWS, Desk
from streams.dispatch.errand import Patience
from streams.dispatch.parking import FEW_PARKED, HOLD_PARKED, Parking
from streams.settings import Settings
from streams.touchpoints.record import Record


class Rows:
    """A source of rows that the test brings by hand."""

    def __init__(self, end: int = 9) -> None:
        self.end = end
        self.commits: dict[Spot, int] = {}
        self.held: set[Spot] = set()

    async def bounds(self, spots: Iterable[Spot]) -> dict[Spot, tuple[int, int]]:
        return dict.fromkeys(spots, (0, self.end))

    async def committed(self, spots: Iterable[Spot]) -> dict[Spot, int]:
        return {}

    def open(self, starts: Mapping[Spot, int]) -> None: ...
    def close(self, spots: Iterable[Spot]) -> None: ...

    def hold(self, spot: Spot) -> None:
        self.held.add(spot)

    def release(self, spot: Spot) -> None:
        self.held.discard(spot)

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


class Waiting:
    """A topic of what is parked, and takes of it that end once their first row is gone."""

    topics = ("t.waiting",)

    def __init__(self) -> None:
        self.gone: set[int] = set()
        self.most = HOLD_PARKED

    def room(self, topic: str, partition: int) -> int:
        return self.most

    def opened(self, spot: Spot, start: int, end: int) -> None: ...
    def settled(self, spot: Spot, upto: int) -> None: ...

    async def take(self, partition: int, records: Sequence[Record]) -> None:
        await until(lambda: records[0].offset in self.gone)


async def test_a_desk_reads_no_more_while_much_is_in_hand_or_lies_behind_the_first() -> None:
    waiting, source, spot = Waiting(), Rows(), ("t.waiting", 0)
    desk = Desk("t.actions", waiting, parked=waiting)
    desk.source = source
    working = asyncio.create_task(desk.run())
    desk.assigned([0])
    await until(lambda: desk.ready)

    def offer(first: int, count: int) -> None:
        desk.offer(*spot, [Row(b"{}", offset) for offset in range(first, first + count)])

    offer(0, HOLD_PARKED)
    assert not source.held
    offer(HOLD_PARKED, 1)
    assert source.held
    waiting.gone.update(range(TAKE_ROWS, HOLD_PARKED + 1))
    await until(lambda: not source.held)
    behind = HOLD_PARKED * SPAN_ROWS
    waiting.gone.update(range(HOLD_PARKED + 1, behind + 1))
    offer(HOLD_PARKED + 1, behind - HOLD_PARKED - 1)
    await until(lambda: desk._hands[spot].rows == TAKE_ROWS)
    source.held.clear()
    offer(behind, 1)
    assert source.held
    assert source.commits == {}
    waiting.gone.add(0)
    await until(lambda: source.commits == {spot: behind + 1})
    assert not source.held
    waiting.most = 50
    offer(behind + 1, 51)
    assert source.held
    working.cancel()
    await asyncio.gather(working, return_exceptions=True)


@asynccontextmanager
async def behind(fault: Exception, stuck: range, patience: Patience = QUICK) -> AsyncIterator[Callable[[], list[str]]]:
    """FEW_PARKED and one more are parked, and leave but for those that are `stuck`; another one comes behind them.
    Gives what has left so far, for which all is fetched that may be.
    """
    spot = ("t.actions.waiting.email", 0)
    shelf = Office(Settings(prefix="t"), Recall(), patience=patience)
    parking, source, read = Parking(shelf.settings, shelf.shelf, {spot[0]}), Rows(end=0), 0
    office = await shelf.another(parking=parking).open()
    desk = Desk("t.actions", office.dispatcher, parked=parking)
    desk.source = source
    working = asyncio.create_task(desk.run())
    desk.assigned([0])
    await until(lambda: desk.ready)

    def sent() -> list[str]:
        nonlocal read
        if spot not in source.held:
            outs = list(enumerate(office.shelf.logs[spot]))[read:]
            desk.offer(*spot, [Row(out.value, n, spot[0], 0, NOW, key=out.key, headers=out.headers) for n, out in outs])
            read += len(outs)
        return office.hatch.ids()

    ids = [f"a{number}" for number in range(FEW_PARKED + 1)]
    office.hatch.script |= {id_: [Away("smtp_unreachable")] for id_ in ids}
    await office.take(*map(action, ids))
    office.hatch.script = defaultdict(list, {ids[number]: [fault] * 10_000 for number in stuck})
    await until(lambda: len(sent()) == len(ids) - len(stuck))
    await office.take(action("later"))
    yield sent
    working.cancel()
    await asyncio.gather(working, return_exceptions=True)


@pytest.mark.parametrize("apart", [1, FEW_PARKED // 3])
async def test_what_a_provider_never_takes_keeps_nobody_behind_it_from_being_read(apart: int) -> None:
    stuck = range(0, FEW_PARKED + 1, apart)
    async with behind(Away("smtp_421"), stuck, replace(QUICK, breaker_seconds=0.001)) as sent:
        await until(lambda: "later" in sent())


async def test_one_that_is_put_off_keeps_nobody_behind_it_from_being_read_meanwhile() -> None:
    async with behind(Transient("smtp_451", 3600.0), range(1), replace(QUICK, again_seconds=7200.0)) as sent:
        await until(lambda: "later" in sent())

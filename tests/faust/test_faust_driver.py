"""What the driver brings and drops around a rebalance, with the fetch in the test's hand instead of a broker."""

import asyncio
from collections import Counter
from types import SimpleNamespace
from typing import Any

import pytest
from fakelog import Row
from faust.types import TP

from streams.faust.driver import Consumer

WEB = TP("t.touchpoints.web", 0)
EMAIL = TP("t.touchpoints.email", 0)


def rows(first: int, last: int, spot: TP = WEB) -> list[Row]:
    return [Row(spot.topic, 0, offset, 1, 1, None, b"", ()) for offset in range(first, last + 1)]


class Kafka:
    """The aiokafka consumer beneath: two assigned spots read to their end, seeks written down."""

    def __init__(self) -> None:
        self.seeks: list[int] = []
        state = SimpleNamespace(has_valid_position=True, position=42, highwater=42)
        assignment = SimpleNamespace(tps={WEB, EMAIL}, state_value=lambda _spot: state)
        self._subscription = SimpleNamespace(subscription=SimpleNamespace(assignment=assignment))

    def seek(self, _spot: Any, offset: int) -> None:
        self.seeks.append(offset)

    def pause(self, *_spots: Any) -> None: ...

    def resume(self, *_spots: Any) -> None: ...


@pytest.fixture
def consumer() -> Consumer:
    """The driver's consumer as its constructor leaves it, with a Kafka of the test's own."""
    found = Consumer.__new__(Consumer)
    found._openings, found._in_transit = Counter(), Counter()
    found._next, found._durable, found._held = {}, {}, set()
    found._read_offset, found._room = {}, asyncio.Event()
    found.flow_active, found.can_resume_flow, found.suspend_flow = True, asyncio.Event(), asyncio.Event()
    found._stopped, found._crashed = asyncio.Event(), asyncio.Event()
    found.app = SimpleNamespace(consumer_generation_id=1)
    found._thread = SimpleNamespace(watch=SimpleNamespace(suspects={}, broke=lambda: False))
    kafka = Kafka()
    found._thread._ensure_consumer = lambda: kafka
    return found


def fetches(consumer: Consumer, found: list[Row], during: Any = lambda: None) -> None:
    """The next fetch brings these rows; `during` happens while it is awaited."""

    async def getmany(_spots: object, _timeout: float) -> dict[TP, list[Row]]:
        await asyncio.sleep(0)
        during()
        return {WEB: found}

    consumer._thread.getmany = getmany


async def brought(consumer: Consumer) -> list[tuple[int, int]]:
    """First and last offset of what an agent takes of one fetch."""
    found = []
    async for _, message in consumer.getmany(0.01):
        found += [(one.rows[0].offset, one.rows[-1].offset) for one in message.value if consumer.taken(one)]
    return found


async def test_what_a_fetch_brings_after_a_seek_in_its_middle_is_taken(consumer: Consumer) -> None:
    """The consumer counts it as read: dropped, it would never come again."""
    consumer.open({WEB: 36})
    fetches(consumer, rows(36, 41), during=consumer.resume_flow)
    assert await brought(consumer) == [(36, 41)]


async def test_what_was_fetched_before_a_seek_is_dropped(consumer: Consumer) -> None:
    consumer.open({WEB: 36})
    fetches(consumer, rows(36, 41))
    found = []
    async for _, message in consumer.getmany(0.01):
        consumer.open({WEB: 10})
        found += [consumer.taken(one) for one in message.value]
    assert found == [False]


async def test_when_the_flow_resumes_each_open_spot_goes_on_after_what_was_taken(consumer: Consumer) -> None:
    consumer.open({WEB: 36})
    fetches(consumer, rows(36, 41))
    assert await brought(consumer) == [(36, 41)]
    fetches(consumer, rows(42, 50), during=consumer.stop_flow)
    assert await brought(consumer) == []
    consumer.resume_flow()
    assert consumer.kafka.seeks[-1] == 42
    assert consumer._in_transit[WEB] == 0


async def test_a_seek_back_makes_faust_forget_how_far_it_had_read(consumer: Consumer) -> None:
    """Else Faust drops every batch that ends before the offset it remembers."""
    consumer.open({WEB: 36})
    consumer._read_offset[WEB] = 41
    consumer.open({WEB: 10})
    assert WEB not in consumer._read_offset


async def test_what_one_fetch_brings_for_another_spot_counts_as_unread_until_it_is_taken(consumer: Consumer) -> None:
    """Else the rows of one topic overtake older ones of another that the same fetch brought."""
    consumer.open({WEB: 36, EMAIL: 5})

    async def getmany(_spots: object, _timeout: float) -> dict[TP, list[Row]]:
        return {EMAIL: rows(5, 6, EMAIL), WEB: rows(36, 41)}

    consumer._thread.getmany = getmany
    seen = []
    async for _, message in consumer.getmany(0.01):
        seen += [(one.tp.topic, consumer.unread(WEB, 0), consumer.taken(one)) for one in message.value]
    assert seen == [(EMAIL.topic, True, True), (WEB.topic, True, True)]
    assert not consumer._in_transit[WEB]


async def test_a_closed_spot_brings_nothing(consumer: Consumer) -> None:
    consumer.open({WEB: 36})
    fetches(consumer, rows(36, 41), during=lambda: consumer.close_spots([WEB]))
    assert await brought(consumer) == []


def broken(consumer: Consumer, damage: list[Row], during: Any = lambda: None) -> None:
    """The next fetch raises at a damaged batch of WEB; what lies around it is `damage`, asked for from where it was."""

    async def getmany(_spots: object, _timeout: float) -> dict[TP, list[Row]]:
        raise ValueError("cannot be unpacked")

    async def around(_spot: object, start: int) -> list[Row]:
        during()
        return [row for row in damage if row.offset >= start]

    def broke() -> bool:
        consumer._thread.watch.suspects = {WEB: 42}
        return True

    consumer._thread.getmany = getmany
    consumer._thread.watch.broke = broke
    consumer._thread.salvage = SimpleNamespace(rows=around)


async def test_where_a_batch_cannot_be_unpacked_the_rows_around_it_come_and_reading_goes_on_behind(
    consumer: Consumer,
) -> None:
    consumer.open({WEB: 36, EMAIL: 5})
    broken(consumer, rows(40, 51))
    consumer.kafka.seeks.clear()
    assert await brought(consumer) == []
    # What the failed fetch brought of others is lost with it, so each is sought again where it was taken to.
    assert consumer.kafka.seeks == [36, 5]
    assert await brought(consumer) == [(42, 51)]
    assert consumer.kafka.seeks[-1] == 52


async def test_any_other_fault_of_a_fetch_is_raised(consumer: Consumer) -> None:
    consumer.open({WEB: 36})
    broken(consumer, [])
    consumer._thread.watch.broke = lambda: False
    with pytest.raises(ValueError, match="cannot be unpacked"):
        await brought(consumer)


async def test_what_was_salvaged_before_a_seek_is_dropped(consumer: Consumer) -> None:
    consumer.open({WEB: 36})
    broken(consumer, rows(42, 51), during=lambda: consumer.open({WEB: 10}))
    assert await brought(consumer) == []
    assert await brought(consumer) == []
    assert consumer.kafka.seeks[-1] == 10


async def test_a_spot_that_is_held_or_closed_is_not_salvaged(consumer: Consumer) -> None:
    consumer.open({WEB: 36, EMAIL: 5})
    broken(consumer, rows(42, 51))
    consumer.hold(WEB)
    assert await brought(consumer) == []
    assert await brought(consumer) == []
    consumer.close_spots([WEB])
    assert await brought(consumer) == []
    assert 52 not in consumer.kafka.seeks

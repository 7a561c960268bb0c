"""How batches leave, on a real broker: together, in order, once however often they are sent, or with the reason."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.client import ConnectionGroup
from waiting import turns, until

from streams.broker import sending
from streams.broker.publish import KafkaPublisher, Out, PublishError
from streams.broker.sending import SEQUENCES
from streams.broker.topics import delete_all, migrate
from streams.settings import Settings

PARTITIONS = 4


@pytest.fixture
def topic(kafka: str, prefix: str) -> str:
    settings = Settings(kafka=kafka, prefix=prefix, channels="web", partitions=PARTITIONS)
    migrate(settings)
    yield settings.topic("touchpoints.web")
    delete_all(settings)


@pytest.fixture
async def publisher(kafka: str, topic: str) -> AsyncIterator[KafkaPublisher]:
    """Connected; every partition of the topic holds one record of it."""
    one = KafkaPublisher(kafka)
    await one.start()
    await asyncio.gather(*(one.append(*lot(topic, partition, b"first")) for partition in range(PARTITIONS)))
    yield one
    await one.stop()


def connection(publisher: KafkaPublisher, topic: str, partition: int = 0) -> object:
    """The connection to the partition's leader."""
    client = publisher._producer.client
    return client._conns[client.cluster.leader_for_partition(TopicPartition(topic, partition)), ConnectionGroup.DEFAULT]


async def rows(kafka: str, topic: str, partition: int = 0) -> list[bytes]:
    """The values of a partition from its beginning to its end."""
    spot = TopicPartition(topic, partition)
    async with AIOKafkaConsumer(bootstrap_servers=kafka, auto_offset_reset="earliest") as consumer:
        consumer.assign([spot])
        end = (await consumer.end_offsets([spot]))[spot]
        return [(await consumer.getone()).value for _ in range(end)]


def lot(topic: str, partition: int, *values: bytes) -> tuple[str, int, list[Out]]:
    return topic, partition, [Out(b"k", value) for value in values]


async def test_what_is_posted_leaves_at_once_in_one_request(publisher: KafkaPublisher, topic: str) -> None:
    one = connection(publisher, topic)
    before = one._correlation_id
    posted = publisher.post([lot(topic, partition, b"a", b"b") for partition in range(PARTITIONS)])
    assert one._correlation_id == before + 1
    assert await asyncio.gather(*posted) == [1, 1, 1, 1]


async def test_appends_of_one_turn_leave_in_one_request(publisher: KafkaPublisher, topic: str) -> None:
    one = connection(publisher, topic)
    before = one._correlation_id
    appends = [publisher.append(*lot(topic, partition, b"a")) for partition in range(PARTITIONS)]
    assert await asyncio.gather(*appends) == [1, 1, 1, 1]
    assert one._correlation_id == before + 1


async def test_a_request_waits_for_none_that_is_in_flight(publisher: KafkaPublisher, topic: str) -> None:
    one = connection(publisher, topic)
    before, posted = len(one._requests), []
    for partition in range(3):
        posted += publisher.post([lot(topic, partition, b"a")])
    assert len(one._requests) == before + 3
    await asyncio.gather(*posted)


async def test_batches_of_one_partition_land_in_the_order_they_came(
    kafka: str, publisher: KafkaPublisher, topic: str
) -> None:
    values = [b"%d" % number for number in range(20)]
    bases = await asyncio.gather(*(publisher.append(*lot(topic, 0, value)) for value in values))
    assert (bases, await rows(kafka, topic)) == (list(range(1, 21)), [b"first", *values])


async def test_a_batch_whose_answer_was_lost_is_sent_again_and_written_once(
    kafka: str, publisher: KafkaPublisher, topic: str
) -> None:
    one = connection(publisher, topic)
    (posted,) = publisher.post([lot(topic, 0, b"a")])
    told = asyncio.ensure_future(posted)
    # The request is in the log before its connection is gone, so that only the answer is lost.
    one._read_task.cancel()
    await until(lambda: _end(kafka, topic, 2))
    one.close()
    assert await told == 1
    assert await publisher.append(*lot(topic, 0, b"b")) == 2
    assert await rows(kafka, topic) == [b"first", b"a", b"b"]


async def test_a_batch_that_an_answer_leaves_out_is_sent_again_and_written_once(
    kafka: str, publisher: KafkaPublisher, topic: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    left_out: list[dict[TopicPartition, int | Exception]] = [{}]
    told = sending._answers
    monkeypatch.setattr(sending, "_answers", lambda response: left_out.pop() if left_out else told(response))
    assert await publisher.append(*lot(topic, 0, b"a")) == 1
    assert not left_out
    assert await rows(kafka, topic) == [b"first", b"a"]


async def _end(kafka: str, topic: str, wanted: int) -> bool:
    return len(await rows(kafka, topic)) == wanted


async def test_a_broker_that_does_not_answer_in_time_is_connected_to_anew(
    kafka: str, publisher: KafkaPublisher, topic: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = connection(publisher, topic)
    monkeypatch.setattr(one, "_request_timeout", 0.01)
    one._read_task.cancel()
    await turns()
    assert await publisher.append(*lot(topic, 0, b"a")) == 1
    assert not one.connected()
    assert connection(publisher, topic) is not one
    assert await rows(kafka, topic) == [b"first", b"a"]


async def test_after_the_last_sequence_number_comes_the_first(
    kafka: str, publisher: KafkaPublisher, topic: str
) -> None:
    """aiokafka's own goes on below 0."""
    long_lived = KafkaPublisher(kafka)
    await long_lived.start()
    long_lived._sender._sequences[TopicPartition(topic, 0)] = SEQUENCES - 2
    for base, values in ((1, [b"a"]), (2, [b"b", b"c"]), (4, [b"d"])):
        assert await long_lived.append(*lot(topic, 0, *values)) == base
    await long_lived.stop()


async def test_a_number_that_leaves_a_gap_ends_the_session(publisher: KafkaPublisher, topic: str) -> None:
    publisher._sender._sequences[TopicPartition(topic, 0)] = 5
    with pytest.raises(PublishError, match="OutOfOrderSequenceNumber"):
        await publisher.append(*lot(topic, 0, b"b"))


async def test_a_partition_that_is_not_there_is_named(publisher: KafkaPublisher, topic: str) -> None:
    with pytest.raises(PublishError, match=f"{topic}/{PARTITIONS}: .*the topic has {PARTITIONS} partitions"):
        await publisher.append(*lot(topic, PARTITIONS, b"a"))
    (posted,) = publisher.post([lot(topic, PARTITIONS, b"a")])
    with pytest.raises(PublishError, match="partitions"):
        await posted


async def test_a_lot_larger_than_a_batch_goes_as_several(kafka: str, publisher: KafkaPublisher, topic: str) -> None:
    values = [bytes([number]) * 600_000 for number in range(3)]
    (posted,) = publisher.post([lot(topic, 0, *values)])
    assert await posted == 1
    assert await rows(kafka, topic) == [b"first", *values]


async def test_a_write_given_up_by_its_caller_is_not_sent(kafka: str, publisher: KafkaPublisher, topic: str) -> None:
    given_up = asyncio.create_task(publisher.append(*lot(topic, 0, b"a")))
    (posted,) = publisher.post([lot(topic, 0, b"b")])
    told = asyncio.ensure_future(posted)
    await asyncio.sleep(0)
    given_up.cancel()
    assert await told == 1
    await asyncio.wait([given_up])
    assert await rows(kafka, topic) == [b"first", b"b"]


async def test_what_is_on_its_way_when_the_session_ends_is_of_unknown_fate(
    publisher: KafkaPublisher, topic: str
) -> None:
    connection(publisher, topic)._read_task.cancel()
    appends = [asyncio.create_task(publisher.append(*lot(topic, 0, b"a"))) for _ in range(3)]
    await turns()
    await publisher.stop()
    ended = await asyncio.gather(*appends, return_exceptions=True)
    assert [isinstance(one, PublishError) and "ProducerClosed" in str(one) for one in ended] == [True] * 3


async def test_what_was_handed_over_as_the_session_ends_does_not_leave(
    kafka: str, publisher: KafkaPublisher, topic: str
) -> None:
    connection(publisher, topic)._read_task.cancel()
    under_way = asyncio.create_task(publisher.append(*lot(topic, 1, b"b")))
    await turns()
    append = asyncio.create_task(publisher.append(*lot(topic, 0, b"a")))
    await asyncio.sleep(0)
    await publisher.stop()
    await asyncio.gather(under_way, return_exceptions=True)
    with pytest.raises(PublishError, match="ProducerClosed"):
        await append
    assert await rows(kafka, topic) == [b"first"]

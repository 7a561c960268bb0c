"""Touchpoints through a real broker: every compression, append times, values of any size, dead letters whole."""

import asyncio
import json
import random
from collections.abc import Iterator

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.structs import ConsumerRecord
from kafka import KafkaProducer

from engine.event import Event
from streams.broker.publish import KafkaPublisher
from streams.broker.topics import delete_all, migrate
from streams.settings import Settings
from streams.touchpoints.decoder import Decoder, Rejected, Touchpoint, dead_letter, encode_touchpoint, home

COMPRESSIONS = [None, "gzip", "snappy", "lz4", "zstd"]
LONG_AGO = 946_684_800_000
MIB = 1 << 20


@pytest.fixture
def house(kafka: str, prefix: str) -> Iterator[Settings]:
    settings = Settings(kafka=kafka, prefix=prefix, channels="web", partitions=2)
    migrate(settings)
    yield settings
    delete_all(settings)


async def records(settings: Settings, topic: str, count: int) -> list[ConsumerRecord]:
    """The first `count` records of a topic, over all its partitions."""
    consumer = AIOKafkaConsumer(
        settings.topic(topic),
        bootstrap_servers=settings.kafka,
        auto_offset_reset="earliest",
        max_partition_fetch_bytes=32 * MIB,
    )
    found: list[ConsumerRecord] = []
    async with consumer, asyncio.timeout(30):
        while len(found) < count:
            found.append(await consumer.getone())
    return found


def decoder(settings: Settings) -> Decoder:
    return Decoder(settings.topic("touchpoints.web"), "web", lambda: 0)


@pytest.mark.parametrize("compression", COMPRESSIONS)
async def test_every_compression_is_read(house: Settings, compression: str | None) -> None:
    topic = house.topic("touchpoints.web")
    given = [{"type": "x", "customer": f"c{n}", "properties": {"text": "é" * 500}} for n in range(50)]
    async with AIOKafkaProducer(bootstrap_servers=house.kafka, compression_type=compression) as producer:
        sent = [await producer.send(topic, json.dumps(one).encode(), partition=0) for one in given]
        await asyncio.gather(*sent)
    found = [decoder(house).decode(record) for record in await records(house, "touchpoints.web", len(given))]
    assert [one.customer for one in found if isinstance(one, Event)] == [f"c{n}" for n in range(50)]


async def test_the_append_time_beats_the_senders_timestamp(house: Settings) -> None:
    topic = house.topic("touchpoints.web")
    async with AIOKafkaProducer(bootstrap_servers=house.kafka) as producer:
        sent = await producer.send_and_wait(topic, b'{"type":"x","customer":"c"}', timestamp_ms=LONG_AGO)
    (record,) = await records(house, "touchpoints.web", 1)
    found = decoder(house).decode(record)
    assert isinstance(found, Event)
    assert record.timestamp_type == 1
    assert found.received_at == sent.timestamp == record.timestamp > LONG_AGO


async def test_our_own_touchpoints_reach_their_home_without_a_timestamp_of_ours(house: Settings) -> None:
    publisher = KafkaPublisher(house.kafka)
    await publisher.start()
    try:
        for customer in ("c1", "c2", "zoë"):
            out = encode_touchpoint(Touchpoint(type="x", customer=customer))
            await publisher.append(house.topic("touchpoints.web"), home(customer, 2), [out])
    finally:
        await publisher.stop()
    found = await records(house, "touchpoints.web", 3)
    events = [decoder(house).decode(record) for record in found]
    assert sorted(event.customer for event in events if isinstance(event, Event)) == ["c1", "c2", "zoë"]
    assert all(record.timestamp_type == 1 and record.timestamp > LONG_AGO for record in found)


def test_the_default_partitioners_agree_on_the_home(house: Settings) -> None:
    """Of clients whose default is Java's hash; librdkafka needs murmur2_random (docs/examples/publish.sh)."""
    producer = KafkaProducer(bootstrap_servers=house.kafka)
    for customer in ("c1", "c2", "zoë", "x" * 200):
        sent = producer.send(house.topic("touchpoints.web"), key=customer.encode(), value=b"{}").get(timeout=30)
        assert sent.partition == home(customer, 2)
    producer.close()


async def test_ten_megabytes_are_put_aside_whole_and_the_next_is_an_event(house: Settings) -> None:
    topic = house.topic("touchpoints.web")
    large = (
        b'{"type":"x","customer":"c","properties":{"a":"' + random.Random(7).randbytes(5 * MIB).hex().encode() + b'"}}'
    )
    async with AIOKafkaProducer(bootstrap_servers=house.kafka, max_request_size=20 * MIB) as producer:
        await producer.send_and_wait(topic, large, key=b"c", partition=1, headers=[("a", b"1"), ("b", None)])
        await producer.send_and_wait(topic, b'{"type":"x","customer":"c"}', partition=1)
    first, second = await records(house, "touchpoints.web", 2)
    refusal = decoder(house).decode(first)
    assert isinstance(refusal, Rejected)
    assert refusal.code == "too_large"
    assert isinstance(decoder(house).decode(second), Event)

    publisher = KafkaPublisher(house.kafka)
    await publisher.start()
    try:
        await publisher.append(topic + ".dead", 1, [dead_letter(first, refusal.code, refusal.reason)])
    finally:
        await publisher.stop()
    (letter,) = await records(house, "touchpoints.web.dead", 1)
    assert letter.value == large
    assert letter.key == f"{topic}/1/0".encode()
    headers = dict(letter.headers)
    assert (headers["code"], headers["key"]) == (b"too_large", b"c")
    assert (headers["original.a"], headers["original.b"]) == (b"1", None)


async def test_a_value_that_grows_beyond_its_topic_when_unpacked_is_still_put_aside(house: Settings) -> None:
    topic = house.topic("touchpoints.web")
    async with AIOKafkaProducer(
        bootstrap_servers=house.kafka, max_request_size=64 * MIB, max_batch_size=64 * MIB, compression_type="gzip"
    ) as producer:
        await producer.send_and_wait(topic, b"x" * (20 * MIB), partition=0)
    (record,) = await records(house, "touchpoints.web", 1)
    publisher = KafkaPublisher(house.kafka)
    await publisher.start()
    try:
        await publisher.append(topic + ".dead", 0, [dead_letter(record, "too_large", "")])
    finally:
        await publisher.stop()
    (letter,) = await records(house, "touchpoints.web.dead", 1)
    assert (len(letter.value), dict(letter.headers)["value_bytes"]) == (16 * MIB, b"%d" % (20 * MIB))

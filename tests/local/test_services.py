"""`up` and `down` with a real broker: data survives, projects do not collide, given addresses are taken."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from redis import Redis

from local import docker, services
from local.errors import StartError
from local.kafka import KafkaServer
from local.loan import Loan
from local.probe import kafka_answers, redis_answers
from local.redis import RedisServer

LARGEST = 17 << 20


@pytest.fixture
def projects(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Path]]:
    """Two projects on this machine, on the road of local processes."""
    monkeypatch.setattr(docker, "compose_answers", lambda: False)
    folders = [tmp_path / "one" / ".sillage", tmp_path / "two" / ".sillage"]
    yield folders
    for folder in folders:
        services.down(folder)


async def test_up_down_up_keeps_data_and_two_projects_do_not_collide(projects: list[Path]) -> None:
    one, two = projects
    first = services.up(one, {})
    await write(first, "kept", b"v")
    assert first.chosen.startswith("local processes (Docker does not answer): Apache Kafka 4.3.1 and ")
    assert services.up(one, {}) == first
    assert services.status(one, {}) == {"kafka": True, "redis": True}

    second = services.up(two, {})
    assert {first.kafka, first.redis}.isdisjoint({second.kafka, second.redis})
    assert "kept" not in await topics(second.kafka)

    assert services.down(one)
    assert services.status(one, {}) == {"kafka": False, "redis": False}
    assert services.status(two, {}) == {"kafka": True, "redis": True}
    assert not services.down(one)

    assert services.up(one, {"SILLAGE_KAFKA": first.kafka}) == first
    assert await read(first, "kept") == (b"v", b"v")


def test_the_last_loan_stops_what_nobody_started_to_keep(projects: list[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    for name in services.NAMES:
        monkeypatch.delenv(f"SILLAGE_{name.upper()}", raising=False)
    folder, running = projects[0], {"kafka": True, "redis": True}
    first, second = Loan(folder), Loan(folder)
    assert second.services == first.services
    first.give_back()
    assert services.status(folder, {}) == running
    second.give_back()
    assert services.status(folder, {}) == {"kafka": False, "redis": False}

    third = Loan(folder)
    services.up(folder, {})
    third.give_back()
    assert services.status(folder, {}) == running
    Loan(folder).give_back()
    assert services.status(folder, {}) == running


async def test_a_killed_broker_comes_back_at_its_port_with_its_data(tmp_path: Path) -> None:
    kafka = KafkaServer(tmp_path / "kafka", {"broker.session.timeout.ms": "1000"})
    redis = RedisServer(tmp_path / "redis")
    try:
        kafka.start()
        redis.start()
        found = services.Services(kafka.address, redis.address, "")
        await write(found, "kept", b"v")
        kafka.kill()
        assert not kafka_answers(found.kafka)
        kafka.start()
        assert kafka.address == found.kafka
        assert await read(found, "kept") == (b"v", b"v")
    finally:
        kafka.erase()
        redis.erase()


def test_temporary_services_are_gone_at_the_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(docker, "docker_answers", lambda: False)
    with pytest.raises(KeyboardInterrupt), services.temporary(tmp_path, {}) as found:
        servers = [KafkaServer(tmp_path / "kafka"), RedisServer(tmp_path / "redis")]
        assert [server.alive() for server in servers] == [True, True]
        raise KeyboardInterrupt
    assert [server.alive() for server in servers] == [False, False]
    assert not redis_answers(found.redis)
    assert list(tmp_path.iterdir()) == []


def test_given_addresses_are_taken_and_nothing_is_started(kafka: str, redis_url: str, tmp_path: Path) -> None:
    found = services.up(tmp_path, {"SILLAGE_KAFKA": kafka, "SILLAGE_REDIS": redis_url})
    assert found == services.Services(kafka, redis_url, "given addresses for kafka and redis")
    assert not services.down(tmp_path)


def test_one_given_address_leaves_the_other_to_be_started(kafka: str, projects: list[Path]) -> None:
    found = services.up(projects[0], {"SILLAGE_KAFKA": kafka})
    assert found.kafka == kafka
    assert found.chosen.endswith("; given address for kafka")
    assert not (projects[0] / "kafka" / "server.json").exists()
    with Redis.from_url(found.redis) as client:
        assert client.ping()


def test_a_given_address_where_nobody_answers_is_said(tmp_path: Path) -> None:
    with pytest.raises(StartError, match=r"SILLAGE_KAFKA=127\.0\.0\.1:1: no kafka answers there; start it, or unset"):
        services.up(tmp_path, {"SILLAGE_KAFKA": "127.0.0.1:1"})


async def test_topics_are_not_made_by_a_misspelling(kafka: str, prefix: str) -> None:
    producer = AIOKafkaProducer(bootstrap_servers=kafka)
    await producer.start()
    try:
        # What it asks before it sends anything; where brokers make topics by use, this makes one.
        await producer.client.add_topic(f"{prefix}.misspelt")
        assert not producer.client.cluster.partitions_for_topic(f"{prefix}.misspelt")
    finally:
        await producer.stop()
    assert f"{prefix}.misspelt" not in await topics(kafka)


async def test_a_topic_may_take_records_of_17_mib(kafka: str, redis_url: str, prefix: str) -> None:
    found = services.Services(kafka, redis_url, "")
    value = bytes(LARGEST - 1024)
    await write(found, f"{prefix}.large", value)
    assert (await read(found, f"{prefix}.large"))[0] == value


async def write(found: services.Services, name: str, value: bytes) -> None:
    """Makes a topic for large records and puts `value` there, and under the same name into Redis."""
    admin = AIOKafkaAdminClient(bootstrap_servers=found.kafka)
    await admin.start()
    await admin.create_topics([NewTopic(name, 1, 1, topic_configs={"max.message.bytes": str(LARGEST)})])
    await admin.close()
    async with AIOKafkaProducer(bootstrap_servers=found.kafka, max_request_size=LARGEST) as producer:
        await producer.send_and_wait(name, value)
    with Redis.from_url(found.redis) as client:
        client.set(name, value)


async def read(found: services.Services, name: str) -> tuple[bytes, bytes]:
    """What Kafka and Redis hold under `name`."""
    async with AIOKafkaConsumer(bootstrap_servers=found.kafka, max_partition_fetch_bytes=LARGEST) as consumer:
        consumer.assign([TopicPartition(name, 0)])
        await consumer.seek_to_beginning()
        record = await consumer.getone()
    with Redis.from_url(found.redis) as client:
        return record.value, client.get(name)


async def topics(kafka: str) -> set[str]:
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await admin.start()
    try:
        return set(await admin.list_topics())
    finally:
        await admin.close()

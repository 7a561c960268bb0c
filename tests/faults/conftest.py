"""A Kafka and a Redis that belong to the tests of faults alone, so that they can be killed."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from breakable import SESSION_SECONDS, House
from conftest import IN_CI

from local.errors import LocalError
from local.kafka import KafkaServer
from local.mailbox import Mailbox
from local.redis import RedisServer
from streams.settings import Settings

SOON = {"broker.session.timeout.ms": "4500", "broker.heartbeat.interval.ms": "500"}
"""A broker that was killed is let in again once its death is noticed: by default after nine seconds."""


@pytest.fixture(scope="session")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[KafkaServer, RedisServer]]:
    """Both as processes of this machine, whatever serves the other tests; each test leaves them running."""
    folder = tmp_path_factory.mktemp("breakable")
    kafka, redis = KafkaServer(folder / "kafka", SOON), RedisServer(folder / "redis")
    try:
        kafka.start()
        redis.start()
        yield kafka, redis
    except LocalError as problem:
        if IN_CI:
            raise
        pytest.skip(str(problem))
    finally:
        kafka.erase()
        redis.erase()


@pytest.fixture
async def house(
    servers: tuple[KafkaServer, RedisServer], mailbox: Mailbox, prefix: str, tmp_path: Path
) -> AsyncIterator[House]:
    """A house with FOLDER deployed and no process started."""
    kafka, redis = servers
    settings = Settings(
        kafka=kafka.address, redis=redis.address, smtp=mailbox.url, prefix=prefix, data=tmp_path,
        partitions=2, channels="web,email", start="earliest", session_seconds=SESSION_SECONDS,
    )  # fmt: skip
    found = House(kafka, redis, mailbox, settings)
    await found.prepare()
    try:
        yield found
    finally:
        found.end()

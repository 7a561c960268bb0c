"""A small house on a real Kafka, its topics made, and the `sillage` command under its settings."""

import asyncio
import os
from collections.abc import Callable, Iterator

import pytest
from click.testing import CliRunner, Result

from cli.main import main
from streams.broker.publish import KafkaPublisher, Out
from streams.broker.topics import delete_all, migrate
from streams.settings import Settings

Sillage = Callable[..., Result]


@pytest.fixture
def house(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Settings]:
    """Settings whose topics exist, and which a command finds in its environment."""
    found = settings.model_copy(update={"partitions": 2, "channels": "web"})
    for name in [name for name in os.environ if name.startswith("SILLAGE_") and not name.startswith("SILLAGE_TEST")]:
        monkeypatch.delenv(name)
    for name in ("kafka", "redis", "prefix", "partitions", "channels", "data"):
        monkeypatch.setenv(f"SILLAGE_{name.upper()}", str(getattr(found, name)))
    migrate(found)
    yield found
    delete_all(found)


@pytest.fixture
def sillage() -> Sillage:
    """Runs a command as a person types it; a fault that explains itself ends it in one line."""

    def run(*words: str, code: int = 0) -> Result:
        result = CliRunner().invoke(main, words)
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        assert result.exit_code == code, result.output
        return result

    return run


async def append(settings: Settings, topic: str, partition: int, *outs: Out) -> int:
    """Writes records; gives the offset of the first."""
    publisher = KafkaPublisher(settings.kafka)
    await publisher.start()
    try:
        return await publisher.append(settings.topic(topic), partition, outs)
    finally:
        await publisher.stop()


def put(settings: Settings, topic: str, partition: int, *outs: Out) -> int:
    """The same for tests without a loop."""
    return asyncio.run(append(settings, topic, partition, *outs))

"""The publishers that README shows work as they are shown, against a real broker."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from aiokafka import AIOKafkaConsumer
from records import Given

from engine.event import Event
from streams.broker.topics import delete_all, migrate
from streams.settings import Settings
from streams.touchpoints.decoder import Decoder, home

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"


@pytest.fixture
def topic(kafka: str, prefix: str) -> str:
    settings = Settings(kafka=kafka, prefix=prefix, channels="web", partitions=4)
    migrate(settings)
    yield settings.topic("touchpoints.web")
    delete_all(settings)


async def arrived(kafka: str, topic: str) -> Given:
    """The one record on the topic."""
    async with AIOKafkaConsumer(topic, bootstrap_servers=kafka, auto_offset_reset="earliest") as consumer:
        return await consumer.getone()


def run(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr


async def check(kafka: str, topic: str) -> None:
    found = await arrived(kafka, topic)
    event = Decoder(topic, "web", lambda: 0).decode(found)
    assert isinstance(event, Event), event
    assert (event.id, event.type, event.customer, event.channel) == ("o-1001", "order.placed", "c42", "web")
    assert event.properties == {"total": 84.5}
    assert event.received_at == event.occurred_at == found.timestamp
    assert found.partition == home("c42", 4)


async def test_the_python_publisher(kafka: str, topic: str) -> None:
    run(sys.executable, str(EXAMPLES / "publish.py"), kafka, topic)
    await check(kafka, topic)


async def test_the_kcat_publisher(kafka: str, topic: str) -> None:
    if shutil.which("kcat") is None:
        if os.environ.get("CI", "").lower() in {"1", "true"}:
            pytest.fail("kcat is missing, and CI must run its publisher; install the package kcat")
        pytest.skip("did not run: kcat is not installed on this machine (the package is called kcat)")
    run("sh", str(EXAMPLES / "publish.sh"), kafka, topic)
    await check(kafka, topic)


def test_the_python_publisher_has_ten_lines() -> None:
    lines = (EXAMPLES / "publish.py").read_text().splitlines()
    assert len([line for line in lines if line and not line.startswith('"""')]) <= 10

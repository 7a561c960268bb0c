"""A learner on a real Kafka: killed in the middle it counts each outcome once, and workers follow what it publishes."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest
from click.testing import CliRunner
from learned import DAY, HOUR, START, decision, receipt, sent
from prometheus_client import CollectorRegistry
from waiting import until

from cli.main import main
from local.demo.house import environment
from streams.broker.publish import KafkaPublisher, Out
from streams.broker.topics import migrate
from streams.context.follower import Surroundings
from streams.learner.process import run_learner
from streams.metrics.metrics import Metrics
from streams.settings import Settings


@pytest.fixture
async def topics(settings: Settings) -> Settings:
    changed = settings.model_copy(update={"clock": "event", "learn_seconds": 0.2, "learn_days": 1.0})
    await asyncio.to_thread(migrate, changed)
    return changed


@pytest.fixture
async def publisher(topics: Settings) -> AsyncIterator[KafkaPublisher]:
    one = KafkaPublisher(topics.brokers)
    await one.start()
    yield one
    await one.stop()


async def happen(settings: Settings, publisher: KafkaPublisher, first: int, number: int, at: int) -> None:
    """As many people get an offer at an instant, every second clicks; some records come twice."""
    names = [f"a{place}" for place in range(first, first + number)]
    told = [decision(place, at, sent(name)) for place, name in enumerate(names, first)]
    rows = [receipt("message.sent", name, at) for name in names]
    rows += [receipt("message.clicked", name, at + HOUR) for name in names[::2]] * 2
    await publisher.append(settings.topic("decisions"), 0, [Out(row.key, row.value) for row in [*told, *told[:5]]])
    await publisher.append(settings.topic("touchpoints.email"), 0, [Out(row.key, row.value) for row in rows])


async def test_killed_in_the_middle_it_counts_each_outcome_once(
    topics: Settings, publisher: KafkaPublisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    around = Surroundings(topics, publisher, Metrics(CollectorRegistry()))
    await around.start()

    def counted() -> tuple[float, float]:
        model = around.context.models.offers.get("shoes")
        return (0, 0) if model is None else model.rates[""]

    learning = asyncio.create_task(run_learner(topics, asyncio.Event()))
    await happen(topics, publisher, 0, 40, START)
    await happen(topics, publisher, 40, 20, START + 2 * DAY)
    await until(lambda: counted() == (20, 20), 20)
    learning.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await learning
    await happen(topics, publisher, 60, 10, START + 4 * DAY)
    stop = asyncio.Event()
    learning = asyncio.create_task(run_learner(topics, stop))
    await until(lambda: counted() == (30, 30), 20)
    stop.set()
    await learning
    assert counted() == (30, 30)
    assert around.context.models.learning
    assert around.context.models.offers["shoes"].version == 2
    await around.stop()
    # The command reads the same topics, where nothing was chosen by a draw.
    for name, value in environment(topics).items():
        monkeypatch.setenv(name, value)
    told = await asyncio.to_thread(CliRunner().invoke, main, ["offpolicy", "uniform"])
    assert told.exit_code == 1
    assert "0 decisions have a known outcome" in told.output

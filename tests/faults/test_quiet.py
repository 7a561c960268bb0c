"""The log while a broker is away, and a worker that waits for it however long it takes."""

import asyncio
import logging
from collections.abc import Iterator

import pytest
from prometheus_client import CollectorRegistry
from waiting import until

from engine.catalog import Catalog
from streams import worker as room
from streams.broker import quiet as under_test
from streams.broker.quiet import Held, quiet
from streams.inputs import Inputs
from streams.metrics.metrics import Metrics
from streams.metrics.observer import WorkerObserver
from streams.metrics.watchdog import Watchdog
from streams.processor import deciding
from streams.settings import Settings
from streams.worker import Worker, wall_ms

CLIENT = logging.getLogger("aiokafka.client")


class Lines(logging.Handler):
    """A handler of the root that keeps what reaches it."""

    def __init__(self) -> None:
        super().__init__()
        self.said: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.said.append(record.getMessage())


@pytest.fixture
def lines() -> Iterator[Lines]:
    """What reaches the root, with the clients as talkative as a worker has them, whatever a command set before."""
    found, client = Lines(), logging.getLogger("aiokafka")
    level = client.level
    client.setLevel(logging.WARNING)
    logging.getLogger().addHandler(found)
    yield found
    logging.getLogger().removeHandler(found)
    client.setLevel(level)


def test_each_kind_of_line_comes_once_with_how_often_it_came(lines: Lines) -> None:
    held = Held()
    lines.addFilter(held)
    for node in range(300):
        CLIENT.error("Unable connect to node with id %s", node)
    CLIENT.warning("another")
    logging.getLogger("sillage.worker").warning("ours")
    assert lines.said == ["ours"]
    held.let_out()
    assert lines.said == ["ours", "Unable connect to node with id 0 (300 times)", "another"]
    CLIENT.error("Unable connect to node with id %s", 7)
    held.let_out()
    assert len(lines.said) == 3
    CLIENT.warning("a third")
    held.forget()
    held.let_out()
    assert len(lines.said) == 3


async def test_a_line_when_the_broker_goes_and_one_when_it_is_back(
    lines: Lines, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(under_test, "LOOK_SECONDS", 0.005)
    here, asked = True, 0

    async def answers() -> bool:
        nonlocal asked
        asked += 1
        CLIENT.error("storm")
        return here

    def turns(upto: int) -> bool:
        return asked >= upto

    async with quiet("worker", "host:9092", answers):
        await until(lambda: lines.said)
        here = False
        await until(lambda upto=asked + 5: turns(upto))
        here = True
        await until(lambda upto=asked + 5: turns(upto))
    assert lines.said == [
        "storm",
        "worker: Kafka at host:9092 does not answer; waiting for it, nothing is lost",
        "worker: Kafka at host:9092 answers again after 0 s",
    ]
    CLIENT.error("heard again")
    assert lines.said[-1] == "heard again"


async def test_what_ends_with_the_return_of_the_broker_says_that_it_is_back(
    lines: Lines, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(under_test, "LOOK_SECONDS", 0.005)
    here = False

    async def answers() -> bool:
        # The look behind this one comes too late.
        monkeypatch.setattr(under_test, "LOOK_SECONDS", 60)
        return here

    async with quiet("worker", "host:9092", answers):
        await until(lambda: lines.said)
        here = True
    assert [line.split(" after ")[0].split("; ")[0] for line in lines.said] == [
        "worker: Kafka at host:9092 does not answer",
        "worker: Kafka at host:9092 answers again",
    ]


async def test_a_worker_does_not_give_up_on_a_broker_that_cannot_be_reached(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "FAILED_SESSIONS", 1)
    knocked = 0

    async def shut(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal knocked
        knocked += 1
        writer.close()

    async with await asyncio.start_server(shut, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        found = settings.model_copy(update={"kafka": f"127.0.0.1:{port}"})
        observer = WorkerObserver(Metrics(CollectorRegistry()), Watchdog(60_000, wall_ms()), wall_ms)
        worker = Worker(found, Inputs(found, {}, {}), deciding(lambda: Catalog(0, {}, lambda *_: None)), observer)
        working = asyncio.create_task(worker.run())
        await until(lambda: knocked >= 3 or working.done(), 20)
        assert not working.done()
        working.cancel()
        await asyncio.gather(working, return_exceptions=True)

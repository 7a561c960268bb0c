"""A house to break: `sillage worker` and `sillage dispatcher` as processes, on servers that can be killed."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from aiokafka.errors import KafkaError
from waiting import PATIENCE, until

from journeys.load import load_project
from local.demo.house import environment
from local.kafka import KafkaServer
from local.mailbox import Mailbox
from local.redis import RedisServer
from streams.broker.publish import KafkaPublisher, Out, PublishError
from streams.broker.reader import read_all
from streams.broker.topics import migrate
from streams.definitions.deploy import deploy
from streams.settings import Settings
from streams.touchpoints.home import home

COMMAND = (sys.executable, "-m", "cli.main")
STOP_SECONDS = 15.0
SESSION_SECONDS = 6.0
"""The least that a broker takes: so long is waited for the partitions of a process that was killed."""


def _journey(name: str, on: str, message: str) -> str:
    head = f"journey: {name}\ntopic: offers\nttl: 9d\nenter:\n  on: {on}\n  again: always\n"
    return f"{head}steps:\n  - send: {message}\n    channel: email\n"


def _message(class_: str, subject: str) -> str:
    return f'title: {subject}\nclass: {class_}\nsubject: "{subject}"\n'


FOLDER = {
    "project.yaml": "zone: Europe/Paris\n",
    "messages/thanks/message.yaml": _message("marketing", "Thanks"),
    "messages/thanks/email.txt": "Thanks.",
    "messages/alarm/message.yaml": _message("critical", "Alarm"),
    "messages/alarm/email.txt": "Your card was used.",
    "journeys/thanks.yaml": _journey("thanks", "order.placed", "thanks"),
    "journeys/alarm.yaml": _journey("alarm", "card.used", "alarm"),
}
"""Every `order.placed` leads to one marketing e-mail, every `card.used` to a critical one."""


class Kept:
    """One process of ours: `sillage <name>`, its output in a file."""

    def __init__(self, name: str, settings: Settings, folder: Path) -> None:
        self.name = name
        self.settings = settings.model_copy()
        self._log = folder / f"{name}-{settings.prefix}.log"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def log(self) -> str:
        """All that it wrote so far, over all its starts."""
        return self._log.read_text(errors="replace") if self._log.exists() else ""

    @property
    def alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def start(self) -> "Kept":
        given = {**os.environ, **environment(self.settings)}
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [*COMMAND, self.name], env=given, stdout=log, stderr=log, start_new_session=True
            )
        return self

    def kill(self) -> None:
        """SIGKILL, as a crash would; nothing where it does not run."""
        if self.alive:
            self._signal(signal.SIGKILL)
            self.ended(5)

    def stop(self) -> int:
        """SIGTERM; gives the exit code. Fails when it stays for long."""
        self._signal(signal.SIGTERM)
        return self.ended(STOP_SECONDS)

    def ended(self, seconds: float) -> int:
        """Waits for its end and gives the exit code."""
        assert self._process is not None, f"{self.name} was never started"
        try:
            return self._process.wait(seconds * PATIENCE)
        except subprocess.TimeoutExpired:
            found = f"{self.name} did not end within {seconds * PATIENCE:.0f} s; its log:\n{self.log}"
            raise AssertionError(found) from None

    def _signal(self, number: signal.Signals) -> None:
        if self._process is not None and self.alive:
            self._process.send_signal(number)


class House:
    """Servers, a mailbox, a prefix with FOLDER deployed, a worker and a dispatcher that are not started yet."""

    def __init__(self, kafka: KafkaServer, redis: RedisServer, mailbox: Mailbox, settings: Settings) -> None:
        self.kafka = kafka
        self.redis = redis
        self.mailbox = mailbox
        self.settings = settings
        self.worker = Kept("worker", settings, settings.data)
        self.dispatcher = Kept("dispatcher", settings, settings.data)

    async def prepare(self) -> None:
        """Topics and definitions, as an installation has them before it is broken."""
        await asyncio.to_thread(migrate, self.settings)
        await deploy(self.settings, load_project(FOLDER), time.time_ns() // 1_000_000, "test")

    def start(self) -> None:
        self.worker.start()
        self.dispatcher.start()

    async def introduce(self, customers: Iterable[str]) -> None:
        """Makes customers known who may be written to."""
        outs = []
        for name in customers:
            outs.append(event(name, "customer.updated", set={"email": f"{name}@x.example"}))
            outs.append(event(name, "consent.changed", topic="offers", channel="email", given=True, source="test"))
        await self.publish(outs)

    async def publish(self, outs: Iterable[Out]) -> None:
        """Publishes touchpoints, again where it is not known whether they got there: their ids are the same."""
        by_home: dict[int, list[Out]] = {}
        for out in outs:
            by_home.setdefault(home((out.key or b"").decode(), self.settings.partitions), []).append(out)
        for partition, found in by_home.items():
            await until(lambda partition=partition, found=found: self._published(partition, found), 60)

    async def _published(self, partition: int, outs: Sequence[Out]) -> bool:
        publisher = KafkaPublisher(self.settings.brokers)
        try:
            await publisher.start()
            await publisher.append(self.settings.topic("touchpoints.web"), partition, outs)
        except (PublishError, KafkaError):
            return False
        finally:
            await publisher.stop()
        return True

    async def flow(self, outs: Iterable[Out]) -> None:
        """Publishes them one by one, some thirty a second."""
        for out in outs:
            await self.publish([out])

    def mails(self) -> Counter[tuple[str, str]]:
        """How often each recipient got each subject."""
        return Counter((mail.recipients[0].split("@")[0], mail.message["Subject"]) for mail in list(self.mailbox.mails))

    async def delivered(self, wanted: Iterable[tuple[str, str]], seconds: float = 30.0) -> None:
        """Waits until all of `wanted` came; fails with the logs."""
        expected = set(wanted)
        try:
            await until(lambda: expected <= set(self.mails()), seconds)
        except TimeoutError:
            missing = sorted(expected - set(self.mails()))
            homes = Counter(home(name, self.settings.partitions) for name, _ in missing)
            counts = {topic: len(await self.records(topic)) for topic in ("touchpoints.web", "state", "actions")}
            raise AssertionError(
                f"{len(missing)} of {len(expected)} missing, as {missing[:5]}, by home {dict(homes)}; "
                f"records: {counts}\n{self.worker.log}\n{self.dispatcher.log}"
            ) from None

    async def values(self, topic: str) -> list[dict[str, Any]]:
        """The JSON values of a topic, over all partitions."""
        return [json.loads(record.value) for record in await self.records(topic) if record.value]

    async def records(self, topic: str) -> list[Any]:
        """The records of a topic, over all partitions."""
        return [
            record
            for partition in range(self.settings.partitions)
            async for several in read_all(self.settings.brokers, self.settings.topic(topic), partition)
            for record in several
        ]

    def end(self) -> None:
        """Nothing of the house stays behind."""
        self.worker.kill()
        self.dispatcher.kill()


def event(customer: str, type_: str, n: int = 0, **properties: object) -> Out:
    """A touchpoint; the same customer, type and `n` give the same id."""
    value = {"id": f"{customer}-{type_}-{n}", "type": type_, "customer": customer, "properties": properties}
    return Out(customer.encode(), json.dumps(value).encode())


def orders(customers: Iterable[str]) -> list[Out]:
    return [event(name, "order.placed") for name in customers]


def thanks(customers: Iterable[str]) -> list[tuple[str, str]]:
    """What the customers' orders lead to."""
    return [(name, "Thanks") for name in customers]


def people(count: int, start: int = 0) -> list[str]:
    return [f"p{number}" for number in range(start, start + count)]


@contextmanager
def killed(server: KafkaServer | RedisServer) -> Iterator[None]:
    """The server is dead within the block, and answers again after it, at the same address with the same data."""
    port = server.port
    server.kill()
    try:
        yield
    finally:
        server.start()
        assert server.port == port


def calm(log: str, most_lines: int = 40) -> None:
    """A log that a person can read: no traceback, and not many lines."""
    lines = log.splitlines()
    assert "Traceback" not in log, log
    assert len(lines) <= most_lines, log

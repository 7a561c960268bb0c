"""Where dispatch is measured: Kafka, Redis and a provider of its own, dispatchers as processes, and what they left."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec

from engine.decision import Action
from journeys.load import load_project
from local.services import Services
from streams.broker.publish import KafkaPublisher, Out
from streams.broker.reader import read_all
from streams.broker.topics import delete_all, migrate
from streams.definitions.deploy import deploy
from streams.settings import Settings
from streams.touchpoints.home import home

ROOT = Path(__file__).resolve().parent.parent
PROJECT = {
    "journeys/news.yaml": "journey: news\ntopic: offers\nttl: 1d\nenter: {on: news.wanted, again: always}\n"
    "steps:\n  - {send: news, channel: sms}\n  - {send: news, channel: webhook, id: hook}\n",
    "messages/news/message.yaml": "class: service\n",
    "messages/news/sms.txt": "Hello {{ event.name }}, sent {{ event.at }}",
    "messages/news/webhook.yaml": "to: slow\ntype: news\ndata: {at: '{{ event.at }}'}\n",
}
SECRET = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"
_TICKS = os.sysconf("SC_CLK_TCK")


class Dispatcher:
    """`sillage dispatcher` as a process."""

    def __init__(self, settings: dict[str, str], log: Path) -> None:
        environment = {**os.environ, **{f"SILLAGE_{name.upper()}": value for name, value in settings.items()}}
        command = [sys.executable, "-m", "cli.main", "dispatcher"]
        with log.open("ab") as errors:
            self.process = subprocess.Popen(command, stdout=errors, stderr=errors, cwd=ROOT, env=environment)

    def cpu(self) -> float:
        """Seconds of a core that it has used."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICKS

    def kill(self) -> None:
        """SIGKILL."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self) -> None:
        """SIGTERM, and its end."""
        self.process.terminate()
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.kill()


class House:
    """Topics, a provider and dispatchers of one row. `honours` says whether the provider drops an id that it had."""

    def __init__(self, services: Services, folder: Path, name: str, limits: dict[str, Any], *, honours: bool) -> None:
        self.folder = folder / name
        self.folder.mkdir()
        self.seen_file = self.folder / "seen.jsonl"
        command = [sys.executable, str(ROOT / "bench/dispatch_provider.py"), str(self.seen_file)]
        self._provider = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self._provider.stdout is not None
        self.url = f"http://127.0.0.1:{self._provider.stdout.readline().strip()}"
        gateway = {
            "kind": "http", "url": f"{self.url}/sms", "honours_id": honours, "reference": "id",
            "body": {"recipient": "{to}", "content": {"text": "{text}"}},
        }  # fmt: skip
        (self.folder / "sms.json").write_text(json.dumps(gateway))
        slow = {"slow": {"url": f"{self.url}/hang", "secret": SECRET, "timeout_seconds": 60}}
        (self.folder / "hooks.json").write_text(json.dumps(slow))
        self.given = {
            "kafka": services.kafka, "redis": services.redis, "prefix": f"bench-{name}-{os.getpid()}",
            "sms": str(self.folder / "sms.json"), "webhooks": str(self.folder / "hooks.json"),
            "limits": json.dumps(limits), "data": str(self.folder), "channels": "sms,webhook", "start": "earliest",
        }  # fmt: skip
        self.settings = Settings(**self.given)  # type: ignore[arg-type]
        self._hash = load_project(PROJECT).messages["news"].content_hash
        self.dispatchers: list[Dispatcher] = []

    def open(self) -> None:
        """Makes the topics and deploys."""
        migrate(self.settings)
        asyncio.run(deploy(self.settings, load_project(PROJECT), time.time_ns() // 1_000_000, "bench"))

    def start(self) -> Dispatcher:
        """One more dispatcher."""
        self.dispatchers.append(Dispatcher(self.given, self.folder / "dispatcher.log"))
        return self.dispatchers[-1]

    def action(self, number: int, channel: str = "sms") -> Action:
        """A message to one customer."""
        at = time.time()
        return Action(
            id=f"{channel}-{number}", customer=f"customer-{number}", journey="news", version="v", enrollment="e",
            step="news", message="news", message_hash=self._hash, channel=channel, topic="offers",
            recipient="+33612345678" if channel == "sms" else "slow",
            variables={"event": {"name": f"customer {number}", "at": f"{at:.4f}"}}, decided_at=int(at * 1000),
            class_="service",
        )  # fmt: skip

    async def publish(self, publisher: KafkaPublisher, actions: Sequence[Action]) -> None:
        """Puts actions where a worker would."""
        count = self.settings.partitions
        by_home: dict[int, list[Out]] = {}
        queued = [("queued_at", str(time.time_ns() // 1_000_000).encode())]
        for action in actions:
            out = Out(action.customer.encode(), msgspec.json.encode(action), queued)
            by_home.setdefault(home(action.customer, count), []).append(out)
        topic = self.settings.topic("actions")
        await asyncio.gather(*(publisher.append(topic, number, outs) for number, outs in by_home.items()))

    def seen(self, path: str = "/sms") -> list[tuple[float, str, str]]:
        """What came to the provider: when, id, body."""
        if not self.seen_file.exists():
            return []
        lines = [json.loads(line) for line in self.seen_file.read_text().splitlines() if line.endswith("]")]
        return [(at, name, body) for at, found, name, body in lines if found == path]

    async def values(self, name: str) -> list[dict[str, Any]]:
        """All that lies on a topic."""
        found = []
        for number in range(self.settings.partitions):
            async for rows in read_all(self.settings.brokers, self.settings.topic(name), number):
                found += [json.loads(row.value) for row in rows if row.value]
        return found

    def hang(self, until: float) -> None:
        """The provider of webhooks says nothing until then."""
        self.seen_file.with_suffix(".hang").write_text(str(until))

    def end(self) -> None:
        """Ends all of it."""
        for each in self.dispatchers:
            if each.process.poll() is None:
                each.stop()
        self._provider.kill()
        self._provider.wait()
        delete_all(self.settings)


@contextmanager
def house(services: Services, folder: Path, name: str, limits: dict[str, Any], *, honours: bool) -> Iterator[House]:
    """A house for one row, ended after it."""
    found = House(services, folder, name, limits, honours=honours)
    try:
        found.open()
        yield found
    finally:
        found.end()

"""A scripted night: real worker and dispatcher on a real Kafka and Redis, and a real Prometheus that scrapes them."""

import asyncio
import json
import time
from collections.abc import Iterable, Iterator
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import urlopen

import pytest
from breakable import FOLDER, Kept, event, people
from tools import tool
from waiting import wait_until

from journeys.load import load_project
from local.mailbox import Mailbox
from local.observe import prometheus
from local.ports import free_port
from local.push import PushService
from local.services import Services
from streams.broker.publish import KafkaPublisher, Out
from streams.broker.topics import migrate
from streams.context.publish import publish as put_context
from streams.context.publish import record
from streams.definitions.deploy import deploy
from streams.settings import Settings
from streams.touchpoints.home import home

WAVES = 3
CROWD = 4
DEFINITIONS = {
    **FOLDER,
    "messages/umbrella/message.yaml": "title: Umbrella\nclass: marketing\n",
    "messages/umbrella/push.yaml": 'title: "It rains"\nbody: "Come in."\n',
    "journeys/umbrella.yaml": """\
journey: umbrella
topic: offers
ttl: 1d
enter:
  on: position.reported
  where: near(customer.place, "stores", 300)
  again: always
steps:
  - send: umbrella
    channel: push
""",
    "journeys/nudge.yaml": """\
journey: nudge
topic: offers
ttl: 1d
enter:
  on: basket.updated
  again: always
steps:
  - wait: 1s
  - send: thanks
    channel: email
""",
    "journeys/quiz.yaml": """\
journey: quiz
topic: offers
ttl: 1d
enter:
  on: quiz.taken
  again: always
steps:
  - choose:
      - when: entry.score > 3
        do:
          - send: thanks
            channel: email
      - else:
          - exit: wrong
""",
}
STORE = {"id": "s1", "kind": "stores", "name": "Here", "lat": 48.85, "lon": 2.33}
RAIN = {"id": "w1", "lat": 48.85, "lon": 2.33, "radius_m": 3000, "raining": True, "at": "2026-01-01T00:00:00Z"}


class Night:
    """What happened: `waves` of it to a `crowd` of people, until `at`; and Prometheus to ask about it."""

    waves, crowd = WAVES, CROWD

    def __init__(self, url: str) -> None:
        self.url = url
        self.at: float | None = None

    def ask(self, query: str) -> list[dict[str, Any]]:
        """The series of a query at the end of the night, or now while it lasts, each with `metric` and `value`."""
        found: list[dict[str, Any]] = self._get("query", {"query": query, **({"time": self.at} if self.at else {})})[
            "result"
        ]
        return found

    def exemplars(self, metric: str) -> list[str]:
        """The ids of traces that a metric names."""
        found = self._get("query_exemplars", {"query": metric, "start": time.time() - 600, "end": time.time()})
        return [each["labels"]["trace_id"] for series in found for each in series["exemplars"]]

    def _get(self, path: str, asked: dict[str, Any]) -> Any:
        """Fails with what Prometheus finds wrong."""
        try:
            with urlopen(f"{self.url}/api/v1/{path}?{urlencode(asked)}", timeout=10) as answer:
                return json.load(answer)["data"]
        except HTTPError as fault:
            raise AssertionError(fault.read().decode()) from None

    def number(self, query: str) -> float:
        """The one number of a query; 0 where there is none."""
        found = self.ask(query)
        return float(found[0]["value"][1]) if found else 0.0


class Script:
    """Publishes touchpoints as the script of the night says, each wave with ids of its own."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def run(self, *batches: tuple[str, Iterable[Out]], away: bool = False) -> None:
        """Publishes each batch to its channel, at the homes of the customers, or all `away` from them."""
        asyncio.run(self._run(batches, away))

    async def _run(self, batches: Iterable[tuple[str, Iterable[Out]]], away: bool) -> None:
        publisher = KafkaPublisher(self._settings.kafka)
        await publisher.start()
        try:
            for channel, outs in batches:
                for out in outs:
                    where = home((out.key or b"").decode(), self._settings.partitions)
                    where = (where + away) % self._settings.partitions
                    await publisher.append(self._settings.topic(f"touchpoints.{channel}"), where, [out])
        finally:
            await publisher.stop()


def introductions() -> list[Out]:
    """People who may be written to; p0 may be located and has the app."""
    outs = []
    for name in people(CROWD):
        outs.append(event(name, "customer.updated", set={"email": f"{name}@x.example", "push": f"device-{name}"}))
        outs.append(event(name, "consent.changed", 0, topic="offers", channel="email", given=True))
    outs.append(event("p0", "consent.changed", 1, topic="offers", channel="push", given=True))
    outs.append(event("p0", "consent.changed", 2, topic="location", channel="app", given=True))
    return outs


def wave(number: int) -> list[tuple[str, list[Out]]]:
    """Orders of all, a used card, a basket, somebody near a store, an answer that cannot be compared, a stranger."""
    n = number + 10
    position = json.loads(event("p0", "position.reported", n).value or b"")
    position["place"] = {"lat": 48.85, "lon": 2.33, "accuracy_m": 10}
    web = [event(name, "order.placed", n) for name in people(CROWD)]
    web += [event("p1", "card.used", n), event("p1", "basket.updated", n), event("p2", "quiz.taken", n, score="all")]
    web += [event("stranger", "order.placed", n)]
    return [("web", web), ("app", [Out(b"p0", json.dumps(position).encode())])]


def oddities() -> list[Out]:
    """One each: bytes that are no JSON, a repeat, no id, an unknown field, the future."""
    later = int(time.time() * 1000) + 86_400_000
    return [
        Out(b"p0", b"no json"),
        event("p0", "order.placed", 10),
        Out(b"p0", json.dumps({"type": "page.seen", "customer": "p0"}).encode()),
        Out(b"p0", json.dumps({"id": "x", "type": "page.seen", "customer": "p0", "colour": "red"}).encode()),
        Out(b"p0", json.dumps({"id": "f", "type": "page.seen", "customer": "p0", "occurred_at": later}).encode()),
    ]


@pytest.fixture(scope="session")
def night(services: Services, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Night]:
    """The night after its script, processes still at work."""
    folder = tmp_path_factory.mktemp("night")
    program = tool("prometheus")
    with Mailbox() as mailbox, PushService() as phones:
        settings = Settings(
            kafka=services.kafka, redis=services.redis, smtp=mailbox.url, prefix=f"night{time.time_ns() % 10**9}",
            data=folder, partitions=2, channels="web,app,email,push", start="earliest", push_url=phones.url,
            push=str(phones.write_account(folder / "account.json")),
        )  # fmt: skip
        migrate(settings)
        asyncio.run(deploy(settings, load_project(DEFINITIONS), time.time_ns() // 1_000_000, "night"))
        for kind, thing in (("places", STORE), ("weather", RAIN)):
            asyncio.run(put_context(settings, kind, [record(thing)]))
        ports = {"worker": free_port(), "dispatcher": free_port()}
        both = [Kept(name, settings.model_copy(update={"metrics_port": port}), folder) for name, port in ports.items()]
        with prometheus(program, ports, folder) as url:
            try:
                for each in both:
                    each.start()
                found = Night(url)
                play(found, Script(settings), mailbox)
                found.at = time.time()
                yield found
            except TimeoutError as late:
                raise AssertionError("\n".join([str(late), *(each.log for each in both)])) from None
            finally:
                for each in both:
                    each.kill()


def play(night: Night, script: Script, mailbox: Mailbox) -> None:
    """The script, each wave once the one before it has left and was scraped: rates need two values of a counter."""
    mailbox.answers["p3@x.example"] = "550 no such mailbox"
    wait_until(lambda: night.number("count(sillage_commit_age_seconds)") == 2, 120)
    wait_until(lambda: night.number("sum(sillage_context_records)") >= 2, 30)
    script.run(("web", introductions()))
    settled = "sum(sillage_dispatches_total)"
    for number in range(WAVES):
        script.run(*wave(number))
        wait_until(lambda number=number: night.number(settled) == (number + 1) * (CROWD + 3), 60)
    script.run(("web", oddities()))
    script.run(("web", [event("p1", "page.seen", 99)]), away=True)
    wait_until(lambda: night.number("sum(sillage_clamped_instants_total)") == 1, 30)
    # A dead letter leaves with the next lazy pass, up to a second after the event behind it was decided.
    wait_until(lambda: night.number("sum(sillage_dead_letters_total)") == 1, 30)
    wait_until(lambda: night.number("sum(sillage_forwards_total)") == 1, 30)
    receipts = "sum(sillage_events_total{channel='email'})"
    wait_until(lambda: night.number(receipts) == WAVES * (CROWD + 2), 30)

"""The door for providers over HTTP: what counts once, what comes again, and how much is held at a time."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import pytest
import signing
from onelife import Life, journey_of
from prometheus_client import CollectorRegistry
from published import Published
from signing import NOW, SIGNED, amazon, providers
from waiting import until

from streams.inbound import door as inbound
from streams.inbound.call import Call
from streams.links.answers import Answers
from streams.links.server import Server
from streams.links.shelf import MemoryShelf
from streams.links.tokens import REFERENCE, Keys, Reference
from streams.metrics.metrics import Metrics
from streams.settings import Settings

KEYS = Keys({"2026": "k" * 32})
ANN = KEYS.seal(REFERENCE, Reference("ann", "a1", "tea", "email", NOW))
SETTINGS = Settings(serve_port=0, serve_host="127.0.0.1", links_url=signing.URL)
MAIL = {"id": "e1", "timestamp": NOW / 1000, "user-variables": {"sillage": ANN}}
DELIVERED, TEMPORARY = {**MAIL, "event": "delivered"}, {**MAIL, "event": "failed", "severity": "temporary"}
GONE = {**MAIL, "event": "unsubscribed", "id": "e2"}


@dataclass
class Doorway(Published):
    """A server that listens for providers, and what was published; `away` refuses every write, `shut` lets none end."""

    shelf: MemoryShelf = field(default_factory=MemoryShelf)
    open: asyncio.Event = field(default_factory=asyncio.Event)
    registry: CollectorRegistry = field(default_factory=CollectorRegistry)

    async def publish(self, found: Answers) -> None:
        if not self.away:
            await self.open.wait()
        await super().publish(found)

    def types(self) -> list[str]:
        return [json.loads(out.value or b"")["type"] for found in self.kept for out in found.records]

    async def call(self, name: str, call: Call) -> int:
        return (await self.answer(name, call.body, dict(call.headers)))[0]

    async def answer(self, name: str, body: Any, headers: dict[str, str]) -> tuple[int, str]:
        url = f"http://127.0.0.1:{self.port}/in/{name}"
        async with self.client.post(url, data=body, headers=headers) as answer:
            return answer.status, answer.headers.get("Retry-After", "")

    def refused(self, provider: str, code: str) -> float:
        return (
            self.registry.get_sample_value("sillage_inbound_refused_total", {"provider": provider, "code": code}) or 0
        )


@asynccontextmanager
async def opened() -> AsyncIterator[Doorway]:
    way = Doorway()
    way.open.set()
    serving, catalog = Metrics(way.registry).serving, Life(journey_of(steps=[{"send": "hello"}])).catalog
    door = inbound.Door(SETTINGS, providers(), KEYS, way.shelf, way.publish, lambda: NOW, amazon, serving)
    server = Server(SETTINGS, KEYS, way.publish, lambda: catalog, lambda: NOW, others=door.routes())
    await server.start()
    way.port = server.port
    try:
        async with aiohttp.ClientSession() as way.client:
            yield way
    finally:
        await server.stop()


@pytest.mark.parametrize("first", [DELIVERED, TEMPORARY], ids=["heard", "passed over"])
async def test_a_kept_call_of_mailgun_says_nothing_else_and_says_the_same_again(first: dict[str, Any]) -> None:
    async with opened() as way:
        assert await way.call("mailgun", signing.mailgun(NOW, first)) == 200
        told = way.types()
        assert await way.call("mailgun", signing.mailgun(NOW, GONE)) == 401
        # What Mailgun tries again is the event of the first time, however its names are ordered.
        assert await way.call("mailgun", signing.mailgun(NOW, dict(reversed(first.items())))) == 200
        assert way.types() == told * 2 and "consent.changed" not in told
        assert way.refused("mailgun", "replayed") == 1
        assert await way.call("mailgun", signing.mailgun(NOW, GONE, token="u" * 50)) == 200


async def test_what_kafka_did_not_keep_is_heard_when_mailgun_tries_again() -> None:
    async with opened() as way:
        way.away = True
        assert await way.call("mailgun", signing.mailgun(NOW, DELIVERED)) == 503
        way.away = False
        assert await way.call("mailgun", signing.mailgun(NOW, DELIVERED)) == 200
        assert way.types() == ["message.delivered"]


async def test_without_redis_mailgun_is_asked_to_come_again_and_who_signs_the_event_is_heard() -> None:
    async with opened() as way:
        way.shelf.away = True
        assert await way.call("mailgun", signing.mailgun(NOW, DELIVERED)) == 503
        event = [{"event": "delivered", "sg_event_id": "e1", "sillage": ANN}]
        assert await way.call("sendgrid", signing.sendgrid(NOW, event)) == 200
        assert way.types() == ["message.delivered"]


async def test_a_signature_that_is_wrong_takes_no_word() -> None:
    async with opened() as way:
        call = signing.mailgun(NOW, DELIVERED)
        forged = call._replace(body=call.body.replace(b'"signature": "', b'"signature": "0'))
        assert await way.call("mailgun", forged) == 401
        assert way.shelf.words == {}


@pytest.fixture
def narrow(monkeypatch: pytest.MonkeyPatch) -> int:
    """Bytes of which a call has at most so many, and all in hand twice as many."""
    monkeypatch.setattr(inbound, "MOST_BYTES", 10_000)
    monkeypatch.setattr(inbound, "MOST_IN_HAND", 20_000)
    return 10_000


def padded(size: int) -> Call:
    """A delivery that a gateway tells in so many bytes."""
    call = SIGNED["gateway"](NOW)
    told = json.loads(call.body) | {"ref": ANN, "pad": ""}
    return call._replace(body=json.dumps({**told, "pad": "x" * (size - len(json.dumps(told)))}).encode())


async def test_more_bytes_than_may_be_in_hand_come_again_later_and_the_others_are_kept(narrow: int) -> None:
    async with opened() as way:
        way.open.clear()
        slow = [asyncio.create_task(way.call("gateway", padded(narrow))) for _ in range(2)]
        await until_full(way)
        assert await way.answer("gateway", padded(500).body, dict(padded(500).headers)) == (503, "60")
        assert way.refused("gateway", "full") >= 2
        way.open.set()
        assert [await each for each in slow] == [200, 200]
        assert await way.call("gateway", padded(narrow)) == 200


async def trickle(size: int, stop: asyncio.Event) -> AsyncIterator[bytes]:
    """So many bytes at once, in chunks that announce no length, and the rest when it is time."""
    yield b"x" * size
    await stop.wait()
    yield b"x"


async def until_full(way: Doorway) -> None:
    async def full() -> bool:
        return (await way.answer("gateway", b"x" * 100, {}))[0] == 503

    await until(full, 10.0)


async def test_what_comes_without_a_length_counts_as_it_comes_and_is_given_back(narrow: int) -> None:
    async with opened() as way:
        stop = asyncio.Event()
        held = [asyncio.create_task(way.answer("gateway", trickle(narrow - 1, stop), {})) for _ in range(2)]
        await until_full(way)
        assert (await way.answer("gateway", trickle(100, stop), {}))[0] == 503
        stop.set()
        # They are not signed, and what they held is free again.
        assert [(await each)[0] for each in held] == [401, 401]
        assert await way.call("gateway", padded(narrow)) == 200
        assert (await way.answer("gateway", b"x" * (narrow + 1), {}))[0] == 413
        assert (await way.answer("gateway", trickle(narrow, stop), {}))[0] == 413
        # What is announced to be too long is not waited for.
        announced = {"Content-Length": str(narrow + 1)}
        assert (await way.answer("gateway", trickle(1, asyncio.Event()), announced))[0] == 413
        assert await way.call("gateway", padded(narrow)) == 200

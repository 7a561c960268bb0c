"""Calls on a real Kafka, by real processes that are killed: nothing is lost, and each journey goes on once."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from breakable import SESSION_SECONDS, House, calm, event
from calls.misbehaving import Service, after, breaks_off, closes, endless, hangs, says, sends
from waiting import until

from journeys.load import load_project
from local.kafka import KafkaServer
from local.mailbox import Mailbox
from local.redis import RedisServer
from streams.definitions.deploy import deploy
from streams.settings import Settings

JOURNEY = """\
journey: scored
topic: offers
ttl: 2d
enter: {on: basket.updated, key: event.basket_id}
exit: [{on: order.placed, as: bought}]
steps:
  - call: score
    with: {tier: customer.tier, basket: event.basket_id}
    as: score
    within: 1m
    else:
      - exit: alone
  - choose:
      - when: vars.score.points >= 5
        do: [{exit: high}]
      - else: [{exit: low}]
"""


def definitions(url: str, *names: str) -> dict[str, str]:
    """A service and a journey for each name; one that `hangs` is not waited for as long as the others."""
    services = "".join(
        f"  {name}:\n    url: {url}/{name}\n    timeout: {'2s' if name == 'hangs' else '15s'}\n    retries: 2\n"
        for name in names
    )
    journeys = {
        f"journeys/{name}.yaml": JOURNEY.replace("scored", name).replace("call: score", f"call: {name}")
        for name in names
    }
    return {"project.yaml": f"services:\n{services}", **journeys}


class Shop(House):
    """A house with services; its processes are not started yet."""

    service: Service

    async def offer(self, *names: str) -> None:
        """Deploys the services and journeys of these names."""
        await deploy(
            self.settings, load_project(definitions(self.service.url, *names)), time.time_ns() // 1_000_000, "t"
        )

    async def ended(self, journey: str) -> Counter[str]:
        """How many enrollments of the journey ended how."""
        lines = [line for one in await self.values("decisions") for line in one.get("lines", [])]
        found = [line for line in lines if line["what"] == "exited" and line["journey"] == journey]
        assert len({line["enrollment"] for line in found}) == len(found), "an enrollment ended twice"
        return Counter(line["code"] for line in found)

    async def noted(self, what: str) -> list[dict[str, Any]]:
        lines = [line for one in await self.values("decisions") for line in one.get("lines", [])]
        return [line for line in lines if line["what"] == what]

    async def answers(self) -> list[dict[str, Any]]:
        """Every answer that was published, also a second time."""
        found = [one for one in await self.values("touchpoints.web") if one["type"].startswith("call.")]
        return [one["properties"] | {"id": one["id"]} for one in found]


def baskets(customers: list[str]) -> list[Any]:
    return [event(name, "basket.updated", 1, basket_id=f"b-{name}") for name in customers]


@pytest.fixture
async def shop(
    kafka: str, redis_url: str, mailbox: Mailbox, prefix: str, tmp_path: Path, service: Service
) -> AsyncIterator[Shop]:
    settings = Settings(
        kafka=kafka, redis=redis_url, smtp=mailbox.url, prefix=prefix, data=tmp_path,
        partitions=2, channels="web", start="earliest", trace="all", session_seconds=SESSION_SECONDS,
    )  # fmt: skip
    house = Shop(KafkaServer(tmp_path / "none"), RedisServer(tmp_path / "none"), mailbox, settings)
    house.service = service
    await house.prepare()
    try:
        yield house
    finally:
        house.worker.kill()
        house.dispatcher.kill()


@pytest.mark.slow
async def test_a_caller_killed_in_the_middle_loses_nothing_and_each_journey_goes_on_once(shop: Shop) -> None:
    service, customers = shop.service, [f"c{n}" for n in range(40)]
    turn = asyncio.Event()
    service.script["/score"] = [*[says({"points": 7})] * 10, after(turn, {"points": 7})]
    await shop.offer("score")
    shop.start()
    await shop.publish(baskets(customers))
    await until(lambda: len(service.keys) >= 20, 60)
    await until(lambda: _some(shop.answers()), 30)
    shop.dispatcher.kill()
    turn.set()
    service.script["/score"] = [says({"points": 3})]
    asked = len(service.keys)
    shop.dispatcher.start()

    async def all_ended() -> bool:
        return sum((await shop.ended("score")).values()) == len(customers)

    await until(all_ended, 60)
    ended = await shop.ended("score")
    assert set(ended) == {"high", "low"}, ended
    assert len(service.keys) == len(customers)
    assert sum(service.keys.values()) > len(customers), "nobody was asked twice, so nothing was in the middle"
    answers = await shop.answers()
    assert {one["call_id"] for one in answers} == {key for _, key in service.keys}
    assert len({one["id"] for one in answers}) == len(customers)
    assert asked < len(customers)
    calm(shop.worker.log)


@pytest.mark.slow
async def test_a_worker_killed_while_a_service_is_asked_goes_on_with_its_answer(shop: Shop) -> None:
    service, turn = shop.service, asyncio.Event()
    service.script["/score"] = [after(turn, {"points": 9})]
    await shop.offer("score")
    shop.start()
    await shop.publish(baskets(["ann"]))
    await until(lambda: service.keys, 60)
    shop.worker.kill()
    turn.set()
    await until(lambda: _some(shop.answers()), 30)
    shop.worker.start()

    async def gone_on() -> bool:
        return await shop.ended("score") == {"high": 1}

    await until(gone_on, 60)
    assert sum(service.keys.values()) == 1
    shop.dispatcher.stop()
    shop.dispatcher.start()
    await shop.publish(baskets(["bob"]))

    async def both() -> bool:
        return await shop.ended("score") == {"high": 2}

    await until(both, 60)
    assert set(service.keys.values()) == {1}, "an offset was not committed at a clean end"


@pytest.mark.slow
async def test_services_that_misbehave_lead_to_else_and_slow_nobody(shop: Shop) -> None:
    service = shop.service
    bad = {
        "hangs": hangs, "fails": says({}, 500), "full": says({}, 429, **{"Retry-After": "1"}), "closes": closes,
        "breaks": breaks_off, "huge": endless, "html": sends(b"<html>"), "wrong": says({}, 404),
    }  # fmt: skip
    for name, behaviour in bad.items():
        service.script[f"/{name}"] = [behaviour]
    service.script["/good"] = [says({"points": 7})]
    await shop.offer("good", *bad)
    shop.start()
    await shop.publish(baskets(["ann"]))

    async def over() -> bool:
        return len(await shop.answers()) == 1 + len(bad)

    await until(over, 60)
    codes = {one["service"]: one.get("code", "done") for one in await shop.answers()}
    assert codes == {
        "good": "done", "hangs": "time_out", "fails": "http_500", "full": "http_429", "closes": "no_answer",
        "breaks": "no_answer", "huge": "too_large", "html": "not_json", "wrong": "http_404",
    }  # fmt: skip
    for name in bad:
        await until(lambda name=name: _is(shop.ended(name), {"alone": 1}), 10)
    assert await shop.ended("good") == {"high": 1}
    tries = Counter(path.removeprefix("/") for path, _ in service.keys.elements())
    assert tries == {
        "good": 1, "hangs": 3, "fails": 3, "full": 3, "closes": 3, "breaks": 3, "huge": 1, "html": 1, "wrong": 1,
    }  # fmt: skip
    calm(shop.worker.log)
    calm(shop.dispatcher.log)


@pytest.mark.slow
async def test_an_answer_for_one_who_has_left_changes_nothing(shop: Shop) -> None:
    service, turn = shop.service, asyncio.Event()
    service.script["/score"] = [after(turn, {"points": 7})]
    await shop.offer("score")
    shop.start()
    await shop.publish(baskets(["ann"]))
    await until(lambda: service.keys, 60)
    await shop.publish([event("ann", "order.placed", 2, basket_id="b-ann")])
    await until(lambda: _is(shop.ended("score"), {"bought": 1}), 60)
    turn.set()
    await until(lambda: _some(shop.answers()), 60)
    await shop.publish([event("ann", "page.viewed", 3)])

    async def seen() -> bool:
        return any(one["input"].get("event", {}).get("type") == "page.viewed" for one in await shop.values("decisions"))

    await until(seen, 60)
    assert await shop.ended("score") == {"bought": 1}
    assert await shop.noted("woke") == []
    assert (await shop.values("calls"))[0]["data"] == {"basket": "b-ann"}


async def _some(found: Any) -> bool:
    return bool(await found)


async def _is(found: Any, wanted: object) -> bool:
    return bool(await found == wanted)

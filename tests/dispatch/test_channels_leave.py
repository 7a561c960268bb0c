"""Pushes and webhooks from the touchpoint to who gets them: real Kafka, Redis, worker, dispatcher and services."""

import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from breakable import SESSION_SECONDS, House, calm, event, people
from waiting import until

from journeys.load import load_project
from local.hooks import DROP, Hooks
from local.kafka import KafkaServer
from local.mailbox import Mailbox
from local.push import HANG, PushService
from local.redis import RedisServer
from streams.definitions.deploy import deploy
from streams.settings import Settings

RAIN = {
    "journeys/rain.yaml": "journey: rain\ntopic: offers\nttl: 1d\nenter: {on: rain.began, again: always}\n"
    "steps:\n  - send: umbrella\n    void_after: 20m\n",
    "journeys/rescue.yaml": "journey: rescue\ntopic: service\nttl: 1d\nenter: {on: basket.saved, again: always}\n"
    "steps:\n  - send: rescued\n",
    "messages/rescued/message.yaml": "class: service\n",
    "messages/rescued/webhook.yaml": "to: crm\ntype: basket.rescued\ndata: {basket: '{{ event.basket_id }}'}\n",
    "messages/umbrella/message.yaml": "class: marketing\n",
    "messages/umbrella/push.yaml": 'title: It rains, {{ customer.id }}\nbody: "At {{ event.store }}"\n',
}


@pytest.fixture
def service() -> Iterator[PushService]:
    with PushService() as found:
        yield found


@pytest.fixture
def hooks() -> Iterator[Hooks]:
    with Hooks() as found:
        yield found


@pytest.fixture
async def town(
    kafka: str, redis_url: str, mailbox: Mailbox, service: PushService, hooks: Hooks, prefix: str, tmp_path: Path
) -> AsyncIterator[House]:
    """Journeys that push and call are deployed; worker and dispatcher run."""
    account = service.write_account(tmp_path / "account.json")
    settings = Settings(
        kafka=kafka, redis=redis_url, smtp=mailbox.url, prefix=prefix, data=tmp_path, partitions=2,
        channels="web,email,push", start="earliest", push=str(account), push_url=service.url,
        webhooks=str(hooks.write_endpoints(tmp_path / "endpoints.json", "crm")), session_seconds=SESSION_SECONDS,
    )  # fmt: skip
    house = House(KafkaServer(tmp_path / "none"), RedisServer(tmp_path / "none"), mailbox, settings)
    await house.prepare()
    await deploy(settings, load_project(RAIN), time.time_ns() // 1_000_000, "test")
    house.start()
    try:
        yield house
    finally:
        house.end()


async def introduce(town: House, customers: list[str]) -> None:
    outs = [event(name, "customer.updated", set={"push": f"device-{name}"}) for name in customers]
    outs += [event(name, "consent.changed", topic="offers", channel="push", given=True) for name in customers]
    await town.publish(outs)


async def receipts(town: House) -> dict[str, str]:
    """What the customers' receipts say: type and code."""
    found = await town.values("touchpoints.push")
    return {one["customer"]: f"{one['type']} {one['properties'].get('code', '')}".strip() for one in found}


@pytest.mark.slow
async def test_a_push_and_a_webhook_that_may_have_arrived_leave_once_and_what_became_of_them_comes_back(
    town: House, service: PushService, hooks: Hooks
) -> None:
    hooks.answer = DROP
    service.answers["device-p1"] = "UNREGISTERED"
    await introduce(town, people(2))
    await town.publish([event(name, "basket.saved", basket_id=f"b-{name}") for name in people(5)])
    await town.publish([event(name, "rain.began", store="Sèvres") for name in people(2)])
    await until(lambda: len(hooks.calls) == 5 and hooks.repeats >= 1, 60)
    hooks.answer = 200
    await until(lambda: _told(town, 5, "web"), 60)
    assert {call.data["basket"] for call in hooks.calls} == {f"b-{name}" for name in people(5)}
    assert {call.type for call in hooks.calls} == {"basket.rescued"}
    told = [one["type"] for one in await town.values("touchpoints.web")]
    assert {type_ for type_ in told if type_.startswith(("message.", "action."))} == {"message.sent"}
    await until(lambda: _told(town, 2), 60)
    [landed] = service.pushes
    assert (landed.token, landed.title, landed.body) == ("device-p0", "It rains, p0", "At Sèvres")
    assert 1000 < int(landed.message["android"]["ttl"].removesuffix("s")) <= 1200
    assert await receipts(town) == {"p0": "message.sent", "p1": "message.failed push_unregistered"}
    calm(town.dispatcher.log)


@pytest.mark.slow
async def test_a_killed_dispatcher_pushes_nothing_twice(town: House, service: PushService) -> None:
    customers = people(40)
    service.answers["device-p0"] = HANG
    await introduce(town, customers)
    await town.publish([event("p0", "rain.began", store="Sèvres")])
    await until(lambda: _reserved(town), 60)
    await town.publish([event(name, "rain.began", store="Sèvres") for name in customers[1:]])
    await until(lambda: len(service.pushes) >= 15, 60)
    town.dispatcher.kill()
    service.answers.clear()
    town.dispatcher.start()
    await until(lambda: _told(town, len(customers)), 60)
    told = await receipts(town)
    pushes = Counter(landed.token for landed in service.pushes)
    assert set(pushes.values()) == {1}
    assert told["p0"] == "message.failed unresolved"
    assert {f"device-{name}" for name, what in told.items() if what == "message.sent"} <= pushes.keys()


async def _reserved(town: House) -> bool:
    return any(entry["status"] == "reserved" for entry in await town.values("dispatches"))


async def _told(town: House, count: int, channel: str = "push") -> bool:
    found = await town.values(f"touchpoints.{channel}")
    return len({one["customer"] for one in found if one["type"].startswith("message.")}) == count

"""Places and weather on a real Kafka: read before the first decision, followed after it, put by a command."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from breakable import House, calm, event
from click.testing import CliRunner, Result
from prometheus_client import CollectorRegistry, generate_latest
from waiting import until

from cli.main import main
from journeys.load import load_project
from local.demo.house import environment
from local.kafka import KafkaServer
from local.mailbox import Mailbox
from local.redis import RedisServer
from streams.broker.publish import KafkaPublisher, Out
from streams.broker.reader import read_all
from streams.broker.topics import migrate
from streams.context.follower import NoContextTopic, Surroundings
from streams.context.publish import publish, record, removal
from streams.definitions.deploy import deploy
from streams.metrics.metrics import Metrics
from streams.settings import Settings

AROUND = [[2.32, 48.84], [2.34, 48.84], [2.34, 48.86], [2.32, 48.86], [2.32, 48.84]]
QUARTER = {"id": "q1", "kind": "quarters", "name": "Sèvres-Babylone"} | {
    "geometry": {"type": "Polygon", "coordinates": [AROUND]}
}
STORE = {"id": "s1", "kind": "stores", "name": "Sèvres", "lat": 48.8512, "lon": 2.3264}
RAIN = {
    "journeys/rain.yaml": "journey: rain\ntopic: offers\nttl: 1d\n"
    "enter: {on: position.reported, where: 'weather(customer.place).raining && "
    'near(customer.place, "stores", 300)\', again: always}\n'
    "steps:\n  - set: {vars.store: 'nearest(customer.place, \"stores\", 300).name'}\n  - send: umbrella\n",
    "journeys/arrive.yaml": "journey: arrive\ntopic: offers\nttl: 1d\nenter: {enters_place: quarters}\n"
    "steps:\n  - set: {customer.quarter: event.name}\n",
    "messages/umbrella/message.yaml": 'class: marketing\nsubject: "Rain at {{ vars.store }}"\n',
    "messages/umbrella/email.txt": "An umbrella waits.",
}


def rain(raining: bool = True) -> dict[str, object]:
    return {"id": "w1", "lat": 48.85, "lon": 2.33, "radius_m": 3000, "raining": raining, "at": time.time_ns() // 10**6}


@pytest.fixture
async def topics(settings: Settings) -> Settings:
    await asyncio.to_thread(migrate, settings)
    return settings


@pytest.fixture
async def publisher(settings: Settings) -> AsyncIterator[KafkaPublisher]:
    one = KafkaPublisher(settings.kafka)
    await one.start()
    yield one
    await one.stop()


async def test_all_that_lies_there_is_known_at_the_start_and_followed(
    topics: Settings, publisher: KafkaPublisher
) -> None:
    await publish(topics, "places", [record(STORE), record({**STORE, "id": "s2"}), removal("s2")])
    registry = CollectorRegistry()
    around = Surroundings(topics, publisher, Metrics(registry))
    await around.start()
    try:
        assert list(around.context.places) == ["s1"]
        await publish(topics, "weather", [record(rain())])
        await until(lambda: "w1" in around.context.areas)
        await publish(topics, "places", [removal("s1")])
        await until(lambda: not around.context.places)
        await publish(topics, "stock", [record({"id": "sku-1", "left": 3})])
        await until(lambda: around.context.thing("stock", "sku-1") == {"id": "sku-1", "left": 3})
        assert b'sillage_context_records{kind="stock"} 1.0' in generate_latest(registry)
        assert b'sillage_context_records{kind="weather"} 1.0' in generate_latest(registry)
    finally:
        await around.stop()


async def test_what_cannot_be_used_is_a_dead_letter_and_changes_nothing(
    topics: Settings, publisher: KafkaPublisher
) -> None:
    bad = [Out(b"s1", b"{"), Out(b"\xff", b"{}"), record({**STORE, "lat": 100})]
    await publish(topics, "places", [record(STORE), *bad])
    around = Surroundings(topics, publisher, Metrics(CollectorRegistry()))
    await around.start()
    await around.stop()
    assert around.context.places["s1"].lat == 48.8512
    dead = [row async for rows in read_all(topics.kafka, topics.topic("context.places.dead"), 0) for row in rows]
    assert [row.value for row in dead] == [out.value for out in bad]
    reasons = [dict(row.headers)["reason"].decode() for row in dead]
    assert "/0/1: the value is no JSON" in reasons[0]
    assert reasons[2].endswith("lat is 100, expected a number from -90 to 90")


async def test_a_topic_that_is_not_there_is_named(settings: Settings, publisher: KafkaPublisher) -> None:
    around = Surroundings(settings, publisher, Metrics(CollectorRegistry()))
    with pytest.raises(NoContextTopic, match=r"context\.places does not exist; `sillage topics --migrate`"):
        await around.start()
    await around.stop()


@pytest.fixture
async def town(
    kafka: str, redis_url: str, mailbox: Mailbox, prefix: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[House]:
    """A journey that asks for rain and stores is deployed; nothing runs yet."""
    settings = Settings(
        kafka=kafka, redis=redis_url, smtp=mailbox.url, prefix=prefix, data=tmp_path,
        partitions=2, channels="web,email,app", start="earliest", trace="all",
    )  # fmt: skip
    for name, value in environment(settings).items():
        monkeypatch.setenv(name, value)
    house = House(KafkaServer(tmp_path / "none"), RedisServer(tmp_path / "none"), mailbox, settings)
    await house.prepare()
    await deploy(settings, load_project(RAIN), time.time_ns() // 1_000_000, "test")
    yield house
    house.end()


def walks_by(customer: str, number: int = 0) -> Out:
    value = {
        "id": f"{customer}-{number}", "type": "position.reported", "customer": customer,
        "place": {"lat": 48.8515, "lon": 2.327, "accuracy_m": 12},
    }  # fmt: skip
    return Out(customer.encode(), json.dumps(value).encode())


@pytest.mark.slow
async def test_a_worker_knows_its_surroundings_before_the_first_touchpoint(town: House) -> None:
    await town.introduce(["ada"])
    await town.publish([event("ada", "consent.changed", 1, topic="location", channel="app", given=True)])
    await town.publish([walks_by("ada")])
    await publish(town.settings, "places", [record({**STORE, "id": f"s{number}"}) for number in range(3_000)])
    await publish(town.settings, "places", [record(QUARTER)])
    await publish(town.settings, "weather", [record(rain())])
    town.start()
    await town.delivered([("ada", "Rain at Sèvres")], 60)
    lines = [line for trace in await town.values("decisions") for line in trace["lines"]]
    assert [line["data"]["value"] for line in lines if line.get("journey") == "arrive" and line["what"] == "set"] == [
        QUARTER["name"]
    ]
    await publish(town.settings, "weather", [record(rain(False))])
    await until(lambda: _silent(town), 60)
    calm(town.worker.log)


async def _silent(town: House) -> bool:
    """Whether one more walk by leads to nothing: the change of the weather is known."""
    before = len(await town.values("actions"))
    number = time.time_ns()
    await town.publish([walks_by("ada", number)])
    await until(lambda: _applied(town, f"ada-{number}"), 30)
    return len(await town.values("actions")) == before


async def _applied(town: House, name: str) -> bool:
    return any(trace["input"].get("event", {}).get("id") == name for trace in await town.values("decisions"))


async def sillage(*arguments: str) -> Result:
    return await asyncio.to_thread(CliRunner().invoke, main, ["context", *arguments])


async def test_things_are_put_listed_and_removed_by_hand(town: House, tmp_path: Path) -> None:
    places, weather = tmp_path / "places.jsonl", tmp_path / "weather.jsonl"
    places.write_text(json.dumps(STORE) + "\n\n" + json.dumps({**STORE, "id": "s2", "name": "Bac"}) + "\n")
    weather.write_text(json.dumps(rain()) + "\n")
    assert "nothing is known" in (await sillage("list", "places")).output
    assert (await sillage("put", "places", str(places))).output == "places: 2 published\n"
    assert (await sillage("put", "weather", str(weather))).output == "weather: 1 published\n"
    assert [line.split()[0] for line in (await sillage("list", "places")).output.splitlines()] == ["id", "s1", "s2"]
    assert (await sillage("list", "weather")).output.splitlines()[1].split()[0] == "w1"
    stock = tmp_path / "stock.jsonl"
    stock.write_text('{"id": "sku-1", "left": 3}\n')
    assert (await sillage("put", "stock", str(stock))).output == "stock: 1 published\n"
    assert "sku-1" in (await sillage("list", "stock")).output
    unknown = await sillage("list", "beds")
    assert (unknown.exit_code, "there is no kind beds, only places, weather, stock" in unknown.output) == (2, True)
    assert (await sillage("remove", "places", "s1", "s9")).output == "places: 2 removed\n"
    assert [line.split()[0] for line in (await sillage("list", "places")).output.splitlines()] == ["id", "s2"]


async def test_a_file_with_a_fault_publishes_nothing(town: House, tmp_path: Path) -> None:
    file = tmp_path / "places.jsonl"
    file.write_text(json.dumps(STORE) + "\n" + json.dumps({**STORE, "lat": "north"}) + "\nnothing\n" + '{"id": 5}\n')
    told = await sillage("put", "places", str(file))
    assert told.exit_code == 1
    assert f"{file}:2: lat is 'north', expected a number from -90 to 90" in told.output
    assert f"{file}:3: no JSON" in told.output
    assert f"{file}:4: expected a JSON object with an id that is text" in told.output
    assert "3 of 4 lines cannot be used; nothing was published" in told.output
    assert "nothing is known" in (await sillage("list", "places")).output

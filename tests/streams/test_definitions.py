"""Definitions on a real Kafka: deployed, followed, replaced, closed, refused, and what a stranger wrote in between."""

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from pathlib import Path

import msgspec
import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import KafkaError
from definition_files import files, folder, journey
from prometheus_client import CollectorRegistry
from waiting import until

from engine.policy.terms import QuietRule
from journeys.load import load_project
from local.kafka import KafkaServer
from streams.broker.publish import KafkaPublisher, Out
from streams.broker.reader import read_all
from streams.definitions import deploy as deploying
from streams.definitions.deploy import DeployFailed, deploy, undeploy
from streams.definitions.follower import Definitions
from streams.definitions.moving import Moving
from streams.definitions.plan import DeployRefused, UnknownJourney
from streams.definitions.shelf import blob_key, canonical, digest, release_key
from streams.definitions.shelf_reader import NoDefinitionsTopic, read_shelf
from streams.metrics.metrics import Metrics
from streams.settings import Settings

AT = 1_700_000_000_000
GARBAGE: Mapping[str, str | bytes] = {"garbage": b"\xff\x00", "current": "77", "blob/00": "x", "release/5": '{"n": 5}'}

Follow = Callable[[], Awaitable[Definitions]]


async def create_topics(settings: Settings) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=settings.kafka)
    await admin.start()
    names = {"definitions": {"cleanup.policy": "compact"}, "definitions.dead": {}}
    try:
        topics = [NewTopic(settings.topic(name), 1, 1, topic_configs=configs) for name, configs in names.items()]
        await admin.create_topics(topics)
    finally:
        await admin.close()


@pytest.fixture
async def topics(settings: Settings) -> Settings:
    await create_topics(settings)
    return settings


@pytest.fixture
async def publisher(topics: Settings) -> AsyncIterator[KafkaPublisher]:
    publisher = KafkaPublisher(topics.kafka)
    await publisher.start()
    yield publisher
    await publisher.stop()


@pytest.fixture
def metrics() -> Metrics:
    return Metrics(CollectorRegistry())


@pytest.fixture
async def follow(topics: Settings, publisher: KafkaPublisher, metrics: Metrics) -> AsyncIterator[Follow]:
    """Starts a follower; all of them stop at the end of the test."""
    async with AsyncExitStack() as stack:

        async def start() -> Definitions:
            definitions = Definitions(topics, publisher, metrics)
            stack.push_async_callback(definitions.stop)
            await definitions.start()
            return definitions

        yield start


async def dead_letters(settings: Settings) -> list[dict[str, str]]:
    """The headers of what was put on `definitions.dead`."""
    found = []
    async for rows in read_all(settings.kafka, settings.topic("definitions.dead"), 0):
        found += [{name: value.decode() for name, value in row.headers} for row in rows]
    return found


async def write(publisher: KafkaPublisher, settings: Settings, records: Mapping[str, str | bytes]) -> None:
    """Puts records on the topic by hand, outside any deploy."""
    for key, value in records.items():
        given = value.encode() if isinstance(value, str) else value
        await publisher.append(settings.topic("definitions"), 0, [Out(key.encode(), given)])


async def put_release(publisher: KafkaPublisher, settings: Settings, n: int, text: str) -> str:
    """Publishes release `n` with a journey of `text`, unchecked, as another program might; gives its version."""
    blob = canonical({"journey": "welcome", "text": text, "zone": "UTC", "messages": {}})
    version = hashlib.sha256(blob).hexdigest()
    release = {"n": n, "at": AT, "nonce": "x", "project": "", "journeys": {"welcome": {"version": version[:16]}}}
    await write(publisher, settings, {f"blob/{version}": blob, f"release/{n}": json.dumps(release), "current": str(n)})
    return version[:16]


def value_of(metrics: Metrics, name: str, **labels: str) -> float | None:
    return metrics.registry.get_sample_value(name, labels)


async def test_a_running_follower_takes_a_deploy_up(topics: Settings, follow: Follow, metrics: Metrics) -> None:
    definitions = await follow()
    assert definitions.catalog.release == 0
    assert definitions.catalog.current == {}
    project = {"project.yaml": "zone: Europe/Paris\nquiet_hours: '21:00-08:00'\n"}
    released = await deploy(topics, load_project({**files(welcome=journey("welcome")), **project}), AT)
    assert released == (1, (), (), ("welcome",))
    await until(lambda: definitions.catalog.release == 1)
    assert definitions.catalog.terms.quiet == QuietRule((1260, 480))
    compiled = definitions.catalog.current["welcome"]
    assert (compiled.name, compiled.zone) == ("welcome", "Europe/Paris")
    assert value_of(metrics, "sillage_definitions_release") == 1


async def test_a_later_follower_reads_to_the_end_before_it_has_started(topics: Settings, follow: Follow) -> None:
    for wait in ("1h", "2h", "3h"):
        await deploy(topics, folder(welcome=journey("welcome", wait=wait)), AT)
    definitions = await follow()
    assert definitions.catalog.release == 3
    assert definitions.catalog.current["welcome"].rests["wait-3h"]


async def test_messages_are_found_by_the_hash_that_actions_carry(topics: Settings, follow: Follow) -> None:
    given = folder(welcome=journey("welcome"))
    await deploy(topics, given, AT)
    definitions = await follow()
    assert definitions.message(given.messages["hello"].content_hash) == given.messages["hello"]
    assert definitions.message("0" * 16) is None


async def test_those_inside_find_the_version_that_they_entered(topics: Settings, follow: Follow) -> None:
    first = await follow()
    await deploy(topics, folder(welcome=journey("welcome", wait="1h")), AT)
    await until(lambda: first.catalog.release == 1)
    old = first.catalog.current["welcome"].version
    await deploy(topics, folder(welcome=journey("welcome", wait="2h")), AT)
    await until(lambda: first.catalog.release == 2)
    for definitions in (first, await follow()):
        assert definitions.catalog.current["welcome"].version != old
        found = definitions.catalog.version("welcome", old)
        assert found is not None
        assert set(found.rests) == {"wait-1h", "hello"}
        assert definitions.catalog.version("welcome", "0" * 16) is None


async def test_undeploy_stops_entry_and_those_inside_finish(topics: Settings, follow: Follow) -> None:
    definitions = await follow()
    await deploy(topics, folder(welcome=journey("welcome"), thanks=journey("thanks")), AT)
    await until(lambda: definitions.catalog.release == 1)
    version = definitions.catalog.current["welcome"].version
    assert await undeploy(topics, "welcome", AT) == (2, ("welcome",), (), ())
    await until(lambda: definitions.catalog.release == 2)
    assert set(definitions.catalog.current) == {"thanks"}
    assert definitions.catalog.version("welcome", version) is not None
    with pytest.raises(UnknownJourney, match="did you mean `welcome`"):
        await undeploy(topics, "welcom", AT)


async def test_a_faulty_folder_changes_nothing(topics: Settings, follow: Follow) -> None:
    await deploy(topics, folder(welcome=journey("welcome")), AT)
    faulty = folder(welcome=journey("welcome", wait="soon"), thanks=journey("thanks", message="nobody"))
    before = (await read_shelf(topics)).blobs
    with pytest.raises(DeployRefused) as refusal:
        await deploy(topics, faulty, AT)
    assert {problem.file for problem in refusal.value.problems} == {"journeys/welcome.yaml", "journeys/thanks.yaml"}
    shelf = await read_shelf(topics)
    assert shelf.current == 1
    assert shelf.blobs == before


async def test_deploys_at_once_are_all_there_at_the_end(topics: Settings, follow: Follow) -> None:
    names = ["thanks", "welcome", "win-back"]
    released = await asyncio.gather(
        *(deploy(topics, load_project(files(**{name: journey(name)})), AT) for name in names)
    )
    assert sorted(one.n for one in released) == [1, 2, 3]
    definitions = await follow()
    assert sorted(definitions.catalog.current) == names
    assert definitions.catalog.release == 3


async def test_a_deploy_that_was_overtaken_cannot_commit_any_more(topics: Settings) -> None:
    overtaken = AIOKafkaProducer(bootstrap_servers=topics.kafka, transactional_id=f"{topics.prefix}.deploy")
    await overtaken.start()
    await overtaken.begin_transaction()
    await overtaken.send_and_wait(topics.topic("definitions"), b"half", blob_key(b"half"), partition=0)
    await deploy(topics, folder(welcome=journey("welcome")), AT)
    with pytest.raises(Exception, match="newer producer"):
        await overtaken.commit_transaction()
    await overtaken.stop()
    shelf = await read_shelf(topics)
    assert shelf.current == 1
    assert set(shelf.releases) == {1}
    assert digest(b"half") not in shelf.blobs


async def test_an_answer_that_was_lost_makes_no_second_release(
    topics: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    lost = iter([KafkaError("the answer was lost")])
    really_visible = deploying._visible

    async def visible(settings: Settings, offset: int) -> None:
        await really_visible(settings, offset)
        for fault in lost:
            raise fault

    monkeypatch.setattr(deploying, "_visible", visible)
    assert await deploy(topics, folder(welcome=journey("welcome")), AT) == (1, (), (), ("welcome",))
    assert set((await read_shelf(topics)).releases) == {1}


async def test_a_follower_that_dies_says_so(topics: Settings, follow: Follow, monkeypatch: pytest.MonkeyPatch) -> None:
    definitions = await follow()

    async def broken() -> None:
        raise RuntimeError("a bug")

    monkeypatch.setattr(definitions, "_settle", broken)
    with pytest.raises(RuntimeError, match="a bug"):
        await asyncio.wait_for(definitions.until_fault(), 10)
    await until(lambda: definitions.fault)
    assert "RuntimeError at tests/streams/test_definitions.py" in str(definitions.fault)


async def test_garbage_is_put_aside_and_the_catalog_stays(
    topics: Settings, follow: Follow, publisher: KafkaPublisher, metrics: Metrics
) -> None:
    await deploy(topics, folder(welcome=journey("welcome")), AT)
    definitions = await follow()
    good = definitions.catalog
    await write(publisher, topics, GARBAGE)
    await until(lambda: value_of(metrics, "sillage_dead_letters_total", code="definition") == 4)
    assert definitions.catalog is good
    reasons = await until(lambda: all_dead(topics, 4))
    assert "current names b'77', which is no release" in " ".join(letter["reason"] for letter in reasons)
    assert {letter["key"] for letter in reasons} == {"garbage", "current", "blob/00", "release/5"}
    released = await deploy(topics, folder(thanks=journey("thanks")), AT)
    await until(lambda: definitions.catalog.release == released.n)
    assert set(definitions.catalog.current) == {"welcome", "thanks"}


async def all_dead(settings: Settings, count: int) -> list[dict[str, str]]:
    found = await dead_letters(settings)
    return found if len(found) >= count else []


async def test_a_release_that_does_not_compile_leaves_the_catalog_as_it_is(
    topics: Settings, follow: Follow, publisher: KafkaPublisher, metrics: Metrics
) -> None:
    await deploy(topics, folder(welcome=journey("welcome")), AT)
    running = await follow()
    version = await put_release(publisher, topics, 2, journey("welcome").replace("wait: 1h", "teleport: 1h"))
    await running.catch_up()
    letters = await until(lambda: all_dead(topics, 1))
    assert f"journey welcome: version {version} cannot be read by this program" in letters[0]["reason"]
    assert letters[0]["key"].startswith(f"blob/{version}")
    started = await follow()
    for definitions in (running, started):
        assert definitions.catalog.release == 1
        assert set(definitions.catalog.current["welcome"].rests) == {"wait-1h", "hello"}
        assert definitions.catalog.version("welcome", version) is None
        told = value_of(metrics, "sillage_dead_letters_total", code="definition")
        assert definitions.catalog.version("welcome", version) is None
        assert value_of(metrics, "sillage_dead_letters_total", code="definition") == told
        assert definitions.fault is None


async def test_a_release_of_a_newer_program_is_left_alone(
    topics: Settings, follow: Follow, publisher: KafkaPublisher
) -> None:
    await deploy(topics, folder(welcome=journey("welcome")), AT)
    shelf = await read_shelf(topics)
    newer = {**msgspec.to_builtins(shelf.release), "n": 2, "format": 2}
    await write(publisher, topics, {release_key(2).decode(): canonical(newer), "current": "2"})
    definitions = await follow()
    assert definitions.catalog.release == 1
    with pytest.raises(DeployFailed, match="format 2, this program reads 1; upgrade"):
        await deploy(topics, folder(thanks=journey("thanks")), AT)


async def test_without_its_topic_the_reason_is_told(settings: Settings, metrics: Metrics) -> None:
    with pytest.raises(NoDefinitionsTopic, match=settings.topic("definitions")):
        await Definitions(settings, KafkaPublisher(settings.kafka), metrics).start()
    with pytest.raises(DeployFailed, match=settings.topic("definitions")):
        await deploy(settings, folder(welcome=journey("welcome")), AT)


async def test_a_broker_restart_is_survived(tmp_path: Path, prefix: str, metrics: Metrics) -> None:
    server = KafkaServer(tmp_path / "kafka")
    try:
        await asyncio.to_thread(server.start)
        settings = Settings.model_validate({"kafka": server.address, "prefix": prefix})
        await create_topics(settings)
        definitions = Definitions(settings, KafkaPublisher(settings.kafka), metrics)
        await definitions.start()
        await deploy(settings, folder(welcome=journey("welcome")), AT)
        await until(lambda: definitions.catalog.release == 1)
        await asyncio.to_thread(server.kill)
        with pytest.raises(DeployFailed, match=r"Kafka at .*sillage doctor"):
            await deploy(settings, folder(thanks=journey("thanks")), AT)
        await asyncio.to_thread(server.start)
        await deploy(settings, folder(thanks=journey("thanks")), AT)
        await until(lambda: definitions.catalog.release == 2, seconds=30)
        assert set(definitions.catalog.current) == {"welcome", "thanks"}
        assert definitions.fault is None
        await definitions.stop()
    finally:
        await asyncio.to_thread(server.erase)


async def test_the_catalog_knows_where_a_release_takes_those_inside(topics: Settings, follow: Follow) -> None:
    await deploy(topics, folder(welcome=journey("welcome")), AT)
    definitions = await follow()
    old = definitions.catalog.current["welcome"].version
    await deploy(topics, folder(welcome=journey("welcome", wait="2h")), AT, moving=Moving("follow"))
    await definitions.catch_up()
    new = definitions.catalog.current["welcome"].version
    found = definitions.catalog.move("welcome", old, ["hello"])
    assert found is not None
    assert (found.version, found.nodes) == (new, {"hello": "hello"})
    gone = definitions.catalog.move("welcome", old, ["wait-1h"])
    assert gone is not None
    assert gone.removed == "wait-1h"

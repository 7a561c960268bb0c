"""The table of topics, and a real broker brought to it."""

import threading
from collections.abc import Callable, Iterator

import pytest
from kafka.admin import ConfigResource, ConfigResourceType, KafkaAdminClient
from waiting import wait_until

from streams.broker.topics import (
    TopicsError,
    declare,
    delete_all,
    migrate,
    topic_ids,
    touchpoint_topics,
)
from streams.settings import Settings

DAY = 86_400_000
Make = Callable[..., Settings]


@pytest.fixture
def make(kafka: str, prefix: str) -> Iterator[Make]:
    """Settings of a small house under this test's prefix, with what is given changed; its topics are removed."""

    def small(**changed: object) -> Settings:
        return Settings(**({"kafka": kafka, "prefix": prefix, "channels": "web,app", "partitions": 3} | changed))

    yield small
    delete_all(small())


@pytest.fixture
def admin(kafka: str) -> Iterator[KafkaAdminClient]:
    client = KafkaAdminClient(bootstrap_servers=kafka)
    yield client
    client.close()


def configured(admin: KafkaAdminClient, topic: str) -> dict[str, str]:
    found = admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, topic)], config_filter="all")
    return {key: entry["value"] for key, entry in found["topic"][topic].items()}


def counts(admin: KafkaAdminClient, prefix: str) -> dict[str, int]:
    found = {topic["name"]: len(topic["partitions"]) for topic in admin.describe_topics()}
    return {name: count for name, count in found.items() if name.startswith(f"{prefix}.")}


@pytest.mark.parametrize("knows", [[False, True], [True, False]], ids=["asked first", "asked behind one that knows"])
def test_a_broker_that_does_not_know_yet_what_was_just_created_is_not_believed(
    knows: list[bool], make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings, describe, asked = make(), KafkaAdminClient.describe_configs, iter(knows)

    def late(admin: KafkaAdminClient, resources: list[ConfigResource], **how: object) -> dict:
        found = describe(admin, resources, **how)
        return found if next(asked, True) else {"topic": {**found["topic"], settings.topic("state"): {}}}

    monkeypatch.setattr(KafkaAdminClient, "describe_configs", late)
    assert {line.split()[0] for line in migrate(settings)} == {"created"}


def test_the_table_holds_every_topic_of_the_contract() -> None:
    settings = Settings(prefix="acme", channels="web", partitions=5)
    table = {topic.name.removeprefix("acme."): topic for topic in declare(settings)}
    co_partitioned = {"state", "actions", "dispatches", "decisions", "tasks", "calls", "emitted", "ticks"}
    co_partitioned |= {"touchpoints.web", "touchpoints.rekeyed"}
    assert {name for name in co_partitioned if table[name].partitions == 5} == co_partitioned
    assert table["actions.waiting.email"].partitions == 5
    assert table["definitions"].partitions == table["context.places"].partitions == table["budgets"].partitions == 1
    assert {name for name in table if name.endswith(".dead")} >= {
        "touchpoints.web.dead", "touchpoints.rekeyed.dead", "actions.dead", "definitions.dead",
    }  # fmt: skip
    assert all(topic.config["message.timestamp.type"] == "LogAppendTime" for topic in table.values())


def test_nothing_lives_longer_than_the_contract_says() -> None:
    kept = {"touchpoints.": 7, "actions": 7, "decisions": 30, "tasks": 30, "calls": 7, "emitted": 7}
    for topic in declare(Settings(prefix="acme")):
        name = topic.name.removeprefix("acme.")
        known = [days for start, days in kept.items() if name.startswith(start)]
        days = 30 if name.endswith(".dead") else sum(known)
        if days:
            longest = int(topic.config["retention.ms"]) + int(topic.config["segment.ms"])
            assert longest == days * DAY, name
            assert topic.kept == f"{days} d"


def test_the_changelog_is_as_the_protocol_wants_it() -> None:
    state = declare(Settings(prefix="acme", replication=3))[0]
    assert state.name == "acme.state"
    assert dict(state.config) == {
        "cleanup.policy": "compact",
        "message.timestamp.type": "LogAppendTime",
        "unclean.leader.election.enable": "false",
        "min.insync.replicas": "2",
        "min.compaction.lag.ms": "3600000",
        "max.compaction.lag.ms": "172800000",
        "segment.ms": "3600000",
        "max.message.bytes": str(8 << 20),
    }


def test_the_largest_messages() -> None:
    sizes = {topic.name: topic.largest_mib for topic in declare(Settings(prefix="a", channels="web"))}
    wanted = {"a.touchpoints.web": 16, "a.touchpoints.web.dead": 17, "a.state": 8, "a.actions": 4, "a.decisions": 4}
    assert {name: sizes[name] for name in wanted} == wanted


def test_a_first_run_creates_and_a_second_changes_nothing(make: Make, admin: KafkaAdminClient) -> None:
    settings = make()
    lines = migrate(settings)
    declared = {topic.name: topic for topic in declare(settings)}
    assert len(lines) == len(declared)
    assert counts(admin, settings.prefix) == {name: topic.partitions for name, topic in declared.items()}
    for name in (settings.topic("state"), settings.topic("touchpoints.web"), settings.topic("dispatches")):
        assert configured(admin, name).items() >= declared[name].config.items()
    assert migrate(settings) == []


def test_a_setting_that_differs_is_put_right(make: Make, admin: KafkaAdminClient) -> None:
    settings = make()
    migrate(settings)
    drifted = {"cleanup.policy": "delete", "min.compaction.lag.ms": "0"}
    admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, settings.topic("state"), drifted)])
    wait_until(lambda: configured(admin, settings.topic("state")).items() >= drifted.items())
    assert sorted(migrate(settings)) == [
        f"changed {settings.topic('state')}: cleanup.policy from delete to compact",
        f"changed {settings.topic('state')}: min.compaction.lag.ms from 0 to 3600000",
    ]
    assert configured(admin, settings.topic("state"))["cleanup.policy"] == "compact"
    assert migrate(settings) == []


def test_another_number_of_partitions_is_refused_with_the_cure(make: Make, admin: KafkaAdminClient) -> None:
    migrate(make())
    before = counts(admin, make().prefix)
    with pytest.raises(TopicsError, match=r"state: has 3 partitions, expected 4; set SILLAGE_PARTITIONS=3"):
        migrate(make(partitions=4, channels="web,app,sms"))
    assert counts(admin, make().prefix) == before


def test_a_topic_of_another_count_beside_the_right_state_is_refused(make: Make, admin: KafkaAdminClient) -> None:
    settings = make()
    admin.create_topics(
        {settings.topic("actions"): {"num_partitions": 7, "replication_factor": 1}}, wait_for_metadata=True
    )
    with pytest.raises(TopicsError, match=r"actions: has 7 partitions, expected 3; delete the topic"):
        migrate(settings)


def test_touchpoint_topics_of_others_are_listed_and_get_a_place_for_dead_letters(
    make: Make, admin: KafkaAdminClient
) -> None:
    settings = make()
    others = {settings.topic("touchpoints.web"): 5, settings.topic("touchpoints.partner"): 2}
    wanted = {name: {"num_partitions": count, "replication_factor": 1} for name, count in others.items()}
    admin.create_topics(wanted, wait_for_metadata=True)
    migrate(settings)
    found = {name.removeprefix(f"{settings.prefix}."): count for name, count in touchpoint_topics(settings).items()}
    assert found == {"touchpoints.web": 5, "touchpoints.partner": 2, "touchpoints.app": 3, "touchpoints.rekeyed": 3}
    assert counts(admin, settings.prefix)[settings.topic("touchpoints.partner.dead")] == 3
    assert migrate(settings) == []


def test_two_at_once_make_one_house(make: Make, admin: KafkaAdminClient) -> None:
    lines, _ = _race(make(), make())
    assert len(lines) == len(set(lines)) == len(declare(make()))
    assert migrate(make()) == []


def test_two_at_once_with_different_counts_make_the_house_of_one(make: Make, admin: KafkaAdminClient) -> None:
    _, faults = _race(make(partitions=3), make(partitions=4))
    assert len(faults) == 1
    found = counts(admin, make().prefix)
    count = found[make().topic("state")]
    assert migrate(make(partitions=count)) == []


def _race(*both: Settings) -> tuple[list[str], list[TopicsError]]:
    lines: list[str] = []
    faults: list[TopicsError] = []

    def one(settings: Settings) -> None:
        try:
            lines.extend(migrate(settings))
        except TopicsError as fault:
            faults.append(fault)

    threads = [threading.Thread(target=one, args=(settings,)) for settings in both]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return lines, faults


def test_ids_tell_a_topic_made_anew(make: Make) -> None:
    migrate(make())
    first = topic_ids(make())
    assert set(first) == {topic.name for topic in declare(make())}
    delete_all(make())
    migrate(make())
    second = topic_ids(make())
    assert set(first) == set(second)
    assert not set(first.values()) & set(second.values())


def test_only_topics_of_this_very_prefix_are_removed(make: Make, admin: KafkaAdminClient) -> None:
    prefix = make().prefix
    others = [make(prefix=f"{prefix}2", channels="web"), make(prefix=f"{prefix}.b", channels="web")]
    foreign = f"{prefix}.invoices"
    admin.create_topics({foreign: {"num_partitions": 1, "replication_factor": 1}})
    for settings in (make(), *others):
        migrate(settings)
    assert sorted(delete_all(make())) == sorted(topic.name for topic in declare(make()))
    left = counts(admin, prefix) | counts(admin, f"{prefix}2")
    assert left == {foreign: 1} | {topic.name: topic.partitions for other in others for topic in declare(other)}
    assert delete_all(make()) == []
    for settings in others:
        delete_all(settings)
    admin.delete_topics([foreign])


def test_no_broker_is_told_with_the_cure() -> None:
    with pytest.raises(TopicsError, match=r"no broker answers.*sillage up"):
        migrate(Settings(kafka="127.0.0.1:1"))

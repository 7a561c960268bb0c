"""The topics of a prefix on a broker: brought to their declaration, listed, and removed again."""

import asyncio
import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Any, NamedTuple, TypeVar

from kafka.admin import ConfigResource, ConfigResourceType, KafkaAdminClient
from kafka.errors import KafkaError, TopicAlreadyExistsError, UnknownTopicOrPartitionError, for_code

from streams.broker.security import admin_options, why_not
from streams.broker.topic_table import Topic, dead_topic, declare, describe
from streams.settings import Settings

__all__ = [
    "Topic",
    "TopicsError",
    "admin_of",
    "declare",
    "delete_all",
    "describe",
    "migrate",
    "partition_counts",
    "planned",
    "replicas",
    "topic_ids",
    "touchpoint_topics",
]

_OURS = re.compile(
    r"(touchpoints\.[^/]+|state|actions|actions\.waiting\.[^/]+|dispatches|decisions|tasks|calls|emitted|definitions"
    r"|context\.[^/]+|ticks)(\.dead)?|budgets"
)
Differing = Mapping[str, Mapping[str, tuple[str | None, str]]]
"""By topic and setting: what was found, and what is wanted."""
Found = Mapping[str, Mapping[str, str | None]]
"""By topic: its settings."""
_Answer = TypeVar("_Answer")
_ANSWER_MS = 5_000
_LEADERS_MS = 30_000
_LOOK_SECONDS = 0.05


class Replicas(NamedTuple):
    """The copies of one partition: who leads it (-1 for nobody), how many there are, and how many are in sync."""

    topic: str
    partition: int
    leader: int
    copies: int
    in_sync: int

    def __str__(self) -> str:
        return f"{self.topic}/{self.partition}"


class TopicsError(Exception):
    """Topics that cannot be brought to their declaration: the topic, what was found and expected, and the cure."""


def migrate(settings: Settings) -> list[str]:
    """Creates what is missing, corrects settings that differ, and gives one line for each change; none at a second run.

    Returns when every topic has leaders and the settings hold. Two processes may do this at once. Raises TopicsError
    where no broker answers, or where a topic has another number of partitions than N. Only touchpoint topics may:
    others create them too.
    """
    with admin_of(settings) as admin:
        found = _partitions(admin, settings)
        declared = [*declare(settings), *_dead_of_others(settings, found)]
        _refuse_other_counts(settings, declared, found)
        # N is settled by whoever creates `state` first, so that two first starts with different N cannot mix.
        created = _create(admin, settings, declared[:1], found)
        admin.wait_for_topics([declared[0].name], timeout_ms=_LEADERS_MS)
        found = _partitions(admin, settings)
        _refuse_other_counts(settings, declared, found)
        created += _create(admin, settings, declared, found)
        admin.wait_for_topics([topic.name for topic in declared], timeout_ms=_LEADERS_MS)
        # Of several brokers the one that is asked may not know yet what another has just created.
        known = _wait(settings, "have no settings", lambda: _all_settings(admin, declared))
        changed = _correct(admin, _differing(declared, known))
        if changed:
            now = partial(_found_settings, admin, declared)
            _wait(settings, "still have other settings", lambda: not _differing(declared, now()))
        return created + changed


def planned(settings: Settings) -> list[str]:
    """One line for each change that `migrate` would make now; changes nothing. Raises TopicsError where it would."""
    with admin_of(settings) as admin:
        found = _partitions(admin, settings)
        declared = [*declare(settings), *_dead_of_others(settings, found)]
        _refuse_other_counts(settings, declared, found)
        missing = [f"create {topic.name}: {describe(topic)}" for topic in declared if topic.name not in found]
        there = [topic for topic in declared if topic.name in found]
        return missing + [f"change {line}" for line in _told(_differing(there, _found_settings(admin, there)))]


def topic_ids(settings: Settings) -> dict[str, str]:
    """Kafka's id of every topic of the prefix, by full name. A topic made anew has another one."""
    with admin_of(settings) as admin:
        return {topic["name"]: str(topic["topic_id"]) for topic in _described(admin, settings)}


def touchpoint_topics(settings: Settings) -> dict[str, int]:
    """Every touchpoint topic of the prefix that exists, whoever made it: full name to number of partitions."""
    with admin_of(settings) as admin:
        return _touchpoints(settings, _partitions(admin, settings))


def partition_counts(settings: Settings) -> dict[str, int]:
    """Every topic of the prefix that exists: full name to number of partitions."""
    with admin_of(settings) as admin:
        return _partitions(admin, settings)


def replicas(settings: Settings) -> list[Replicas]:
    """Every partition of the prefix with its copies."""
    with admin_of(settings) as admin:
        return [
            Replicas(
                topic["name"],
                each["partition_index"],
                each["leader_id"],
                len(each["replica_nodes"]),
                len(each["isr_nodes"]),
            )
            for topic in _described(admin, settings)
            for each in topic["partitions"]
        ]


def delete_all(settings: Settings) -> list[str]:
    """Removes the topics of this very prefix, for demos and tests; gives their full names once they are gone."""
    with admin_of(settings) as admin:
        names = sorted(_partitions(admin, settings))
        if names:
            answer = admin.delete_topics(names, raise_errors=False)
            _refuse_faults(answer["topics"], "delete", UnknownTopicOrPartitionError)
            _wait(settings, "are still listed", lambda: set(names).isdisjoint(_partitions(admin, settings)))
        return names


@contextmanager
def admin_of(settings: Settings) -> Iterator[KafkaAdminClient]:
    """A client of the brokers for a while. Raises TopicsError, also for a fault of the broker within the block."""
    try:
        admin = KafkaAdminClient(
            **admin_options(settings.brokers),
            client_id=f"{settings.prefix}-topics",
            bootstrap_timeout_ms=_ANSWER_MS,
        )
    except (KafkaError, OSError, ValueError) as fault:
        reason = refusal(settings)
        cure = reason or f"no broker answers ({fault!r}); start one with `sillage up`, or set SILLAGE_KAFKA"
        raise TopicsError(f"kafka {settings.kafka}: {cure}") from fault
    try:
        yield admin
    except KafkaError as fault:
        raise TopicsError(
            f"topics {settings.prefix}.*: Kafka at {settings.kafka} failed ({fault!r}); try again"
        ) from fault
    finally:
        admin.close()


def refusal(settings: Settings) -> str:
    """Why a broker that is there does not let us in, naming the variable; empty for one that does, or is away."""
    return asyncio.run(why_not(settings.brokers))


def _described(admin: KafkaAdminClient, settings: Settings) -> list[dict[str, Any]]:
    """The metadata of the topics of this very prefix: those of prefix `a` are not those of `a.b`."""
    start = settings.prefix + "."
    return [
        topic
        for topic in admin.describe_topics()
        if topic["name"].startswith(start) and _OURS.fullmatch(topic["name"].removeprefix(start))
    ]


def _partitions(admin: KafkaAdminClient, settings: Settings) -> dict[str, int]:
    return {topic["name"]: len(topic["partitions"]) for topic in _described(admin, settings)}


def _touchpoints(settings: Settings, found: Mapping[str, int]) -> dict[str, int]:
    start = settings.topic("touchpoints.")
    return {name: count for name, count in found.items() if name.startswith(start) and not name.endswith(".dead")}


def _dead_of_others(settings: Settings, found: Mapping[str, int]) -> list[Topic]:
    """Touchpoint topics that others made are read too, so they need a place for what cannot be processed."""
    declared = {topic.name for topic in declare(settings)}
    return [dead_topic(settings, name) for name in _touchpoints(settings, found) if name not in declared]


def _refuse_other_counts(settings: Settings, declared: Iterable[Topic], found: Mapping[str, int]) -> None:
    free = {settings.topic(f"touchpoints.{name}") for name in settings.channel_names()}
    for topic in declared:
        count = found.get(topic.name, topic.partitions)
        if count == topic.partitions or topic.name in free:
            continue
        cure = f"set SILLAGE_PARTITIONS={count}, or take a fresh SILLAGE_PREFIX"
        if count != found.get(settings.topic("state"), topic.partitions):
            cure = "delete the topic if it holds nothing, and run this again"
        raise TopicsError(f"topic {topic.name}: has {count} partitions, expected {topic.partitions}; {cure}")


def _create(
    admin: KafkaAdminClient, settings: Settings, declared: Iterable[Topic], found: Mapping[str, int]
) -> list[str]:
    missing = [topic for topic in declared if topic.name not in found]
    if not missing:
        return []
    wanted = {
        topic.name: {
            "num_partitions": topic.partitions,
            "replication_factor": settings.replication,
            "configs": dict(topic.config),
        }
        for topic in missing
    }
    answer = admin.create_topics(wanted, raise_errors=False)
    there = _refuse_faults(answer["topics"], "create", TopicAlreadyExistsError)
    return [f"created {topic.name}: {describe(topic)}" for topic in missing if topic.name not in there]


def _refuse_faults(answers: Iterable[Mapping[str, Any]], verb: str, expected: type[KafkaError]) -> set[str]:
    """The topics that another process was quicker with; raises TopicsError for any other fault."""
    quicker: set[str] = set()
    for answer in answers:
        fault = for_code(answer["error_code"])
        if fault is expected:
            quicker.add(answer["name"])
        elif answer["error_code"]:
            why = answer.get("error_message") or fault.__name__
            raise TopicsError(
                f"topic {answer['name']}: the broker refused to {verb} it ({why}); see its settings and rights"
            )
    return quicker


def _correct(admin: KafkaAdminClient, differing: Differing) -> list[str]:
    changes = [
        ConfigResource(ConfigResourceType.TOPIC, name, {key: wanted for key, (_, wanted) in wrong.items()})
        for name, wrong in differing.items()
    ]
    if changes:
        for name, outcome in admin.alter_configs(changes)["topic"].items():
            if outcome != "OK":
                raise TopicsError(f"topic {name}: the broker refused its settings ({outcome}); see its rights")
    return [f"changed {line}" for line in _told(differing)]


def _told(differing: Differing) -> list[str]:
    return [
        f"{name}: {key} from {found} to {wanted}"
        for name, wrong in differing.items()
        for key, (found, wanted) in wrong.items()
    ]


def _differing(declared: Iterable[Topic], found: Found) -> Differing:
    """Topics whose settings are not as declared: key to what was found and what is wanted."""
    differing: dict[str, dict[str, tuple[str | None, str]]] = {}
    for topic in declared:
        now = found[topic.name]
        wrong = {key: (now.get(key), wanted) for key, wanted in topic.config.items() if now.get(key) != wanted}
        if wrong:
            differing[topic.name] = wrong
    return differing


def _all_settings(admin: KafkaAdminClient, declared: Iterable[Topic]) -> Found:
    """The settings of each topic; nothing where the broker that was asked does not know all of them yet."""
    found = _found_settings(admin, declared)
    return found if all(found.values()) else {}


def _found_settings(admin: KafkaAdminClient, topics: Iterable[Topic]) -> Found:
    """The settings of each topic; none where the broker that was asked does not know it yet."""
    names = [topic.name for topic in topics]
    resources = [ConfigResource(ConfigResourceType.TOPIC, name) for name in names]
    found = admin.describe_configs(resources, config_filter="all")["topic"] if resources else {}
    return {name: {key: entry["value"] for key, entry in found.get(name, {}).items()} for name in names}


def _wait(settings: Settings, fault: str, asked: Callable[[], _Answer]) -> _Answer:
    """The first answer that says something: a broker answers before all that it decided is in what it tells."""
    deadline = time.monotonic() + _LEADERS_MS / 1000
    while not (answer := asked()):
        if time.monotonic() > deadline:
            raise TopicsError(f"topics {settings.prefix}.*: {fault} after {_LEADERS_MS} ms; see the broker's log")
        time.sleep(_LOOK_SECONDS)
    return answer

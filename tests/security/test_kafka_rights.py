"""The rights of docs/security.md, given to users of a real broker with an authorizer: they suffice, no more goes."""

import asyncio
import re
from collections.abc import Callable
from typing import Any

import pytest
from breakable import House, event
from kafka.admin import (
    ACL,
    ACLOperation,
    ACLPermissionType,
    ACLResourcePatternType,
    KafkaAdminClient,
    ResourcePattern,
    ResourceType,
)
from security.locked import RIGHTS, LockedKafka, LockedRedis

from local.mailbox import Mailbox
from streams.broker.publish import KafkaPublisher, Out, PublishError
from streams.broker.topics import TopicsError, migrate
from streams.settings import Settings

ROW = re.compile(r"^\| (\w+) \| (topics|group|transactional id) `([^`]+)`(, prefixed)? \| ([\w, ]+) \|$", re.MULTILINE)
KINDS = {"topics": ResourceType.TOPIC, "group": ResourceType.GROUP, "transactional id": ResourceType.TRANSACTIONAL_ID}


def rights(prefix: str) -> list[ACL]:
    """The table as ACLs of another prefix."""
    found = []
    for user, kind, name, prefixed, operations in ROW.findall(RIGHTS.read_text()):
        pattern = ACLResourcePatternType.PREFIXED if prefixed else ACLResourcePatternType.LITERAL
        resource = ResourcePattern(KINDS[kind], prefix + name.removeprefix("sillage"), pattern)
        for operation in operations.split(", "):
            named = ACLOperation[re.sub(r"(?<=[a-z])(?=[A-Z])", "_", operation).upper()]
            found.append(ACL(f"User:{user}", "*", named, ACLPermissionType.ALLOW, resource))
    return found


@pytest.mark.slow
async def test_the_rights_suffice_and_others_are_refused(
    full: Callable[..., Settings], locked_kafka: LockedKafka, locked_redis: LockedRedis, mailbox: Mailbox, prefix: str
) -> None:
    admin: Any = KafkaAdminClient(bootstrap_servers=locked_kafka.address)
    given = rights(prefix)
    assert len(given) > 10
    admin.create_acls(given)
    admin.close()
    house = House(locked_kafka, locked_redis, mailbox, full("scram", kafka_user="deployer"))
    with pytest.raises(TopicsError):
        await asyncio.to_thread(migrate, full("scram", kafka_user="worker"))
    await house.prepare()
    for process in (house.worker, house.dispatcher):
        process.settings = full("scram", kafka_user=process.name)
    house.settings = full("scram", kafka_user="upstream")
    house.start()
    try:
        await house.introduce(["ada"])
        await house.publish([event("ada", "order.placed", 1)])
        house.settings = full("login")
        await house.delivered([("ada", "Thanks")], 60)
        publisher = KafkaPublisher(full("scram", kafka_user="upstream").brokers)
        await publisher.start()
        with pytest.raises(PublishError):
            await publisher.append(f"{prefix}.actions", 0, [Out(b"k", b"v")])
        await publisher.stop()
        assert (house.worker.stop(), house.dispatcher.stop()) == (0, 0)
    finally:
        house.end()

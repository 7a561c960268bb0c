"""The rights of docs/security.md, given to users of a real broker with an authorizer: they suffice, no more goes."""

import asyncio
import json
import os
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from breakable import COMMAND, House, Kept, event
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
from waiting import until

from local.demo.house import environment
from local.mailbox import Mailbox
from local.ports import free_port
from streams.broker.publish import KafkaPublisher, Out, PublishError
from streams.broker.reader import read_all
from streams.broker.topics import TopicsError, migrate
from streams.learner.records import LEARNER
from streams.links.tokens import UNSUBSCRIBE, Keys, Subject
from streams.settings import Settings

ROW = re.compile(r"^\| (\w+) \| (topics|group|transactional id) `([^`]+)`(, prefixed)? \| ([\w, ]+) \|$", re.MULTILINE)
SECRET = "k" * 32
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
    full: Callable[..., Settings],
    locked_kafka: LockedKafka,
    locked_redis: LockedRedis,
    mailbox: Mailbox,
    prefix: str,
    tmp_path: Path,
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
        await newer_processes(house, full, tmp_path)
        commands(full)
        assert (house.worker.stop(), house.dispatcher.stop()) == (0, 0)
    finally:
        house.end()


async def newer_processes(house: House, full: Callable[..., Settings], folder: Path) -> None:
    """The learner tells how far it is, and `serve` takes a withdrawal."""
    keys, port = folder / "keys.json", free_port()
    keys.write_text(json.dumps({"2026": SECRET}))
    links = {"links_url": f"http://127.0.0.1:{port}", "links_keys": str(keys), "serve_port": port}
    learner = Kept("learner", full("scram", kafka_user="learner", learn_seconds=0.2), folder).start()
    serve = Kept("serve", full("scram", kafka_user="serve", **links), folder).start()
    try:
        await until(lambda: _withdrawn(port), 60)
        await until(lambda: _told(house, LEARNER), 60)
        said = [each["customer"] for each in await house.values("touchpoints.web") if each["type"] == "consent.changed"]
        assert "bob" in said
        assert (learner.stop(), serve.stop()) == (0, 0), learner.log + serve.log
    finally:
        learner.kill()
        serve.kill()


async def _withdrawn(port: int) -> bool:
    token = Keys({"2026": SECRET}).seal(UNSUBSCRIBE, Subject("bob", "offers", "email"))
    try:
        async with aiohttp.ClientSession() as client, client.post(f"http://127.0.0.1:{port}/u/{token}") as answer:
            return answer.status == 200
    except aiohttp.ClientError:
        return False


async def _told(house: House, key: str) -> bool:
    rows = [row async for found in read_all(house.settings.brokers, house.settings.topic("context.models"), 0)
            for row in found]  # fmt: skip
    return any(row.key == key.encode() for row in rows)


def commands(full: Callable[..., Settings]) -> None:
    """What people ask with fewer rights, and the erasure, which somebody who may only read cannot begin."""
    reader, privacy = full("scram", kafka_user="reader"), full("scram", kafka_user="privacy")
    assert "thanks" in _run(reader, "why", "ada").casefold()
    assert "nothing was drawn" in _run(reader, "budgets")
    assert '"ada' in _run(reader, "person", "export", "ada")
    refused = _run(reader, "person", "erase", "ada", "--yes", "--timeout", "5", exit_code=1)
    assert "Traceback" not in refused
    assert "ada" in _run(privacy, "person", "erase", "ada", "--yes", "--timeout", "60")


def _run(settings: Settings, *command: str, exit_code: int = 0) -> str:
    given = {**os.environ, **environment(settings)}
    done = subprocess.run([*COMMAND, *command], env=given, capture_output=True, text=True, timeout=600)
    assert done.returncode == exit_code, done.stdout + done.stderr
    return done.stdout + done.stderr

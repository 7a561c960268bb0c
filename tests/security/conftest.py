"""Locked servers for the tests of this room, and the roads through their doors."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from conftest import IN_CI
from security.authority import Authority
from security.locked import PASSWORD, USER, LockedKafka, LockedRedis, TokenDesk, secret_file

from local.errors import LocalError
from local.mailbox import Mailbox
from local.server import LocalServer
from streams.settings import Settings

ROADS = ("scram", "scram-256", "login", "mutual", "token")


def started(server: LocalServer) -> Iterator[Any]:
    try:
        server.start()
        yield server
    except LocalError as problem:
        if IN_CI:
            raise
        pytest.skip(str(problem))
    finally:
        server.erase()


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="session")
def locked_kafka(authority: Authority, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LockedKafka]:
    yield from started(LockedKafka(tmp_path_factory.mktemp("locked") / "kafka", authority))


@pytest.fixture(scope="session")
def locked_redis(authority: Authority, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LockedRedis]:
    yield from started(LockedRedis(tmp_path_factory.mktemp("locked") / "redis", authority))


@pytest.fixture(scope="session")
def desk() -> Iterator[TokenDesk]:
    with TokenDesk() as found:
        yield found


@pytest.fixture
def road(
    locked_kafka: LockedKafka, authority: Authority, desk: TokenDesk, prefix: str, tmp_path: Path
) -> Callable[..., Settings]:
    """Settings that lead through a door of the broker, with more or other ones."""
    client = authority.issue(USER)
    login = {"kafka_user": USER, "kafka_password_file": secret_file(tmp_path)}
    plain = {"kafka_user": USER, "kafka_password": PASSWORD, "kafka_security": "sasl_plaintext"}
    tls = {"kafka_ca": authority.ca}
    scram = {"kafka": "SCRAM", "kafka_security": "sasl_ssl", **login, **tls}
    roads: dict[str, dict[str, str]] = {
        "scram": {**scram, "kafka_mechanism": "SCRAM-SHA-512"},
        "scram-256": {**scram, "kafka_mechanism": "SCRAM-SHA-256"},
        "login": {**plain, "kafka": "LOGIN", "kafka_mechanism": "PLAIN"},
        "mutual": {
            **tls,
            "kafka": "MUTUAL",
            "kafka_security": "ssl",
            "kafka_cert": client.cert,
            "kafka_key": client.key,
        },
        "token": {**plain, "kafka": "TOKEN", "kafka_mechanism": "OAUTHBEARER", "kafka_token_url": desk.url},
    }

    def make(name: str, **more: Any) -> Settings:
        given = {**roads[name], "prefix": prefix, "data": tmp_path, "partitions": 2, "channels": "web,email", **more}
        return Settings(**{**given, "kafka": locked_kafka.door(given["kafka"]), "start": "earliest"})

    return make


@pytest.fixture
def full(
    road: Callable[..., Settings], locked_redis: LockedRedis, authority: Authority, mailbox: Mailbox, tmp_path: Path
) -> Callable[..., Settings]:
    """The same with the locked Redis and a mailbox."""

    def make(name: str, **more: Any) -> Settings:
        redis = {"redis": locked_redis.address, "redis_ca": authority.ca, "redis_password_file": secret_file(tmp_path)}
        return road(name, **{**redis, "smtp": mailbox.url, **more})

    return make

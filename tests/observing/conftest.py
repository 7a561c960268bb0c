"""A mailbox and a Redis that ask for a password, and a house in them whose processes tell what they do."""

from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from aiosmtpd.smtp import SMTP, AuthResult
from breakable import House
from conftest import IN_CI

from local.errors import LocalError
from local.hooks import Hooks
from local.kafka import KafkaServer
from local.mailbox import Mailbox
from local.redis import RedisServer
from streams.settings import Settings

PASSWORD = "Sesam-7/Zimt@Nelke"
"""With what a URL must have encoded, and what a careless pattern stumbles over."""


class LockedRedis(RedisServer):
    """A Redis with a password."""

    @property
    def address(self) -> str:
        return f"redis://default:{quote(PASSWORD, safe='')}@127.0.0.1:{self.port}/0"

    def prepare(self) -> list[str]:
        return [*super().prepare(), "--requirepass", PASSWORD]


class LockedMailbox(Mailbox):
    """A mailbox where one may log in."""

    @property
    def url(self) -> str:
        return f"smtp://joe:{quote(PASSWORD, safe='')}@127.0.0.1:{self.port}"

    def _protocol(self) -> SMTP:
        receiver = super()._protocol()
        receiver._auth_require_tls = False
        receiver._authenticator = lambda *_given: AuthResult(success=True)
        return receiver


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[LockedRedis]:
    server = LockedRedis(tmp_path / "redis")
    try:
        server.start()
        yield server
    except LocalError as problem:
        if IN_CI:
            raise
        pytest.skip(str(problem))
    finally:
        server.erase()


@pytest.fixture
def letterbox() -> Iterator[LockedMailbox]:
    with LockedMailbox() as box:
        yield box


@pytest.fixture
def hooks() -> Iterator[Hooks]:
    with Hooks() as found:
        yield found


@pytest.fixture
def make_house(
    kafka: str, redis: LockedRedis, letterbox: LockedMailbox, hooks: Hooks, prefix: str, tmp_path: Path
) -> Iterator[Callable[..., House]]:
    """Makes a house with more settings, of which none is started and nothing deployed."""
    made: list[House] = []

    def make(**told: object) -> House:
        settings = Settings.model_validate({
            "kafka": kafka, "redis": redis.address, "smtp": letterbox.url, "prefix": prefix, "data": tmp_path,
            "partitions": 2, "channels": "web,email", "start": "earliest",
            "webhooks": str(hooks.write_endpoints(tmp_path / "endpoints.json", "crm")), **told,
        })  # fmt: skip
        made.append(House(KafkaServer(tmp_path / "none"), redis, letterbox, settings))
        return made[-1]

    yield make
    for house in made:
        house.end()

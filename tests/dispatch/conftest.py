"""An office with a real Redis under it."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from dispatching import Office

from local.redis import RedisServer
from state.redis_ledger import RedisLedger
from streams.settings import Settings


@pytest.fixture
async def office(redis_url: str, prefix: str) -> AsyncIterator[Office]:
    """A dispatcher with partition 0 open, on the Redis that the run shares."""
    ledger = RedisLedger(redis_url, prefix)
    yield await Office(Settings(prefix=prefix, redis=redis_url), ledger).open()
    await ledger.close()


@pytest.fixture
def own_redis(tmp_path: Path) -> Iterator[RedisServer]:
    """A Redis of this test alone, which it may empty, stop and start."""
    server = RedisServer(tmp_path / "redis")
    server.start()
    yield server
    server.kill()


@pytest.fixture
async def shaky(own_redis: RedisServer, prefix: str) -> AsyncIterator[Office]:
    """A dispatcher with partition 0 open, on `own_redis`."""
    ledger = RedisLedger(own_redis.address, prefix, timeout_seconds=5.0)
    yield await Office(Settings(prefix=prefix, redis=own_redis.address), ledger).open()
    await ledger.close()

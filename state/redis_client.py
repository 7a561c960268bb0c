"""The client of Redis that everything here asks by: with a time limit, one more try at once, and texts as answers."""

from typing import Any

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff


def client(url: str, timeout_seconds: float, **access: Any) -> Redis:
    """Nothing is opened before the first question. `access` is what else redis-py is to know of the way there."""
    found: Redis = Redis.from_url(
        url,
        **access,
        socket_timeout=timeout_seconds,
        socket_connect_timeout=timeout_seconds,
        retry=Retry(NoBackoff(), 1),
        decode_responses=True,
    )
    return found

"""Whether a broker or a Redis answers, and whether that Redis keeps what it is given, asked in their own words."""

import contextlib
import socket
import struct
from collections.abc import Mapping
from typing import Any

_METADATA = 3


def kafka_answers(bootstrap: str, timeout_seconds: float = 1.0) -> bool:
    """Whether one of the servers of `bootstrap` (host:port, by commas) answers and knows a broker in service."""
    return any(_broker_count(server.strip(), timeout_seconds) > 0 for server in bootstrap.split(","))


def redis_answers(url: str, timeout_seconds: float = 1.0, **access: Any) -> bool:
    """Whether the Redis at `url` answers PING."""
    from redis.exceptions import RedisError

    try:
        with _client(url, timeout_seconds, access) as client:
            return bool(client.ping())
    except (RedisError, OSError, ValueError):
        return False


def redis_eviction(url: str, timeout_seconds: float = 1.0, **access: Any) -> str:
    """What the Redis at `url` throws away when its memory is full (maxmemory-policy); empty where it does not say."""
    from redis.exceptions import RedisError

    try:
        with _client(url, timeout_seconds, access) as client:
            return str(client.info("memory").get("maxmemory_policy", ""))
    except (RedisError, OSError, ValueError):
        return ""


def _client(url: str, timeout_seconds: float, access: Mapping[str, Any]) -> Any:
    """A client of redis-py; `access` is what else it is to know of the way there."""
    from redis import Redis

    return Redis.from_url(url, socket_timeout=timeout_seconds, socket_connect_timeout=timeout_seconds, **access)


def _broker_count(server: str, timeout_seconds: float) -> int:
    """How many brokers `server` lists, 0 without an answer: it listens before it serves, so a port is no proof."""
    host, _, port = server.rpartition(":")
    # Metadata, version 1, no topics: the answer is the correlation id and then the array of brokers.
    request = struct.pack(">hhih7si", _METADATA, 1, 1, 7, b"sillage", 0)
    with contextlib.suppress(OSError, ValueError, struct.error):
        with socket.create_connection((host.strip("[]"), int(port)), timeout_seconds) as connection:
            connection.settimeout(timeout_seconds)
            connection.sendall(struct.pack(">i", len(request)) + request)
            answer = connection.makefile("rb").read(12)
        brokers: int = struct.unpack(">iii", answer)[2]
        return brokers
    return 0

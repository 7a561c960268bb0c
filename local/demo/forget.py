"""Removes what a demo left in Kafka and Redis: all that bears its prefix, and nothing else."""

import asyncio

from redis.asyncio import Redis

from streams.broker.topics import delete_all
from streams.redis_access import redis_options
from streams.settings import Settings


async def forget(settings: Settings) -> None:
    """Deletes the topics and Redis keys of the prefix of `settings`. Raises TopicsError where no broker answers."""
    await asyncio.to_thread(delete_all, settings)
    async with Redis.from_url(**redis_options(settings.redis_access)) as redis:
        keys = [key async for key in redis.scan_iter(f"{{{settings.prefix}.*", count=5_000)]
        for start in range(0, len(keys), 5_000):
            await redis.unlink(*keys[start : start + 5_000])

"""Who is inside: people by journey and version, counted over the changelog by its own rule."""

import asyncio
from collections import Counter

from aiokafka.admin import AIOKafkaAdminClient

from state.changelog import Fold
from state.codec import decode
from streams.broker.reader import read_all
from streams.broker.security import client_options
from streams.settings import Settings

Inside = Counter[tuple[str, str]]
"""People by (journey, version); one who is in the same version several times counts once."""


async def people_inside(settings: Settings) -> Inside:
    """Reads `state` to its end seen now; empty where it does not exist yet. Raises CodecError for a damaged one."""
    topic = settings.topic("state")
    inside: Inside = Counter()
    for partition in await _partitions(settings, topic):
        fold = Fold()
        async for rows in read_all(settings.brokers, topic, partition):
            fold.take(rows)
            await asyncio.sleep(0)
        inside += count(fold)
    return inside


def count(fold: Fold) -> Inside:
    """People inside, of one partition's changelog."""
    inside: Inside = Counter()
    for value in fold.latest.values():
        customer = decode(value).customer
        if customer is not None:
            inside.update({(enrollment.journey, enrollment.version) for enrollment in customer.enrollments})
    return inside


async def _partitions(settings: Settings, topic: str) -> list[int]:
    admin = AIOKafkaAdminClient(**client_options(settings.brokers))
    try:
        await admin.start()
        described = await admin.describe_topics([topic])
    finally:
        await admin.close()
    return sorted(partition["partition"] for found in described for partition in found["partitions"])

"""Who is inside: by journey and version, and by the nodes stood at, counted over the changelog by its own rule."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterator

from aiokafka.admin import AIOKafkaAdminClient

from engine.customer import Customer, standing
from state.changelog import Fold
from state.codec import decode
from streams.broker.reader import read_all
from streams.broker.security import client_options
from streams.definitions.pausing import Waiting, waiting
from streams.settings import Settings

Inside = Counter[tuple[str, str]]
"""People by (journey, version); one who is in the same version several times counts once."""
Standing = Counter[tuple[str, str, tuple[str, ...]]]
"""Enrollments by (journey, version, ids of the nodes that it stands at); several of one person count each."""


async def people_inside(settings: Settings) -> Inside:
    """Reads `state` to its end seen now; empty where it does not exist yet. Raises CodecError for a damaged one."""
    inside: Inside = Counter()
    async for fold in _folds(settings):
        inside += count(fold)
    return inside


async def enrollments_standing(settings: Settings) -> Standing:
    """Reads `state` as `people_inside` does, for where everyone stands."""
    found: Standing = Counter()
    async for fold in _folds(settings):
        found += count_standing(fold)
    return found


async def waiting_in(settings: Settings, name: str, at: int) -> Waiting:
    """Reads `state` as `people_inside` does, for who is inside a journey, and past due at `at` (ms)."""
    inside = overdue = 0
    async for fold in _folds(settings):
        found = waiting((each for customer in _customers(fold) for each in customer.enrollments), name, at)
        inside, overdue = inside + found.inside, overdue + found.overdue
    return Waiting(inside, overdue)


def count(fold: Fold) -> Inside:
    """People inside, of one partition's changelog."""
    inside: Inside = Counter()
    for customer in _customers(fold):
        inside.update({(enrollment.journey, enrollment.version) for enrollment in customer.enrollments})
    return inside


def count_standing(fold: Fold) -> Standing:
    """Enrollments by where they stand, of one partition's changelog."""
    found: Standing = Counter()
    for customer in _customers(fold):
        found.update((each.journey, each.version, standing(each)) for each in customer.enrollments)
    return found


def _customers(fold: Fold) -> Iterator[Customer]:
    for value in fold.latest.values():
        customer = decode(value).customer
        if customer is not None:
            yield customer


async def _folds(settings: Settings) -> AsyncIterator[Fold]:
    topic = settings.topic("state")
    for partition in await _partitions(settings, topic):
        fold = Fold()
        async for rows in read_all(settings.brokers, topic, partition):
            fold.take(rows)
            await asyncio.sleep(0)
        yield fold


async def _partitions(settings: Settings, topic: str) -> list[int]:
    admin = AIOKafkaAdminClient(**client_options(settings.brokers))
    try:
        await admin.start()
        described = await admin.describe_topics([topic])
    finally:
        await admin.close()
    return sorted(partition["partition"] for found in described for partition in found["partitions"])

"""What `sillage doctor` finds where a broker and a Redis answer: topics, replicas, groups, clocks."""

import asyncio
import time
from collections.abc import Callable, Iterator, Sequence

from redis import Redis
from redis.exceptions import RedisError

from local.doctor import Finding, lets_in
from local.probe import redis_answers
from streams.broker.topics import Replicas, TopicsError, partition_counts, planned, replicas
from streams.operations.groups import ROLES, Groups, read_groups
from streams.operations.sweep import Sweep
from streams.redis_access import redis_options
from streams.settings import Settings

SKEW_SECONDS = 2.0
"""How far clocks may lie apart: instants of the broker, of the ledger and of a worker are compared with each other."""


def check_up(settings: Settings, wall: Callable[[], float] = time.time) -> list[Finding]:
    """Looks at what answers, and changes nothing. `wall` gives this machine's clock in seconds."""
    found = [_redis_clock(settings, wall)] if redis_answers(**redis_options(settings.redis_access)) else []
    if not lets_in(settings):
        return found
    try:
        partitions = partition_counts(settings).get(settings.topic("state"), 0)
        if not partitions:
            return found
        found += [_table(settings), *_copies(replicas(settings), settings.replication)]
        groups = read_groups(settings)
        found += [_group(groups, role, partitions) for role in ROLES]
        return [*found, _broker_clock(settings, partitions, wall)]
    except TopicsError as fault:
        return [*found, Finding("Topic table", False, str(fault))]


def _table(settings: Settings) -> Finding:
    lines = planned(settings)
    words = f"{len(lines)} changes are due; see `sillage topics plan`" if lines else "agrees with the broker"
    return Finding("Topic table", not lines, words, needed=False)


def _copies(found: Sequence[Replicas], wanted: int) -> Iterator[Finding]:
    """A partition without a leader stops what is on it; one with a copy that lags is one fault away from that."""
    fewest = min(each.copies for each in found)
    leaderless = [each for each in found if each.leader < 0]
    behind = [each for each in found if each.in_sync < each.copies]
    yield _counted("Leaders", "every partition has one", leaderless, "have none; bring their brokers back")
    yield _counted("Copies", "all are in sync", behind, "have copies that are not in sync", needed=False)
    words = f"{fewest} of each partition at least"
    cure = "" if fewest >= wanted else f", and SILLAGE_REPLICATION is {wanted}; reassign the partitions that have fewer"
    yield Finding("Replication", fewest >= wanted, words + cure, needed=False)


def _counted(subject: str, sound: str, found: Sequence[Replicas], words: str, *, needed: bool = True) -> Finding:
    if not found:
        return Finding(subject, True, sound, needed)
    first = ", ".join(str(each) for each in found[:3])
    return Finding(subject, False, f"{len(found)} partitions {words}: {first}", needed)


def _group(groups: Groups, role: str, partitions: int) -> Finding:
    alone = [number for number in range(partitions) if not groups.owner(role, number)]
    words = f"{len(groups.members(role))} in the group"
    if alone:
        # Calls are made by dispatchers, in a group of its own.
        command = "dispatcher" if role == "caller" else role
        words += f"; {len(alone)} of {partitions} partitions have nobody: start `sillage {command}`"
    return Finding(f"{role.capitalize()}s", not alone, words, needed=False)


def _redis_clock(settings: Settings, wall: Callable[[], float]) -> Finding:
    options = {**redis_options(settings.redis_access), "socket_timeout": 1.0, "socket_connect_timeout": 1.0}
    try:
        with Redis.from_url(**options) as client:
            before = wall()
            seconds, micros = client.time()
            after = wall()
    except (RedisError, OSError, ValueError) as fault:
        return Finding("Redis clock", False, f"cannot be asked ({fault!r})", needed=False)
    there = seconds + micros / 1e6
    return _clock("Redis clock", max(before - there, there - after, 0.0))


def _broker_clock(settings: Settings, partitions: int, wall: Callable[[], float]) -> Finding:
    """Kafka tells no time; but what it appended cannot lie in the future."""
    newest = asyncio.run(_newest(settings, partitions)) / 1000
    return _clock("Kafka clock", max(newest - wall(), 0.0))


async def _newest(settings: Settings, partitions: int) -> int:
    """When the last records of the changelog were appended (ms), the latest of them; 0 where it holds none."""
    topic = settings.topic("state")
    async with Sweep(settings.brokers) as sweep:
        bounds = await sweep.bounds((topic, number) for number in range(partitions))
        last = {spot: (max(first, end - 1), end) for spot, (first, end) in bounds.items()}
        return max([row.timestamp async for _, rows in sweep.read(last) for row in rows], default=0)


def _clock(subject: str, apart: float) -> Finding:
    ok = apart <= SKEW_SECONDS
    words = "agrees with this machine's" if ok else f"lies {apart:.1f} s apart from this machine's; set both by NTP"
    return Finding(subject, ok, words)

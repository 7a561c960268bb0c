"""What the drill takes away for good, one function a loss: it happens, the rest goes on, and it is made whole again."""

import asyncio
import shutil
from collections.abc import Callable
from pathlib import Path

from chaos.evidence import Span
from chaos.plan import Round
from chaos.town import Town, now_ms, whole
from drill.three_brokers import Cluster
from redis import Redis
from redis.exceptions import RedisError
from waiting import lasting, until

from streams.broker.topics import TopicsError, replicas
from streams.settings import Settings

WHOLE_SECONDS = 90.0

Say = Callable[[str], None]


class Losses:
    """The losses by name, which tell what they do and find to `say`; `wrong` gathers what was not made whole."""

    def __init__(self, cluster: Cluster, say: Say) -> None:
        self.wrong: list[str] = []
        self._cluster = cluster
        self._say = say
        self.by_name = {"broker's disk": self.brokers_disk, "redis": self.redis, "worker's volume": self.workers_volume}

    async def brokers_disk(self, town: Town, planned: Round) -> Span:
        """kill -9 of a broker, its disk deleted; it comes back empty and copies from the others."""
        broker = self._cluster.brokers[planned.victim % len(self._cluster.brokers)]
        led = sum(each.leader == broker.number for each in await asyncio.to_thread(replicas, town.settings))
        begin, mails = now_ms(), len(town.mailbox.mails)
        await whole(broker.kill)
        size = _bytes(broker.disk)
        shutil.rmtree(broker.disk)
        self._say(f"broker {broker.number}, leader of {led} partitions: killed, its {size:,} bytes deleted")
        await lasting(planned.lasts_seconds)
        behind = await asyncio.to_thread(_behind, town.settings)
        meanwhile = len(town.mailbox.mails) - mails
        await whole(broker.start)
        self._say(f"broker {broker.number}: {meanwhile} messages left without it; back with {behind} copies to make")
        if not meanwhile:
            self.wrong.append(f"broker {broker.number}: no message left while it was away")
        if await _held(lambda: asyncio.to_thread(_in_sync, town.settings)):
            self._say(f"every copy in sync {(now_ms() - begin) / 1000:.1f} s after the loss")
        else:
            self.wrong.append(f"broker {broker.number}: not every copy is in sync after {WHOLE_SECONDS:.0f} s")
        return Span(begin, now_ms())

    async def redis(self, town: Town, planned: Round) -> None:
        """kill -9 of Redis, its disk deleted; it comes back empty and is filled from `dispatches`.

        A dispatcher dies with it, so that what it sent and had not committed comes to a ledger that knew nothing.
        """
        known = await asyncio.to_thread(_keys, town.redis.address)
        there = [each for each in town.residents.values() if each.name == "dispatcher"]
        victim = there[planned.victim % len(there)]
        victim.down()
        await whole(town.redis.kill)
        shutil.rmtree(town.redis.folder / "data")
        self._say(f"redis: killed with {victim.slot.lower()}, the {known} keys of its ledger deleted")
        await lasting(planned.lasts_seconds)
        await whole(town.redis.start)
        await until(lambda: not victim.alive)
        victim.up()
        if await _held(lambda: asyncio.to_thread(lambda: _keys(town.redis.address) >= known)):
            self._say("redis: back empty, and its ledger filled again")
        else:
            self.wrong.append(f"redis: the ledger had {known} keys and was not filled again")

    async def workers_volume(self, town: Town, planned: Round) -> None:
        """kill -9 of a worker, its RocksDB deleted; it comes back and reads the changelog."""
        there = [each for each in town.residents.values() if each.name == "worker"]
        victim = there[planned.victim % len(there)]
        folder = victim.settings.data / "state"
        victim.down()
        await until(lambda: not victim.alive)
        size = _bytes(folder)
        shutil.rmtree(folder)
        self._say(f"{victim.slot.lower()}: killed, its volume of {size:,} bytes deleted")
        if not size:
            self.wrong.append(f"{victim.slot.lower()}: its volume was empty, so that nothing was lost")
        await lasting(planned.lasts_seconds)
        victim.up()
        if await _held(lambda: _bytes(folder) > 0):
            self._say(f"{victim.slot.lower()}: back with an empty volume, which fills from the changelog")
        else:
            self.wrong.append(f"{victim.slot.lower()}: its volume did not fill again")


async def _held(condition: Callable[[], object]) -> bool:
    try:
        return bool(await until(condition, WHOLE_SECONDS))
    except TimeoutError:
        return False


def _behind(settings: Settings) -> int:
    return sum(each.copies - each.in_sync for each in replicas(settings))


def _in_sync(settings: Settings) -> bool:
    """Whether every copy is in sync; a broker that is asked while it comes back may have no answer."""
    try:
        return _behind(settings) == 0
    except TopicsError:
        return False


def _keys(url: str) -> int:
    try:
        with Redis.from_url(url, socket_timeout=2.0) as client:
            return int(client.dbsize())
    except RedisError:
        return 0


def _bytes(folder: Path) -> int:
    """What the files below a folder take of the disk, some of which may go meanwhile."""
    total = 0
    for path in folder.rglob("*"):
        try:
            total += path.stat().st_blocks * 512 if path.is_file() else 0
        except OSError:
            continue
    return total

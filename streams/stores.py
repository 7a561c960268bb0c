"""Which store a partition gets: one in memory, or RocksDB in a folder of the partition's own."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping

from state.store import MemoryStore, PartitionStore, StoreBusy, StoreError
from streams.settings import Settings

log = logging.getLogger("sillage.store")

BUSY_SECONDS = 10.0
RETRY_SECONDS = 0.1
"""How long a folder that another holds is waited for: a session that still closes it has long ended by then."""
LOADING_BYTES = 512 << 20
"""What the take-overs of all partitions together may gather before they write."""

Stores = Callable[[int], Awaitable[PartitionStore]]
"""Opens the store of a partition."""


def stores(settings: Settings, topic_ids: Mapping[str, str]) -> Stores:
    """What opens the store of each partition, as SILLAGE_STORE says. Raises StoreError where RocksDB is not installed.

    A folder is named after the changelog's topic id: that of a topic made anew is another. One that a stopped or second
    process does not give back is not waited for beyond BUSY_SECONDS: its partition is kept in memory, since one that
    hangs must not take the other partitions with it.
    """
    if settings.store == "memory":
        return _in_memory
    try:
        from state.rocks import RocksStore
    except ImportError as fault:
        raise StoreError(
            f"SILLAGE_STORE=rocks: RocksDB is not installed ({fault}); `pip install rocksdict`, or SILLAGE_STORE=memory"
        ) from fault
    topic_id = topic_ids[settings.topic("state")]
    folder = settings.data / "state" / settings.prefix / topic_id
    load_bytes = LOADING_BYTES // settings.partitions

    def on_disk(number: int) -> Awaitable[PartitionStore]:
        return _patiently(lambda: RocksStore(folder / str(number), topic_id, load_bytes=load_bytes))

    return on_disk


async def _in_memory(_number: int) -> PartitionStore:
    return MemoryStore()


async def _patiently(opened: Callable[[], PartitionStore]) -> PartitionStore:
    loop = asyncio.get_running_loop()
    deadline = loop.time() + BUSY_SECONDS
    while True:
        try:
            return await asyncio.to_thread(opened)
        except StoreBusy as fault:
            if loop.time() >= deadline:
                log.warning("%s; end that one: the partition is kept in memory until it is taken over again", fault)
                return MemoryStore()
        await asyncio.sleep(RETRY_SECONDS)

"""Taking a partition over: the marker, the changelog up to it, where inputs go on (docs/protocol.md 1.3 to 1.6)."""

import asyncio
import secrets
from collections.abc import Callable, Mapping
from itertools import islice
from typing import NamedTuple

from state.changelog import Mark, Positions, Reading, marker_key
from state.store import PartitionStore
from streams.broker.publish import Out, Publisher
from streams.broker.reader import Read
from streams.broker.source import Spot
from streams.commit import Leaving
from streams.partition import Partition
from streams.processor import Processor

TIMERS_STEP = 5000
"""Timers restored between two looks at the others."""


class RecoveryError(Exception):
    """The partition cannot be taken over; the message gives what was found and the cure. The worker stops."""


class Recovered(NamedTuple):
    """A partition as the changelog left it: its epoch, its store, how many records were read."""

    epoch: int
    store: PartitionStore
    records: int

    @property
    def mark(self) -> Mark:
        """How far the changelog is in the store, with the last positions."""
        return self.store.mark

    @property
    def to_heal(self) -> list[bytes]:
        """Keys with an ignored record after their counting one, sorted; they must be written again."""
        return sorted(key for key in self.mark.ignored if self.store.get(key) is not None)


async def take_over(
    publisher: Publisher,
    read: Read,
    topic: str,
    partition: int,
    store: PartitionStore,
    left: Callable[[int, int], None] = lambda _partition, _records: None,
) -> Recovered:
    """Writes the marker of a new epoch and reads the changelog up to it into `store`, from where the store is.

    The acknowledged offset of the marker is the epoch. A store that is ahead of its log begins anew. `left` hears again
    and again of the partition and how many records are left to read. Raises PublishError where the marker's fate is
    unknown, RecoveryError where the changelog cannot be read.
    """
    epoch = await publisher.append(topic, partition, [Out(marker_key(secrets.token_hex(8)), b"")])
    if store.mark.offset > epoch:
        store.clear()
    reading = Reading(store.mark)
    async for rows in read(topic, partition, store.mark.offset, epoch + 1):
        counting = reading.take(rows)
        await asyncio.to_thread(store.load, counting, reading.mark)
        left(partition, epoch + 1 - reading.mark.offset)
    await asyncio.to_thread(store.loaded)
    if reading.mark.marker != epoch:
        raise RecoveryError(
            f"{topic}/{partition}: the changelog's last marker up to {epoch} is at {reading.mark.marker}, expected my "
            "own; was the topic created anew? stop all workers and look at its settings with `sillage topics`"
        )
    return Recovered(epoch, store, reading.records)


async def restore_timers(processor: Processor) -> None:
    """Builds the timer index from what the store knows of its records, while other partitions go on."""
    entries = processor.store.timers()
    while some := list(islice(entries, TIMERS_STEP)):
        processor.timers.load(some)
        await asyncio.sleep(0)


def unpublished(partition: Partition) -> list[Leaving]:
    """What the outboxes of a recovered partition hold: proven, and not known to be published."""
    store = partition.processor.store
    leaving = []
    for key in store.speaking():
        record = store.get(key)
        if record is not None and record.outbox:
            leaving += [Leaving(key, record, entry) for entry in record.to_hand(record.out_seq)]
    return leaving


def starts(
    mark: Mark,
    names: Mapping[Spot, str],
    topic_ids: Mapping[str, str],
    bounds: Mapping[Spot, tuple[int, int]],
    committed: Mapping[Spot, int],
    default: str,
) -> dict[Spot, int]:
    """Where each input goes on: the stored positions, else the group's offset; a topic first seen later from its start.

    `mark` is what the changelog says. `names` gives for each spot the name under which positions are stored, `default`
    (`latest` or `earliest`) where the very first start begins. Raises RecoveryError where a stored position lies
    outside its log or the topic was created anew.
    """
    found: dict[Spot, int] = {}
    for spot, name in names.items():
        first, end = bounds[spot]
        if mark.positions is None:
            begin = committed.get(spot, end if default == "latest" else first)
            found[spot] = min(max(begin, first), end)
        elif name not in mark.positions.offsets:
            found[spot] = first
        else:
            found[spot] = _stored(mark, mark.positions, spot, name, topic_ids.get(spot[0], ""), first, end)
    return found


def _stored(mark: Mark, positions: Positions, spot: Spot, name: str, topic_id: str, first: int, end: int) -> int:
    at = positions.offsets[name]
    anew = positions.topic_ids.get(name, topic_id) != topic_id
    if not anew and first <= at <= end:
        return at
    if mark.accept_offset > mark.positions_offset:
        return first if anew else min(max(at, first), end)
    found = "the topic was created anew" if anew else f"its log holds {first} to {end}"
    raise RecoveryError(
        f"{spot[0]}/{spot[1]}: the stored position is {at}, but {found}; what lies between was lost or is another "
        "topic's. To go on with what is there: `sillage state reset-positions`"
    )

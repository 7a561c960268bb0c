"""Taking a partition over: the marker, the changelog up to it, where inputs go on (docs/protocol.md 1.3 to 1.6)."""

import asyncio
import secrets
from collections.abc import Mapping

from state.changelog import Fold, Positions, marker_key
from state.store import MemoryStore
from streams.broker.publish import Out, Publisher
from streams.broker.reader import Read
from streams.broker.source import Spot


class RecoveryError(Exception):
    """The partition cannot be taken over; the message gives what was found and the cure. The worker stops."""


class Recovered:
    """What the changelog held at the take-over: the records, the last positions, what must be written again."""

    def __init__(self, epoch: int, fold: Fold) -> None:
        self.epoch = epoch
        self.positions = fold.positions
        self.accepted = fold.accept_offset > fold.positions_offset
        self.to_heal = fold.to_heal
        self.records = fold.records
        self.store = MemoryStore()
        for key, value in fold.latest.items():
            self.store.load(key, value)


async def take_over(publisher: Publisher, read: Read, topic: str, partition: int) -> Recovered:
    """Writes the marker of a new epoch and reads the changelog up to it.

    The acknowledged offset of the marker is the epoch. Raises PublishError where the marker's fate is unknown,
    RecoveryError
    where the changelog cannot be read.
    """
    epoch = await publisher.append(topic, partition, [Out(marker_key(secrets.token_hex(8)), b"")])
    fold = Fold()
    async for rows in read(topic, partition, 0, epoch + 1):
        for row in rows:
            fold.feed(row.offset, row.key or b"", row.value or b"")
        await asyncio.sleep(0)
    if fold.marker != epoch:
        raise RecoveryError(
            f"{topic}/{partition}: the changelog's last marker up to {epoch} is at {fold.marker}, expected my own; "
            "was the topic created anew? stop all workers and look at its settings with `sillage topics`"
        )
    return Recovered(epoch, fold)


def starts(
    recovered: Recovered,
    names: Mapping[Spot, str],
    topic_ids: Mapping[str, str],
    bounds: Mapping[Spot, tuple[int, int]],
    committed: Mapping[Spot, int],
    default: str,
) -> dict[Spot, int]:
    """Where each input goes on: the stored positions, else the group's offset; a topic first seen later from its start.

    `names` gives for each spot the name under which positions are stored, `default` (`latest` or `earliest`) where
    the very
    first start begins. Raises RecoveryError where a stored position lies outside its log or the topic was created anew.
    """
    found: dict[Spot, int] = {}
    for spot, name in names.items():
        first, end = bounds[spot]
        if recovered.positions is None:
            begin = committed.get(spot, end if default == "latest" else first)
            found[spot] = min(max(begin, first), end)
        elif name not in recovered.positions.offsets:
            found[spot] = first
        else:
            found[spot] = _stored(recovered, recovered.positions, spot, name, topic_ids.get(spot[0], ""), first, end)
    return found


def _stored(
    recovered: Recovered, positions: Positions, spot: Spot, name: str, topic_id: str, first: int, end: int
) -> int:
    at = positions.offsets[name]
    anew = positions.topic_ids.get(name, topic_id) != topic_id
    if not anew and first <= at <= end:
        return at
    if recovered.accepted:
        return first if anew else min(max(at, first), end)
    found = "the topic was created anew" if anew else f"its log holds {first} to {end}"
    raise RecoveryError(
        f"{spot[0]}/{spot[1]}: the stored position is {at}, but {found}; what lies between was lost or is another "
        "topic's. To go on with what is there: `sillage state reset-positions`"
    )

"""Mutations: one part of the protocol switched off at a time, to prove that the simulation would see it."""

import asyncio
import contextlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any
from unittest.mock import patch

import msgspec

from state.changelog import POSITIONS, Positions, encode_positions
from state.ledger import Ask, Entry
from state.recall import Recall
from state.record import Record
from state.store import Busy, MemoryStore
from state.walks import Walked
from streams.broker.publish import Out
from streams.commit import Leaving, Writer
from streams.dispatch.parking import Parking
from streams.fanout.fanouts import Fanouts
from streams.partition import Partition
from streams.processor import Processor

Mutation = Callable[[], contextlib.AbstractContextManager[object]]


def proof_off() -> contextlib.AbstractContextManager[object]:
    """A write counts as durable once it is acknowledged, whoever began before it."""
    return patch("streams.commit.foreign", lambda _key: False)


def heal_off() -> contextlib.AbstractContextManager[object]:
    """Ignored records are left to be the last of their key."""
    return patch.object(Writer, "heal", lambda _writer, _keys: None)


def republication_off() -> contextlib.AbstractContextManager[object]:
    """What outboxes hold at a take-over is taken as published."""

    def forgotten(partition: Partition) -> list[Leaving]:
        store = partition.processor.store
        for key in store:
            record = store.get(key)
            if record is not None:
                record.published(record.out_seq)
        return []

    return patch("streams.worker.unpublished", forgotten)


def clear_when_handed() -> contextlib.AbstractContextManager[object]:
    """An output leaves the outbox when it is handed to publication, not when that is acknowledged."""
    landed = Writer.landed

    def hand(writer: Writer, end: int, between: Sequence[tuple[bytes, int]]) -> list[Leaving]:
        leaving = landed(writer, end, between)
        for one in leaving:
            writer.published(one.key, one.record, one.entry.seq)
        return leaving

    return patch.object(Writer, "landed", hand)


@contextlib.contextmanager
def positions_at_the_end() -> Iterator[None]:
    """A pass ends with the positions of its end, not of its start."""
    asked: dict[int, tuple[Positions, Partition]] = {}
    positions, encode = Partition.positions, encode_positions

    def ask(partition: Partition, epoch: int) -> Positions:
        found = positions(partition, epoch)
        asked[id(found)] = (found, partition)
        return found

    def late(found: Positions) -> bytes:
        return encode(positions(asked[id(found)][1], found.epoch))

    with patch.object(Partition, "positions", ask), patch("streams.commit.encode_positions", late):
        yield


def forgetfulness_believed() -> contextlib.AbstractContextManager[object]:
    """A ledger that lost its memory is believed, instead of filled again from `dispatches`."""
    reserve = Recall.reserve

    async def believed(recall: Recall, partition: int, asks: Sequence[Ask], at: int) -> list[Entry]:
        recall.merge(partition, ())
        return await reserve(recall, partition, asks, at)

    return patch.object(Recall, "reserve", believed)


def parked_unwritten() -> contextlib.AbstractContextManager[object]:
    """The offset behind a parked action is committed before the waiting topic has it."""
    park = Parking.park

    async def unawaited(parking: Parking, *given: Any) -> None:
        writing.add(asyncio.create_task(park(parking, *given)))

    writing: set[asyncio.Task[None]] = set()
    return patch.object(Parking, "park", unawaited)


def unproven_stored() -> contextlib.AbstractContextManager[object]:
    """A store takes what is written, not what is proven."""
    take = Writer.take

    def stored(writer: Writer, **how: Any) -> list[Out]:
        outs = take(writer, **how)
        store = writer.partition.processor.store
        written = {out.key or b"": out.value or b"" for out in outs if out.key != POSITIONS}
        store.settle(written, store.mark)
        return outs

    return patch.object(Writer, "take", stored)


def busy_let_go() -> contextlib.AbstractContextManager[object]:
    """A store lets go of records that hold more than their stored bytes."""
    trim = MemoryStore.trim

    def trimmed(store: MemoryStore, _busy: Busy, brief: Iterable[bytes]) -> None:
        trim(store, lambda _key, _record: False, brief)

    return patch.object(MemoryStore, "trim", trimmed)


def walks_unproven() -> contextlib.AbstractContextManager[object]:
    """A walk goes before its number is durable."""
    begin = Fanouts.__init__

    def begun(fanouts: Fanouts, *given: Any, **how: Any) -> None:
        begin(fanouts, *given, **how | {"proof": False})

    return patch.object(Fanouts, "__init__", begun)


def walks_forgotten() -> contextlib.AbstractContextManager[object]:
    """A customer does not remember which walks came by."""
    meet = Processor.meet

    def met(processor: Processor, key: bytes, record: Record, origin: str, *given: Any) -> None:
        meet(processor, key, record, origin, *given)
        del record.applied[origin]

    return patch.object(Processor, "meet", met)


def ends_unproven() -> contextlib.AbstractContextManager[object]:
    """A walk is forgotten when it has met everyone, not when that is durable."""
    durable = Fanouts._durable

    def believed(fanouts: Fanouts) -> dict[int, Walked]:
        here = fanouts.walked() if hasattr(fanouts, "_going") else {}
        return durable(fanouts) | {number: walked for number, walked in here.items() if walked.ended}

    return patch.object(Fanouts, "_durable", believed)


@contextlib.contextmanager
def cursors_at_the_end() -> Iterator[None]:
    """A pass ends with the places of walks at its end, not at its start."""
    asked: dict[int, tuple[Positions, Partition]] = {}
    positions, encode = Partition.positions, encode_positions

    def ask(partition: Partition, epoch: int) -> Positions:
        found = positions(partition, epoch)
        asked[id(found)] = (found, partition)
        return found

    def late(found: Positions) -> bytes:
        return encode(msgspec.structs.replace(found, walks=asked[id(found)][1].fanouts.walked()))

    with patch.object(Partition, "positions", ask), patch("streams.commit.encode_positions", late):
        yield


MUTATIONS: dict[str, Mutation] = {
    "proof": proof_off,
    "heal": heal_off,
    "re-publication": republication_off,
    "clear on acknowledgement": clear_when_handed,
    "positions at the start": positions_at_the_end,
    "proven records only in a store": unproven_stored,
    "busy records stay": busy_let_go,
    "refill of the ledger": forgetfulness_believed,
    "parking before the commit": parked_unwritten,
    "proof of a walk": walks_unproven,
    "walks that a customer remembers": walks_forgotten,
    "proof of a walk's end": ends_unproven,
    "places of walks at the start": cursors_at_the_end,
}

"""Logs damaged on disk under a real broker: one row for a damaged batch, in its place, and all others as they were."""

import asyncio
import random
import struct
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from aiokafka.record.util import calc_crc32c
from conftest import IN_CI
from kafka.admin import KafkaAdminClient, NewTopic
from waiting import until

from local.errors import LocalError
from local.kafka import KafkaServer
from streams.broker import watch
from streams.broker.assigned import AssignedSource
from streams.broker.frames import frames
from streams.broker.publish import KafkaPublisher, Out
from streams.broker.reader import read_all
from streams.broker.watch import DamagedLog
from streams.touchpoints.record import Damaged

BATCHES, RECORDS, HURT = 6, 10, 2
END = BATCHES * RECORDS
NO_END = 1 << 60

Change = Callable[[bytearray], None]


def put(at: int, form: str, value: int) -> Change:
    """Overwrites a field of a batch."""

    def change(batch: bytearray) -> None:
        struct.pack_into(form, batch, at, value)

    return change


def flipped(batch: bytearray) -> None:
    batch[-5] ^= 0xFF


def undecodable(batch: bytearray) -> None:
    """What lz4 cannot unpack, under a checksum that holds."""
    batch[61:66] = b"\xff" * 5
    struct.pack_into(">I", batch, 17, calc_crc32c(bytes(batch[21:])))


def zeroed(batch: bytearray) -> None:
    """A lost block: the header and more."""
    batch[:100] = bytes(100)


CHANGES: dict[str, Change] = {
    "checksum": flipped,
    "lz4": undecodable,
    "codec": put(21, ">h", 7),
    "magic-0": put(16, ">b", 0),
    "magic-7": put(16, ">b", 7),
    "magic-minus": put(16, ">b", -1),
    "count": put(57, ">i", 1 << 30),
    "last-offset": put(23, ">i", 5),
    "length-long": put(8, ">i", 1 << 29),
    "length-short": put(8, ">i", 30),
    "length-negative": put(8, ">i", -7),
    "length-tiny": put(8, ">i", 3),
    "base-ahead": put(0, ">q", 1 << 50),
    "zeroed": zeroed,
}


class Broker:
    """A Kafka of these tests alone, whose logs they may write into."""

    def __init__(self, server: KafkaServer) -> None:
        self.server = server
        self.written: dict[tuple[str, int], list[list[bytes]]] = {}

    async def fill(self, topic: str, partitions: int, bytes_each: int) -> None:
        """Batches of RECORDS values of random bytes on each partition."""
        admin = KafkaAdminClient(bootstrap_servers=self.server.address)
        admin.create_topics([NewTopic(topic, num_partitions=partitions, replication_factor=1)])
        admin.wait_for_topics([topic])
        admin.close()
        some = random.Random(topic)
        publisher = KafkaPublisher(self.server.address)
        await publisher.start()
        for partition in range(partitions):
            found = [[some.randbytes(bytes_each // 2).hex().encode() for _ in range(RECORDS)] for _ in range(BATCHES)]
            self.written[topic, partition] = found
            for values in found:
                await publisher.append(topic, partition, [Out(b"k", value) for value in values])
        await publisher.stop()

    def log(self, topic: str, partition: int) -> Path:
        return self.server.folder / "data" / f"{topic}-{partition}" / f"{0:020}.log"

    def hurt(self, topic: str, partition: int, change: Change, number: int = HURT) -> bytes:
        """Damages a batch on disk, under the running broker, and gives its bytes as they are then."""
        path = self.log(topic, partition)
        data = path.read_bytes()
        frame = frames(data, NO_END)[number]
        batch = bytearray(data[frame.begin : frame.end])
        change(batch)
        with path.open("r+b") as log:
            log.seek(frame.begin)
            log.write(batch)
        return bytes(batch)


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    server = KafkaServer(tmp_path_factory.mktemp("damaged") / "kafka")
    try:
        server.start()
        yield Broker(server)
    except LocalError as problem:
        if IN_CI:
            raise
        pytest.skip(str(problem))
    finally:
        server.erase()


async def brought(broker: Broker, topic: str, partitions: int) -> dict[int, list[Any]]:
    """All rows that an AssignedSource brings of a topic, until each log is read to its end."""
    found: dict[int, list[Any]] = {partition: [] for partition in range(partitions)}
    source = AssignedSource(broker.server.address, lambda _topic, partition, rows: found[partition].extend(rows))
    await source.start()
    source.open({(topic, partition): 0 for partition in found})
    running = asyncio.create_task(source.run())
    try:
        await until(lambda: running.done() or all(rows and rows[-1].offset == END - 1 for rows in found.values()), 60)
    except TimeoutError:
        raise AssertionError({n: rows and rows[-1].offset for n, rows in found.items()}) from None
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await source.stop()
    return found


@pytest.mark.parametrize("bytes_each", [40, 4000], ids=["small", "large"])
async def test_a_damaged_batch_is_one_row_and_all_others_come(
    broker: Broker, bytes_each: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Small ones lie between two entries of the broker's index, large ones have an entry each."""
    monkeypatch.setattr(watch, "UNSERVED_SECONDS", 0.5)
    topic = f"damaged-{bytes_each}"
    changes = list(CHANGES.items())
    await broker.fill(topic, len(changes), bytes_each)
    raws = [broker.hurt(topic, number, change) for number, (_, change) in enumerate(changes)]
    found = await brought(broker, topic, len(changes))
    for number, (name, _) in enumerate(changes):
        hurt = [row for row in found[number] if isinstance(row, Damaged)]
        assert [(row.first, row.offset, row.raw) for row in hurt] == [(20, 29, raws[number])], name
        sound = [(row.offset, row.value) for row in found[number] if row.value is not None]
        values = [value for batch in broker.written[topic, number] for value in batch]
        assert sound == [(at, value) for at, value in enumerate(values) if not 20 <= at < 30], name
    again = await brought(broker, topic, 2)
    assert [again[number] for number in (0, 1)] == [found[number] for number in (0, 1)], "a redo gives other letters"


async def test_the_last_batch_of_a_log_is_put_aside_too_and_what_comes_later_is_read(broker: Broker) -> None:
    """Nothing behind it shows where it ends; what it says itself does, or the end of the log."""
    topic = "damaged-last"
    changes = [flipped, CHANGES["count"], CHANGES["last-offset"]]
    await broker.fill(topic, len(changes), 40)
    raws = [broker.hurt(topic, number, change, BATCHES - 1) for number, change in enumerate(changes)]
    found = await brought(broker, topic, len(changes))
    for number, raw in enumerate(raws):
        assert [(row.first, row.offset, row.raw) for row in found[number] if isinstance(row, Damaged)] == [
            (END - RECORDS, END - 1, raw)
        ]
        assert len(found[number]) == END - RECORDS + 1


async def test_what_one_fetch_brings_of_other_partitions_is_not_lost_with_the_damaged_one(broker: Broker) -> None:
    topic = "damaged-beside"
    await broker.fill(topic, 9, 40)
    broker.hurt(topic, 4, flipped)
    found = await brought(broker, topic, 9)
    for number in set(range(9)) - {4}:
        assert [row.offset for row in found[number]] == list(range(END))


async def test_what_must_be_read_whole_is_not_read_around(broker: Broker) -> None:
    await broker.fill("damaged-whole", 2, 40)
    broker.hurt("damaged-whole", 0, flipped)
    broker.hurt("damaged-whole", 1, CHANGES["base-ahead"])
    for partition, found in ((0, "cannot be unpacked"), (1, "has no sound header")):
        with pytest.raises(DamagedLog) as raised:
            async for _ in read_all(broker.server.address, "damaged-whole", partition):
                pass
        said = str(raised.value)
        assert said.startswith(f"damaged-whole/{partition}: the batch at offset 20 ")
        assert found in said
        assert "from another replica or a backup" in said

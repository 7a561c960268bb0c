"""What a take-over takes in each store, three records a customer: `python bench/recovery.py [customers]`."""

import asyncio
import multiprocessing
import resource
import shutil
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from pathlib import Path
from random import Random
from time import perf_counter, process_time

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from engine.customer import Consent
from engine.decide import new_customer
from state.changelog import Mark, Reading, marker_key
from state.codec import encode
from state.record import Record
from state.rocks import RocksStore
from state.store import MemoryStore, PartitionStore
from state.timers import TimerIndex
from streams.broker.publish import Out
from streams.recovery import take_over
from streams.touchpoints.record import Row

START_AT = 1_700_000_000_000
FETCHED = 5_000
RECORDS = 3
TIMED = 5
"""One customer in so many has a timer."""
TAIL = 10_000
"""Records behind the mark of a warm store."""


def bodies() -> list[bytes]:
    """Stored customers of middling size, some with a timer."""
    found = []
    for number in range(1000):
        customer = new_customer(f"customer-{number:08}", START_AT)
        customer.attributes = {"email": f"c{number}@shop.example", "first_name": "Ada", "timezone": "Europe/Paris"}
        customer.attributes |= {f"attribute_{n}": Random(number * n).randrange(10**9) for n in range(8)}
        customer.consent = {"offers/email": Consent(True, START_AT)}
        record = Record(customer, {"touchpoints.web/0#abcdefgh": number, "touchpoints.app/0#abcdefgh": number})
        record.due_at = 0 if number % TIMED else START_AT + number * 60_000
        found.append(encode(record, 0))
    return found


class Changelog:
    """A changelog of so many customers in memory of its own: a Publisher and a Read."""

    def __init__(self, customers: int) -> None:
        self.customers = customers
        self.end = 1 + RECORDS * customers
        self.bodies = bodies()

    async def append(self, topic: str, partition: int, records: Sequence[Out]) -> int:
        """The marker of the owner that takes over."""
        self.end += 1
        return self.end - 1

    async def read(self, topic: str, partition: int, start: int, end: int) -> AsyncIterator[Sequence[Row]]:
        """All records from `start` on, in batches as they are fetched."""
        for first in range(start, end, FETCHED):
            yield [self._row(offset) for offset in range(first, min(end, first + FETCHED))]

    def _row(self, offset: int) -> Row:
        if offset == 0 or offset > RECORDS * self.customers:
            return _row(offset, marker_key(str(offset)), b"")
        # A prime step, so that neighbours in the log are none in the order of keys.
        number = offset * 7_919 % self.customers
        body = self.bodies[number % 1000]
        return _row(offset, b"customer-%08d" % number, b"".join((body[:1], body[1:])))


def _row(offset: int, key: bytes, value: bytes) -> Row:
    """A record as a worker's consumer gives it."""
    return Row("state", 0, offset, START_AT, key, value)


async def take(log: Changelog, store: PartitionStore) -> int:
    """A whole take-over, timers included; gives how many records were read."""
    recovered = await take_over(log, log.read, "state", 0, store)
    timers = TimerIndex()
    timers.load(store.timers())
    for key in store.speaking():
        store.get(key)
    return recovered.records


async def only_read(log: Changelog) -> int:
    """The reading alone, which keeps nothing."""
    reading = Reading(Mark())
    async for rows in log.read("state", 0, 0, log.end):
        reading.take(rows)
    return reading.records


def in_memory(log: Changelog, _folder: Path) -> int:
    return asyncio.run(take(log, MemoryStore()))


def reading(log: Changelog, _folder: Path) -> int:
    return asyncio.run(only_read(log))


def on_disk(log: Changelog, folder: Path) -> int:
    store = RocksStore(folder, "id")
    log.end = max(log.end, store.mark.offset)
    return asyncio.run(take(log, store))


def behind(log: Changelog, folder: Path) -> int:
    """A warm store with a tail to read."""
    store = RocksStore(folder, "id")
    store.mark.offset = log.end - TAIL
    return asyncio.run(take(log, store))


def gets(log: Changelog, folder: Path) -> int:
    """Records asked for at random, none of them live."""
    store = RocksStore(folder, "id", live=1)
    chosen = Random(1)
    for _ in range(100_000):
        store.get(b"customer-%08d" % chosen.randrange(log.customers))
        store.trim(lambda _key, _record: False)
    return 100_000


def settles(log: Changelog, folder: Path) -> int:
    """Proven rounds of 150 records, as a worker at work settles them."""
    store = RocksStore(folder, "id")
    keys, values = [b"customer-%08d" % number for number in range(3_000)], log.bodies
    for key in keys:
        store.get(key)
    for turn in range(1000):
        store.settle({keys[n % 3_000]: values[n % 1000] for n in range(turn * 150, turn * 150 + 150)}, store.mark)
    return 150_000


CASES: dict[str, Callable[[Changelog, Path], int]] = {
    "reading alone, nothing kept": reading,
    "memory": in_memory,
    "rocks, cold": on_disk,
    "rocks, warm": on_disk,
    f"rocks, warm, {TAIL} records behind": behind,
    "rocks, gets of records not live": gets,
    "rocks, settled in rounds of 150": settles,
}


def measured(title: str, customers: int, folder: Path) -> None:
    """Runs one case and prints its line; the process that it runs in is its own, so that its memory is too."""
    log = Changelog(customers)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    began, worked = perf_counter(), process_time()
    records = CASES[title](log, folder)
    seconds, cpu = perf_counter() - began, process_time() - worked
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    each = cpu / max(1, records) * 1e6
    sys.stdout.write(
        f"{title:36} {seconds:7.2f} s  {cpu:7.2f} s CPU  {records:9,} records  {each:8.2f} us each  {grown:7.0f} MB\n"
    )


def folders(customers: int) -> Iterator[tuple[str, int, Path]]:
    """The cases, all of them over one folder."""
    folder = Path(tempfile.mkdtemp(prefix="sillage-recovery-"))
    for title in CASES:
        yield title, customers, folder
    shutil.rmtree(folder)


def main() -> None:
    """Prints one line a case."""
    customers = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    fresh = multiprocessing.get_context("spawn")
    sys.stdout.write(f"{customers:,} customers, {RECORDS} records of {len(bodies()[1])} bytes each\n")
    for case in folders(customers):
        process = fresh.Process(target=measured, args=case)
        process.start()
        process.join()


if __name__ == "__main__":
    main()

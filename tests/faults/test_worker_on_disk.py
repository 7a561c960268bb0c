"""A worker with its records on disk: killed, it reads only what is behind its mark, and its folder may fail it."""

import re
import time
import urllib.request

import pytest
from breakable import House, Kept, calm, orders, people, thanks
from waiting import until

from local.ports import free_port
from streams.commit import PASS_SECONDS

END_SECONDS = 20.0


@pytest.fixture
def on_disk(house: House) -> House:
    """The house with a worker that keeps its records in RocksDB and tells its metrics."""
    house.worker.settings.store = "rocks"
    house.worker.settings.metrics_port = free_port()
    return house


def metric(house: House, name: str) -> float:
    """The sum of a metric of the worker, 0 while it does not answer."""
    try:
        with urllib.request.urlopen(
            f"http://127.0.0.1:{house.worker.settings.metrics_port}/metrics", timeout=2
        ) as page:
            text = page.read().decode()
    except OSError:
        return 0.0
    return sum(float(value) for value in re.findall(rf"^{name}(?:{{[^}}]*}})? (\S+)$", text, re.MULTILINE))


@pytest.mark.slow
async def test_killed_it_reads_only_what_is_behind_its_mark_and_loses_nothing(on_disk: House) -> None:
    customers = people(200)
    on_disk.start()
    await on_disk.introduce(customers)
    await on_disk.publish(orders(customers[:150]))
    await on_disk.delivered(thanks(customers[:150]))
    still = Still(on_disk)
    await until(lambda: still(), 30)
    on_disk.worker.kill()
    written = len(await on_disk.records("state"))
    await on_disk.publish(orders(customers[150:]))
    on_disk.worker.start()
    await on_disk.delivered(thanks(customers))
    read = metric(on_disk, "sillage_recovered_records_total")
    assert written > 300
    assert on_disk.settings.partitions <= read <= written / 10
    assert set(on_disk.mails().values()) == {1}
    calm(on_disk.worker.log)


class Still:
    """Whether nothing was written to `state` for longer than a lazy pass waits."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._count = 0
        self._since = time.monotonic()

    async def __call__(self) -> bool:
        count = len(await self._house.records("state"))
        if count != self._count:
            self._count, self._since = count, time.monotonic()
        return time.monotonic() - self._since > 2 * PASS_SECONDS


async def test_a_folder_that_cannot_be_used_ends_it_with_the_cure(house: House) -> None:
    (house.settings.data / "state").write_text("in the way")
    process = Kept("worker", house.settings.model_copy(update={"store": "rocks"}), house.settings.data)
    try:
        assert process.start().ended(END_SECONDS) == 1
    finally:
        process.kill()
    assert "Traceback" not in process.log
    last = process.log.splitlines()[-1]
    assert last.startswith(f"Error: store {house.settings.data}/state/{house.settings.prefix}/")
    assert "SILLAGE_DATA" in last

"""The row of two workers: one backlog worked off by one process, and by two of one group."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack

from bench.floor.child import Child
from bench.floor.fill import fill_customers, fill_events
from bench.floor.house import House
from bench.floor.result import Compared, Figures, Measured
from bench.floor.sizes import Sizes
from bench.floor.throughput import DURABLE, FLOOR

ONE, TWO = "one worker", "two workers"
COMPARED = (Compared(TWO, ONE, "cpu_us_per_event", "CPU / one"), Compared(TWO, ONE, "events_per_second", "speed / one"))


def two_workers(house: House, sizes: Sizes) -> Iterator[Measured]:
    """The same events by one worker, then by two."""
    for count, series in ((1, ONE), (2, TWO)):
        figures = _shared(house, sizes, count)
        yield Measured(f"workers, {sizes.few_customers:,} customers", series, DURABLE[FLOOR], figures)


def _shared(house: House, sizes: Sizes, count: int) -> Figures:
    with house.fresh(sizes.few_customers) as run, ExitStack() as stack:
        fill_events(run, sizes.events)
        fill_customers(run)
        workers = [stack.enter_context(house.child("worker", run)) for _ in range(count)]
        for worker in workers:
            while worker.wait("progress")["partitions"] != run.partitions // count:
                pass
        for worker in workers:
            worker.go()
        _until_done(workers, sizes.events)
        for worker in workers:
            worker.stop()
        found = [worker.result() for worker in workers]
    cpu, wall = sum(each["cpu_seconds"] for each in found), max(each["wall_seconds"] for each in found)
    events = sum(each["events"] for each in found)
    return {
        "events": events,
        "events_per_second": events / wall,
        "cpu_us_per_event": cpu / events * 1e6,
        "rss_mb": sum(each["rss_mb"] for each in found),
        "shares": " / ".join(f"{each['events'] / events:.0%}" for each in found),
    }


def _until_done(workers: Sequence[Child], events: int) -> None:
    """Each worker is asked in turn: a line of one that is done still comes, twice a second."""
    while sum(worker.wait("progress")["events"] for worker in workers) < events:
        pass

"""The rows of recovery: from the group's word to all partitions taken over, with so many customers in the changelog."""

from collections.abc import Iterator

from bench.floor.fill import fill_customers
from bench.floor.house import House
from bench.floor.result import Figures, Measured
from bench.floor.run import Run
from bench.floor.sizes import Sizes

COPIES = 3
DURABLE = "a marker of the new epoch, and positions, before the first input"


def recovery(house: House, sizes: Sizes) -> Iterator[Measured]:
    """One start with an empty disk, and where the store keeps something there a second one."""
    with house.fresh(sizes.many_customers) as run:
        fill_customers(run, copies=COPIES)
        for disk in ("empty disk", "warm disk")[: 1 if sizes.store == "memory" else 2]:
            row = f"recovery, {run.customers:,} customers x {COPIES}"
            yield Measured(row, f"{sizes.store}, {disk}", DURABLE, _start(house, run))


def _start(house: House, run: Run) -> Figures:
    with house.child("worker", run) as child:
        before = child.wait("started")
        ready = child.wait("ready")
        child.stop()
        child.result()
    records = run.customers * COPIES
    grown = ready["rss_mb"] - before["rss_mb"]
    return {
        "seconds": ready["seconds"],
        "cpu_seconds": ready["cpu_seconds"],
        "records_per_second": records / ready["seconds"],
        "rss_mb": ready["rss_mb"],
        "mb_per_million_customers": grown / run.customers * 1e6,
    }

"""The rows of the shipped journeys, through the real catalog: the mix of events of all rows, and nothing but orders."""

from collections.abc import Callable, Iterator

from bench.floor.fill import fill_mix, fill_orders
from bench.floor.house import House, told
from bench.floor.result import Measured
from bench.floor.run import Run
from bench.floor.sizes import Sizes
from bench.floor.throughput import DURABLE, FLOOR

Fill = Callable[[Run, int], tuple[int, int]]


def shipped_journeys(house: House, sizes: Sizes) -> Iterator[Measured]:
    """Every customer gives an address and consent, which is not measured; then come the events."""
    yield _measured(house, sizes, "the mix", fill_mix)
    yield _measured(house, sizes, "orders alone", fill_orders)


def _measured(house: House, sizes: Sizes, title: str, fill: Fill) -> Measured:
    with house.fresh(sizes.few_customers) as run:
        facts, events = fill(run, sizes.events)
        with house.child("journeys_worker", told(run, events=facts + events, warm=facts)) as child:
            child.wait("ready")
            child.go()
            figures = child.result()
    return Measured(f"shipped journeys, {title}, {run.customers:,} customers", FLOOR, DURABLE[FLOOR], figures)

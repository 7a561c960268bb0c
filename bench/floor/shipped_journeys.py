"""The row of the shipped journeys: orders as the demo's, through the real catalog."""

from collections.abc import Iterator

from bench.floor.fill import fill_orders
from bench.floor.house import House, told
from bench.floor.result import Measured
from bench.floor.sizes import Sizes
from bench.floor.throughput import DURABLE, FLOOR


def shipped_journeys(house: House, sizes: Sizes) -> Iterator[Measured]:
    """Every customer gives an address and consent, which is not measured; then they order."""
    with house.fresh(sizes.few_customers) as run:
        facts, orders = fill_orders(run, sizes.events)
        with house.child("journeys_worker", told(run, events=facts + orders, warm=facts)) as child:
            child.wait("ready")
            child.go()
            figures = child.result()
    yield Measured(f"shipped journeys, {run.customers:,} customers", FLOOR, DURABLE[FLOOR], figures)

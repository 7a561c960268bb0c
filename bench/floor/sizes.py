"""How much each row does: the sizes of the issue, and those of a smoke test."""

import msgspec


class Sizes(msgspec.Struct, frozen=True):
    """Counts of events and customers, rates in events a second, times in seconds.

    `storm_margin` is how long before the storm its customers are written: until it begins, they must be on the
    changelog and the worker must have taken them over.
    """

    rounds: int = 3
    events: int = 1_000_000
    plain_events: int = 60_000
    few_customers: int = 10_000
    many_customers: int = 1_000_000
    rates: tuple[int, ...] = (20_000, 60_000)
    seconds: float = 20.0
    storm_rate: int = 5_000
    storm_seconds: float = 60.0
    storm_margin: float = 180.0
    partitions: int = 8
    store: str = "memory"


SMOKE = Sizes(
    rounds=1,
    events=600,
    plain_events=300,
    few_customers=200,
    many_customers=200,
    rates=(500,),
    seconds=1.0,
    storm_rate=300,
    storm_seconds=2.0,
    storm_margin=15.0,
    partitions=2,
)

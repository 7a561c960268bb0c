"""The time of one condition, ours against a Python lambda written by hand: `python -m bench.conditions`."""

import sys
from collections.abc import Callable
from statistics import median
from timeit import repeat

from journeys.conditions import Facts, compile_condition

SOURCE = 'event.value >= 30 && event.basket_id == entry.basket_id && customer.tier == "gold" && has(event.code)'
FACTS = Facts(
    event={"value": 42.5, "basket_id": "b1", "code": "SPRING"},
    meta={"id": "e1", "type": "basket.updated"},
    customer={"id": "c1", "tier": "gold"},
    entry={"basket_id": "b1"},
    vars={},
    consents={},
)
CALLS = 200_000


def by_hand(facts: Facts) -> bool:
    """What a careful person would write, with no guard at all."""
    event = facts.event
    return (
        event["value"] >= 30
        and event["basket_id"] == facts.entry["basket_id"]
        and facts.customer["tier"] == "gold"
        and "code" in event
    )


def nanoseconds(function: Callable[[Facts], bool], facts: Facts) -> float:
    """Median time of one call over seven rounds."""
    rounds = repeat("function(facts)", globals={"function": function, "facts": facts}, number=CALLS, repeat=7)
    return median(rounds) / CALLS * 1e9


def main() -> None:
    """Print the figures."""
    ours, hand = nanoseconds(compile_condition(SOURCE).holds, FACTS), nanoseconds(by_hand, FACTS)
    absent = Facts(event={}, meta={}, customer={}, entry={}, vars={}, consents={})
    sys.stdout.write(
        f"condition  {ours:6.0f} ns\n"
        f"by hand    {hand:6.0f} ns, ratio {ours / hand:.2f}\n"
        f"absent     {nanoseconds(compile_condition(SOURCE).holds, absent):6.0f} ns\n"
    )


if __name__ == "__main__":
    main()

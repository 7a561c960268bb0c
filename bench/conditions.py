"""The time of one condition, ours against a Python function written by hand: `python -m bench.conditions`."""

import sys
from collections.abc import Callable
from statistics import median
from time import process_time
from timeit import timeit
from typing import Any

import msgspec

from journeys.conditions import Facts, compile_condition
from journeys.conditions.past import Unwritten
from journeys.duration import Duration

SOURCE = 'event.value >= 30 && event.basket_id == entry.basket_id && customer.tier == "gold" && has(event.code)'
PAST = 'count("order.placed", "30d") >= 3 && in_segment("regulars") && event.value >= 30 && customer.tier == "gold"'
MONTH = Duration.parse("30d")
CALLS = 50_000
ROUNDS = 15
MOST_NS = 300
"""What a condition of four terms may take, on a machine that does nothing else."""


class Regular(Unwritten, frozen=True):
    """A past that answers at once, so that only the asking is measured."""

    def count(self, type_: str, window: Duration | None) -> int:
        return 5

    def in_segment(self, name: str) -> bool:
        return True


FACTS = Facts(
    event={"value": 42.5, "basket_id": "b1", "code": "SPRING"},
    meta={"id": "e1", "type": "basket.updated"},
    customer={"id": "c1", "tier": "gold"},
    entry={"basket_id": "b1"},
    vars={},
    consents={},
    past=Regular(),
)
NOTHING = Facts(event={}, meta={}, customer={}, entry={}, vars={}, consents={})


def by_hand(facts: Facts) -> bool:
    """What a careful person would write, with no guard at all."""
    event = facts.event
    return (
        event["value"] >= 30
        and event["basket_id"] == facts.entry["basket_id"]
        and facts.customer["tier"] == "gold"
        and "code" in event
    )


def past_by_hand(facts: Facts) -> bool:
    """As above, of the past."""
    past = facts.past
    return bool(
        past.count("order.placed", MONTH) >= 3
        and past.in_segment("regulars")
        and facts.event["value"] >= 30
        and facts.customer["tier"] == "gold"
    )


class Row(msgspec.Struct):
    """One condition beside what is written by hand, round by round (ns)."""

    name: str
    holds: Callable[[Facts], bool]
    hand: Callable[[Facts], bool]
    facts: Facts
    ours: list[float] = []
    hands: list[float] = []


def nanoseconds(function: Callable[[Facts], bool], facts: Facts) -> float:
    """Mean CPU time of one call."""
    names: dict[str, Any] = {"function": function, "facts": facts}
    return timeit("function(facts)", timer=process_time, globals=names, number=CALLS) / CALLS * 1e9


def main() -> None:
    """Print the figures; rows and sides take turns, so that what a ratio compares had the same machine."""
    condition = compile_condition(SOURCE).holds
    rows = [
        Row("four terms", condition, by_hand, FACTS),
        Row("absent field", condition, lambda facts: "value" in facts.event, NOTHING),
        Row("of the past", compile_condition(PAST).holds, past_by_hand, FACTS),
    ]
    assert [row.holds(row.facts) for row in rows] == [row.hand(row.facts) for row in rows]
    for _ in range(ROUNDS):
        for row in rows:
            row.ours.append(nanoseconds(row.holds, row.facts))
            row.hands.append(nanoseconds(row.hand, row.facts))
    for row in rows:
        ratio = median(ours / hand for ours, hand in zip(row.ours, row.hands, strict=True))
        sys.stdout.write(
            f"{row.name:13} {median(row.ours):4.0f} ns (least {min(row.ours):4.0f}),"
            f" by hand {median(row.hands):4.0f} ns, ratio {ratio:.2f}\n"
        )
    sys.stdout.write(f"four terms may take {MOST_NS} ns\n")
    sys.exit(1 if min(rows[0].ours) > MOST_NS else 0)


if __name__ == "__main__":
    main()

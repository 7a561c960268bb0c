"""Scenarios 28 and 30 over a part of the real orders: who is reached and when is what a plain reading says."""

import lzma
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import msgspec
import pytest
from backtest.playing import DEFINITIONS
from backtest.test_orders_backtest import facts_of, part

from bench.shipped import ENDS_AT, SUPPLIES, instant, played
from local.orders.refills import SHIPPED

LONDON = ZoneInfo("Europe/London")
DAY_MS = 86_400_000
MOST_LIVE = 20


def moved(at: int, days: int) -> int:
    """So many calendar days later in London, at the same time of day."""
    local = datetime.fromtimestamp(at / 1000, LONDON).replace(tzinfo=None) + timedelta(days=days)
    return round(local.replace(tzinfo=LONDON).timestamp() * 1000)


def in_the_day(at: int) -> int:
    """The first instant from `at` on between 09:00 and 19:00 in London."""
    local = datetime.fromtimestamp(at / 1000, LONDON)
    if time(9) <= local.time() < time(19):
        return at
    day = local.date() + timedelta(days=local.time() >= time(19))
    return round(datetime.combine(day, time(9), LONDON).timestamp() * 1000)


def silences() -> set[tuple[str, int]]:
    """Each customer with the instants at which the last order lay 120 days back."""
    orders, ends_at = part()
    placed: dict[str, list[int]] = {}
    for order in orders:
        if not order.cancelled:
            placed.setdefault(order.customer, []).append(order.at)
    found = set()
    for customer, instants in placed.items():
        for at, following in zip(instants, [*instants[1:], ends_at + 1], strict=True):
            due = moved(at, 120)
            # An order at the very instant at which the time is up comes after it.
            if due <= following and due <= ends_at:
                found.add((customer, due))
    return found


class Habit(NamedTuple):
    """When somebody bought one product: first, last, how many times, and when it is to be told of; 0 for never."""

    first: int
    last: int
    times: int
    told_at: int


def told_products() -> list[tuple[str, int]]:
    """Each customer with the instants at which a product runs out in five days; plain loops over what was bought."""
    ends_at, found = instant(ENDS_AT), []
    habits: dict[str, dict[str, Habit]] = {}
    for event in map(msgspec.json.decode, lzma.decompress(SHIPPED.read_bytes()).splitlines()):
        if event["type"] == "product.bought":
            mine = habits.setdefault(event["customer"], {})
            found += [(event["customer"], at) for at in _bought(mine, event, instant(event["occurred_at"]))]
    left = [(customer, habit.told_at) for customer, mine in habits.items() for habit in mine.values()]
    return sorted([*found, *((customer, at) for customer, at in left if 0 < at <= ends_at)])


def _bought(mine: dict[str, Habit], event: dict[str, Any], at: int) -> list[int]:
    """Takes one purchase in; gives the instants at which this product, or one given up, had been told of before it."""
    gone = [mine.pop(name) for name, habit in list(mine.items()) if moved(habit.last, 180) <= at]
    return [*(habit.told_at for habit in gone if habit.told_at), *_again(mine, event, at)]


def _again(mine: dict[str, Habit], event: dict[str, Any], at: int) -> list[int]:
    product = event["properties"]["product"]
    habit = mine.get(product)
    if habit is None:
        if len(mine) < MOST_LIVE:
            mine[product] = Habit(at, at, 1, 0)
        return []
    if at < habit.last + DAY_MS:
        return []
    times = habit.times + 1
    told_at = moved(at + (at - habit.first) // (times - 1), -5) if times >= 4 else 0
    told_at = in_the_day(told_at) if told_at >= at else 0
    mine[product] = Habit(habit.first, at, times, told_at)
    return [habit.told_at] if 0 < habit.told_at <= at else []


def test_who_is_about_to_leave_is_noticed_in_the_instant_that_a_plain_reading_says(tmp_path: Path) -> None:
    facts = facts_of(part(), tmp_path / "part.csv")
    rows = played(DEFINITIONS, facts, "--journey", "about-to-leave")
    entered = {(row["customer"], instant(row["at"])) for row in rows if row["what"] == "entered"}
    assert entered == silences()
    held = {row["customer"] for row in rows if row["what"] == "held_out"}
    assert 0.1 < len(held) / len({customer for customer, _ in entered}) < 0.3
    assert held.isdisjoint(row["customer"] for row in rows if row["what"] == "sent")
    assert {row["customer"] for row in rows if row["what"] == "goal"} & held, "the control group is not measured"


@pytest.fixture(scope="module")
def supplies() -> list[dict[str, str]]:
    asked = [each for name in SUPPLIES for each in ("--journey", name)]
    return played(DEFINITIONS, SHIPPED, "--until", ENDS_AT, *asked)


def test_what_runs_out_is_told_in_the_instant_that_a_plain_reading_says(supplies: list[dict[str, str]]) -> None:
    told = [(row["customer"], instant(row["at"])) for row in supplies if row["code"] == "product.due"]
    assert len(told) > 100
    assert sorted(told) == told_products()


def test_letters_hold_what_ran_out_within_three_days(supplies: list[dict[str, str]]) -> None:
    told = {(row["customer"], instant(row["at"])) for row in supplies if row["code"] == "product.due"}
    sent = [(row["customer"], instant(row["at"])) for row in supplies if row["what"] == "sent"]
    assert len(sent) > 40
    for customer, at in sent:
        assert any(who == customer and 0 <= at - when <= 3 * DAY_MS + 3_600_000 for who, when in told)

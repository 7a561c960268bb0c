"""The backtest of the real orders sends what a plain reading of them says, person by person and to the instant."""

import csv
from collections import defaultdict
from pathlib import Path

import pytest
from backtest.playing import DEFINITIONS, command

from local.orders.facts import Order, Orders
from local.orders.read import read_orders
from streams.touchpoints.instants import iso

WAIT_MS = 2160 * 3600 * 1000
PLAYED = ("--journey", "first-order-thanks", "--journey", "win-back")
JOURNEYS = ("--journey", "first-order-thanks", "--journey", "win-back")
EVERY = 10
"""One customer in so many is played where every test runs, over the whole year."""

Sent = set[tuple[str, str, str, str]]
"""Customer, journey, message, instant."""


def expected(orders: Orders) -> Sent:
    """Thanks for a first order; and 90 days after an order that no other followed, unless the recording ends before.

    An order at the very instant at which a timer is due comes after the timer.
    """
    placed: dict[str, list[Order]] = defaultdict(list)
    for order in orders.orders:
        if not order.cancelled:
            placed[order.customer].append(order)
    sent: Sent = set()
    for customer, each in placed.items():
        sent.add((customer, "first-order-thanks", "order-thanks", iso(each[0].at)))
        for number, order in enumerate(each):
            due_at = order.at + WAIT_MS
            next_at = each[number + 1].at if number + 1 < len(each) else due_at
            if due_at <= min(next_at, orders.ends_at):
                sent.add((customer, "win-back", "we-miss-you", iso(due_at)))
    return sent


def written(path: Path) -> Sent:
    with path.open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["what"] == "sent"]
    found = {(row["customer"], row["journey"], row["message"], row["at"]) for row in rows}
    assert len(found) == len(rows), "a message was sent twice"
    return found


def facts_of(orders: Orders, path: Path) -> Path:
    """A file as local/orders ships one."""
    rows = sorted(orders.orders, key=lambda order: order.row)
    lines = [f"{each.number},{iso(each.at)[:19]}Z,{each.customer},{each.lines},{each.total:.2f}\n" for each in rows]
    path.write_text("".join(["number,at,customer,lines,total\n", *lines, f"end,{iso(orders.ends_at)[:19]}Z,,,\n"]))
    return path


def part() -> Orders:
    orders = read_orders()
    return Orders([each for each in orders.orders if int(each.customer) % EVERY == 0], orders.ends_at)


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_part_of_the_real_orders_sends_what_was_to_be_sent(tmp_path: Path, jobs: int) -> None:
    orders = part()
    facts, out = facts_of(orders, tmp_path / "part.csv"), tmp_path / "out.csv"
    result = command(DEFINITIONS, facts, *JOURNEYS, *PLAYED, "--jobs", jobs, "--out", out, "--plain")
    assert result.exit_code == 0, result.output
    assert len(expected(orders)) > 500
    assert written(out) == expected(orders)


@pytest.mark.slow
def test_all_real_orders_send_what_was_to_be_sent(tmp_path: Path) -> None:
    out = tmp_path / "out.csv"
    result = command(DEFINITIONS, "--orders", *JOURNEYS, *PLAYED, "--out", out, "--plain")
    assert result.exit_code == 0, result.output
    found = written(out)
    assert found == expected(read_orders())
    assert sum(journey == "first-order-thanks" for _, journey, _, _ in found) == 4_339
    assert sum(journey == "win-back" for _, journey, _, _ in found) == 3_219

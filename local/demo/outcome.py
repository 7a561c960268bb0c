"""What came of a replay: the messages that left as lines of JSON, and a summary for people."""

from collections.abc import Iterator
from pathlib import Path

import msgspec

from engine.decision import Action
from local.demo.progress import Progress
from local.demo.touchpoints import iso
from local.orders.facts import Orders


def left(progress: Progress) -> list[Action]:
    """The actions that are confirmed to have left, by the instant of their decision, then by id."""
    gone = (action for action in progress.actions.values() if action.id in progress.confirmed)
    return sorted(gone, key=lambda action: (action.decided_at, action.id))


def write_actions(progress: Progress, path: Path) -> None:
    """One JSON object a line for each message that left: id, customer, journey, step, channel, decided_at."""
    lines = (
        {
            "id": action.id,
            "customer": action.customer,
            "journey": action.journey,
            "step": action.step,
            "channel": action.channel,
            "decided_at": iso(action.decided_at),
        }
        for action in left(progress)
    )
    path.write_bytes(b"".join(msgspec.json.encode(line) + b"\n" for line in lines))


def summary(orders: Orders, progress: Progress) -> Iterator[tuple[str, str]]:
    """What to tell at the end, as subject and fact."""
    days = f"{iso(orders.orders[0].at)[:10]} to {iso(orders.ends_at)[:10]}" if orders.orders else "none"
    yield "orders", f"{len(orders.orders):,} invoices of {progress.customers:,} customers, {days}"
    yield (
        "touchpoints",
        f"{progress.applied:,} through Kafka in {progress.settled_seconds:.1f} s ({progress.rate:,.0f}/s)",
    )
    yield "event to action", f"{latencies(progress)}, from the broker's append of the event to that of the action"
    yield "actions", journeys(progress)
    refused = f", {len(progress.refused):,} refused at the door" if progress.refused else ""
    yield "e-mails", f"{len(progress.confirmed):,} left, {progress.mails:,} received{refused}"
    yield "restarts", str(progress.restarts)
    yield "all in all", f"{progress.elapsed_seconds:.1f} s"


def latencies(progress: Progress) -> str:
    """`p50 12 ms, p99 41 ms`, dashes before the first action."""
    return ", ".join(
        f"p{round(quantile * 100)} {'-' if (ms := progress.latency_ms(quantile)) is None else f'{ms:,}'} ms"
        for quantile in (0.5, 0.99)
    )


def journeys(progress: Progress) -> str:
    """Actions by journey, by name."""
    return ", ".join(f"{name} {count:,}" for name, count in sorted(progress.by_journey.items())) or "none yet"

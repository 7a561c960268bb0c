"""The demo from first to last: whatever it starts is stopped and removed at the end, whatever happens."""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from journeys.load import Folder
from local.demo.feed import feed, tick
from local.demo.house import alongside, housed, until, working
from local.demo.outcome import summary
from local.demo.progress import Progress
from local.demo.touchpoints import touchpoints
from local.demo.view import View, showing
from local.demo.watch import Watch
from local.orders.facts import Orders
from streams.settings import Settings

CHANNELS = {"channels": "web,email"}
RATE = 2_500.0
"""Touchpoints a second: slow enough that latencies are those of a stream and not of a backlog."""


class Plan(NamedTuple):
    """What to replay, and with what.

    `command` starts a process when a name such as `worker` is added; `data` is the folder of the local services.
    """

    orders: Orders
    definitions: Folder
    command: Sequence[str]
    data: Path
    rate: float = RATE
    observe: bool = False


async def replay(plan: Plan, view: View[Progress]) -> Progress:
    """Replays the orders through fresh topics and gives what came of them once every message has left.

    Raises DemoError when it cannot go on, LocalError when services do not start.
    """
    progress = Progress(customers=len({order.customer for order in plan.orders.orders}))
    with view:
        house = housed(plan, "demo", progress, progress.receive, CHANNELS)
        async with alongside([showing(view, progress)]), house as settings:
            await _play(plan, settings, progress)
        view.end(progress, summary(plan.orders, progress))
    return progress


async def _play(plan: Plan, settings: Settings, progress: Progress) -> None:
    """The touchpoints are published while worker and dispatcher run, until nothing is left to do."""
    given = list(touchpoints(plan.orders, settings.partitions))
    progress.total = len(given)
    watch = Watch(settings, progress)
    async with working(plan, settings, watch, progress) as (publisher, kept):
        progress.phase = "replaying"
        progress.publishing_since = time.monotonic()
        await feed(publisher, settings, given, progress, plan.rate)
        progress.phase = "settling"
        # Kafka gives no order between topics: a tick that is read before the last orders would make them late.
        await until(watch.inputs_durable, progress, kept, "the last order is applied")
        await tick(publisher, settings, plan.orders.ends_at)
        progress.instant_at = plan.orders.ends_at
        await until(watch.settled, progress, kept, "the last message leaves")
        progress.settled_seconds = time.monotonic() - progress.publishing_since
        progress.phase = "clearing away"

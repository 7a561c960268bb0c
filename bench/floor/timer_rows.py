"""The rows of timers: so many pending in an index, and a storm of them beside a steady load."""

import time
from collections.abc import Iterator
from contextlib import ExitStack

from bench.floor.child import Child, ChildError
from bench.floor.fill import fill_customers
from bench.floor.house import House, told
from bench.floor.latency import begin_sink
from bench.floor.noted import Note, latencies, notes
from bench.floor.result import Compared, Figures, Measured
from bench.floor.run import Run
from bench.floor.sink import TIMER
from bench.floor.sizes import Sizes
from bench.floor.throughput import DURABLE, FLOOR

CALM, STORM = "events before", "events within"
FIRED = "timers"
WARM_SHARE = 0.2
EDGE_SHARE = 0.05
"""What is due so short before the storm belongs to neither side."""
AFTER_SECONDS = 120.0

COMPARED = (Compared(STORM, CALM, "p99_ms", "p99 / before"), Compared(STORM, CALM, "p50_ms", "p50 / before"))


def pending(house: House, sizes: Sizes) -> Iterator[Measured]:
    """The index of so many timers, in a process of its own."""
    run = Run(house.kafka, "", "", customers=sizes.many_customers)
    with house.child("timers", run) as child:
        yield Measured(f"timers, {run.customers:,} pending", "index", "nothing: it is rebuilt", child.result())


def storm(house: House, sizes: Sizes) -> Iterator[Measured]:
    """Timers due evenly over a minute, a tenth of them sending, beside events of other customers."""
    row = f"storm, {sizes.many_customers:,} timers in {sizes.storm_seconds:.0f} s, {sizes.storm_rate:,} events/s"
    for margin in (sizes.storm_margin, 2 * sizes.storm_margin, 4 * sizes.storm_margin):
        figures = _played(house, sizes, margin)
        if figures:
            yield from (Measured(row, series, DURABLE[FLOOR], found) for series, found in figures.items())
            return
    raise ChildError(
        f"storm: it began before the worker was ready, also {4 * sizes.storm_margin:.0f} s after the start"
    )


def _played(house: House, sizes: Sizes, margin: float) -> dict[str, Figures]:
    """The figures of a storm that begins `margin` seconds from now; none where the worker is not ready by then."""
    with house.fresh(sizes.many_customers + sizes.few_customers) as run, ExitStack() as stack:
        # A whole second, since due instants are whole milliseconds.
        begins = float(round(time.time() + margin))
        calm_from = begins - sizes.seconds
        _fill(run, sizes, begins)
        worker = stack.enter_context(house.child("worker", run))
        worker.wait("ready")
        worker.go()
        sink, path = begin_sink(house, run, stack)
        if time.time() > calm_from:
            return {}
        load = told(run, rate=sizes.storm_rate, seconds=sizes.seconds + sizes.storm_seconds, start_at=calm_from)
        load = told(load, customers=sizes.few_customers, first=sizes.many_customers)
        stack.enter_context(house.child("generate", load)).result()
        _until_fired(worker, sizes)
        worker.stop()
        worked = worker.result()
        sink.stop()
        sink.result()
    return _figures(notes(path), calm_from, begins, begins + sizes.storm_seconds, worked)


def _fill(run: Run, sizes: Sizes, begins: float) -> None:
    """Customers with a timer each, due evenly from `begins` on, and those without, whom the events concern."""

    def due_at(number: int) -> int:
        if number >= sizes.many_customers:
            return 0
        return int((begins + sizes.storm_seconds * number / sizes.many_customers) * 1000)

    fill_customers(run, due_at=due_at)


def _until_fired(worker: Child, sizes: Sizes) -> None:
    deadline = time.monotonic() + AFTER_SECONDS
    while worker.wait("progress")["timers"] < sizes.many_customers:
        if time.monotonic() > deadline:
            raise ChildError(f"storm: not all timers fired {AFTER_SECONDS:.0f} s after the last was due")


def _figures(found: list[Note], calm_from: float, begins: float, ends: float, worked: Figures) -> dict[str, Figures]:
    calm = begins - calm_from
    said = latencies(found, begins, ends, TIMER)
    fired = {
        "seconds": worked["last_fired_at"] - begins,
        "timers_fired": worked["timers_fired"],
        "timers_sending": said["read"],
        "lateness_p99_ms": worked["timer_lateness_p99_ms"],
        "lateness_most_ms": worked["timer_lateness_most_ms"],
        "rss_mb": worked["rss_mb"],
    }
    return {
        CALM: latencies(found, calm_from + calm * WARM_SHARE, begins - calm * EDGE_SHARE),
        STORM: latencies(found, begins, ends),
        FIRED: fired | {name: said[name] for name in ("p50_ms", "p99_ms") if name in said},
    }

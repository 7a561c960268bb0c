"""The rows of latency: from the instant an event is due to the instant its action is read, in open loop."""

from collections.abc import Iterator
from contextlib import ExitStack

from bench.floor.child import Child
from bench.floor.fill import fill_customers
from bench.floor.house import House, told
from bench.floor.noted import latencies, notes
from bench.floor.result import Compared, Figures, Measured
from bench.floor.run import Run
from bench.floor.sizes import Sizes
from bench.floor.throughput import BY_HAND, DURABLE, FLOOR, MODULES

NO_ENGINE = "no engine"
WARM_SHARE = 0.2
SAMPLED = 10
"""With no engine the sink notes as many as there would be actions."""

COMPARED = tuple(
    Compared(FLOOR, to, figure, f"{figure.removesuffix('_ms')} / {to}")
    for to in (BY_HAND, NO_ENGINE)
    for figure in ("p50_ms", "p99_ms")
)


def latency(house: House, sizes: Sizes) -> Iterator[Measured]:
    """One round of every series, at each rate."""
    for rate in sizes.rates:
        for series in (FLOOR, BY_HAND, NO_ENGINE):
            durable = DURABLE.get(series, "the event alone; producer to plain consumer")
            figures = open_loop(house, series, sizes.few_customers, rate, sizes.seconds)
            yield Measured(f"latency, {rate:,} events/s", series, durable, figures)


def warm_up(house: House, sizes: Sizes) -> None:
    """Both programs once, unmeasured: whoever comes first at a new broker pays for what its JVM has yet to compile."""
    for series in (FLOOR, BY_HAND):
        open_loop(house, series, sizes.few_customers, sizes.rates[0], sizes.seconds)


def open_loop(house: House, series: str, customers: int, rate: int, seconds: float) -> Figures:
    """Latencies of one program under so many events a second, after a warm-up, and its CPU."""
    with house.fresh(customers) as run, ExitStack() as stack:
        events = int(rate * seconds)
        if series == FLOOR:
            fill_customers(run)
        program = None
        if series != NO_ENGINE:
            program = stack.enter_context(house.child(MODULES[series], told(run, events=events)))
            program.wait("ready")
            program.go()
        sink, path = begin_sink(house, run, stack, plain=program is None)
        generator = stack.enter_context(house.child("generate", told(run, rate=rate, seconds=seconds)))
        began = generator.wait("began")["at"]
        sent = generator.result()
        worked = {} if program is None else program.result()
        sink.stop()
        sink.result()
        begin = began + seconds * WARM_SHARE
        kept = ("cpu_us_per_event", "rss_mb")
        return {
            **latencies(notes(path), begin, began + seconds),
            **{name: worked[name] for name in kept if name in worked},
            "generator_late_p99_ms": sent["late_p99_ms"],
        }


def begin_sink(house: House, run: Run, stack: ExitStack, *, plain: bool = False) -> tuple[Child, str]:
    """A sink at work, of actions or with `plain` of the events themselves, and the file that it will write."""
    path = house.path(f"{run.prefix}.noted")
    topics = tuple(run.inputs) if plain else (run.topic("actions"),)
    task = told(run, topics=topics, out=path, every=SAMPLED if plain else 1)
    sink = stack.enter_context(house.child("sink", task))
    sink.wait("ready")
    return sink, path

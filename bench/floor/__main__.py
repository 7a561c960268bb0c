"""`python -m bench.floor`: measures the rows that are asked for and says what they gave."""

import signal
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import click
import msgspec

from bench.floor import latency, throughput, timer_rows, two_workers
from bench.floor.house import House, house
from bench.floor.recovery import recovery
from bench.floor.report import print_table, write_json
from bench.floor.result import Compared, Measured, medians
from bench.floor.shipped_journeys import shipped_journeys
from bench.floor.sizes import SMOKE, Sizes
from bench.floor.throughput import BY_HAND, FLOOR, PLAIN, backlog

ROWS: dict[str, Callable[[House, Sizes], Iterator[Measured]]] = {
    "throughput": throughput.throughput,
    "journeys": shipped_journeys,
    "latency": latency.latency,
    "recovery": recovery,
    "timers": timer_rows.pending,
    "storm": timer_rows.storm,
    "workers": two_workers.two_workers,
}
RATIOS: tuple[Compared, ...] = (*throughput.COMPARED, *latency.COMPARED, *timer_rows.COMPARED, *two_workers.COMPARED)
PROFILED = {"floor": FLOOR, "by-hand": BY_HAND, "plain": PLAIN}


@click.command()
@click.option("--only", multiple=True, type=click.Choice(list(ROWS)), help="These rows; all without it.")
@click.option("--rounds", type=int, help="How often each row is measured; the medians count.")
@click.option("--events", type=int, help="Events of a backlog.")
@click.option("--customers", type=int, help="The larger number of customers.")
@click.option("--rate", "rates", type=int, multiple=True, help="Events a second of an open loop; may be repeated.")
@click.option("--seconds", type=float, help="How long an open loop lasts.")
@click.option("--storm-seconds", type=float, help="How long a storm of timers lasts.")
@click.option("--storm-margin", type=float, help="Seconds between the first customer written and the storm.")
@click.option("--partitions", type=int, help="Partitions of every topic.")
@click.option("--store", help="The store of the worker.")
@click.option("--loop", type=click.Choice(["asyncio", "uvloop"]), default="uvloop", help="The loop of every process.")
@click.option("--kafka", default="", help="A broker that runs already, HOST:PORT; one is started without it.")
@click.option("--json", "path", type=click.Path(path_type=Path), default=Path("build/bench-floor.json"), help="Output.")
@click.option("--profile", type=click.Choice(list(PROFILED)), help="Profile this program on a backlog instead.")
@click.option("--smoke", is_flag=True, help="Tiny sizes: whether every row runs, not what it gives.")
def main(
    only: tuple[str, ...],
    loop: str,
    kafka: str,
    path: Path,
    profile: str | None,
    smoke: bool,
    **given: float | str | tuple[int, ...] | None,
) -> None:
    """Measure the floor of the engine."""
    # A polite end by a signal takes broker and processes along, like Ctrl-C.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    sizes = _sizes(SMOKE if smoke else Sizes(), given)
    with house(kafka, loop, sizes.partitions, sizes.store) as place:
        if profile:
            click.echo(_profiled(place, profile, sizes))
            return
        if not (smoke or kafka):
            latency.warm_up(place, sizes)
        measured = []
        for number in range(sizes.rounds):
            for row in only or ROWS:
                for each in ROWS[row](place, sizes):
                    measured.append(each)
                    _say(number, each)
    found = medians(measured, RATIOS)
    print_table(found)
    write_json(path, sizes, measured, found)
    click.echo(f"all figures: {path}")


def _sizes(sizes: Sizes, given: Mapping[str, float | str | tuple[int, ...] | None]) -> Sizes:
    names = {"customers": "many_customers"}
    return msgspec.structs.replace(
        sizes, **{names.get(name, name): value for name, value in given.items() if value not in (None, ())}
    )


def _profiled(place: House, name: str, sizes: Sizes) -> str:
    """Where the time of a program goes; with the profiler on, only its shares tell anything."""
    path = place.path("profile.txt")
    backlog(place, PROFILED[name], sizes.few_customers, sizes.events, profile=path)
    return Path(path).read_text()


def _say(number: int, each: Measured) -> None:
    shown = ", ".join(f"{name} {value:,.2f}" for name, value in each.figures.items() if isinstance(value, int | float))
    sys.stderr.write(f"round {number + 1}: {each.row}, {each.series}: {shown}\n")


if __name__ == "__main__":
    main()

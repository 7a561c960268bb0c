"""Microseconds that an event of the mix takes with the journeys that ship, without a broker: `python -m bench.mix`.

The events of `bench.floor` go through decoder, processor and codec; with each decision by itself too.
"""

import argparse
import cProfile
import gc
import pstats
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from math import inf
from pathlib import Path
from time import process_time_ns

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bench.floor.fill import facts_of
from bench.floor.journeys_worker import shipped
from bench.floor.touchpoints import Touchpoint, drawn, value
from bench.floor.work import customer_id
from engine.catalog import Catalog
from engine.customer import Customer
from engine.decide import decide
from engine.decision import Decision
from engine.event import Event, EventArrived, Input
from local.demo.touchpoints import iso
from state.codec import encode
from state.record import Record
from state.store import MemoryStore
from streams.process import GARBAGE_THRESHOLDS
from streams.processor import Decide, Processor, deciding
from streams.touchpoints.decoder import Decoder
from streams.touchpoints.record import Row
from streams.touchpoints.wire import Touchpoint as Told
from streams.touchpoints.wire import encode_touchpoint

TOPIC = "touchpoints.web"
AT = 1_700_000_000_000
PASS_EVENTS = 20_000
"""Events between two lazy passes: those of a second."""
ROUNDS = 3


class Mix:
    """A partition that owns every customer; their addresses and consents were told before."""

    def __init__(self, decided: Decide, customers: int) -> None:
        self._processor = Processor(0, 1, MemoryStore(), decided, lambda: AT)
        self._decode = Decoder(TOPIC, "web", lambda: AT).decode
        self._offset = 0
        introductions = [
            encode_touchpoint(Told(kind, name, id=f"{kind}-{name}", occurred_at=iso(AT), properties=properties)).value
            for name in map(customer_id, range(customers))
            for kind, properties in facts_of(name).items()
        ]
        self.take([each for each in introductions if each])

    def take(self, values: Sequence[bytes]) -> None:
        """Takes these events, writes what is urgent with each and the rest once a pass; what is said leaves at once."""
        arrive, decode = self._processor.arrive, self._decode
        for number, each in enumerate(values):
            row = Row(TOPIC, 0, self._offset, AT, None, each)
            self._offset += 1
            event = decode(row)
            if isinstance(event, Event):
                arrive(f"{TOPIC}/0", row.offset, event, AT, row, TOPIC)
            self._write(self._processor.urgent)
            if not number % PASS_EVENTS:
                self._write(self._processor.dirty)
        self._write(self._processor.dirty)

    @staticmethod
    def _write(records: dict[bytes, Record]) -> None:
        for record in records.values():
            encode(record, 0)
            record.published(record.out_seq)
        records.clear()


def values_of(events: Sequence[Touchpoint]) -> list[bytes]:
    """Their bytes."""
    return [value(each, number, AT) for number, each in enumerate(events)]


def figures(catalog: Catalog, customers: int, events: Sequence[Touchpoint]) -> Iterator[tuple[str, float, int]]:
    """What is measured: microseconds an event at best, and of how many."""
    values = values_of(events)
    whole = min(_spent(deciding(lambda: catalog), customers, values) for _ in range(ROUNDS))
    yield "the mix, decoded to encoded", whole / len(values), len(values)
    counts = Counter(each.type for each in events)
    best: dict[str, float] = {}
    for _ in range(ROUNDS):
        for type_, spent in _by_type(catalog, customers, values).items():
            best[type_] = min(best.get(type_, inf), spent)
    for type_, count in counts.items():
        yield f"decide, {type_}", best[type_] / count, count
    yield "decide, the mix", sum(best[type_] for type_ in counts) / len(values), len(values)


def _spent(decided: Decide, customers: int, values: Sequence[bytes]) -> float:
    """Microseconds that all of the values take."""
    mix = Mix(decided, customers)
    gc.collect()
    started = process_time_ns()
    mix.take(values)
    return (process_time_ns() - started) / 1000


def _by_type(catalog: Catalog, customers: int, values: Sequence[bytes]) -> dict[str, float]:
    """Microseconds in `decide` by the type of the event, without those of the two looks at the clock."""
    looks = [process_time_ns() for _ in range(10_001)]
    look = (looks[-1] - looks[0]) / 10_000
    spent: dict[str, float] = {}

    def timed(customer: Customer, given: Input) -> Decision:
        began = process_time_ns()
        decision = decide(catalog, customer, given)
        took = process_time_ns() - began - look
        name = given.event.type if isinstance(given, EventArrived) else "timer"
        spent[name] = spent.get(name, 0.0) + took / 1000
        return decision

    mix = Mix(timed, customers)
    spent.clear()
    gc.collect()
    mix.take(values)
    return spent


def main() -> None:
    """Prints a line a figure; with `--profile` where the time of one round goes."""
    given = argparse.ArgumentParser(description=__doc__)
    given.add_argument("--customers", type=int, default=2_000)
    given.add_argument("--events", type=int, default=60_000)
    given.add_argument("--orders", action="store_true", help="nothing but orders")
    given.add_argument("--profile", help="a type whose decisions are profiled, or `all` for the whole way")
    asked = given.parse_args()
    gc.set_threshold(*GARBAGE_THRESHOLDS)
    catalog, events = shipped(), list(drawn(asked.events, asked.customers))
    if asked.orders:
        events = [each._replace(type="order.placed") for each in events]
    if asked.profile:
        _profile(catalog, asked.customers, values_of(events), asked.profile)
        return
    for title, cost, count in figures(catalog, asked.customers, events):
        sys.stdout.write(f"{cost:8.2f} microseconds  {title} ({count:,})\n")


def _profile(catalog: Catalog, customers: int, values: Sequence[bytes], type_: str) -> None:
    profile = cProfile.Profile()

    def profiled(customer: Customer, given: Input) -> Decision:
        if not isinstance(given, EventArrived) or given.event.type != type_:
            return decide(catalog, customer, given)
        profile.enable()
        try:
            return decide(catalog, customer, given)
        finally:
            profile.disable()

    mix = Mix(profiled, customers)
    if type_ == "all":
        mix = Mix(deciding(lambda: catalog), customers)
        profile.enable()
    mix.take(values)
    profile.disable()
    pstats.Stats(profile).sort_stats("tottime").print_stats(45)


if __name__ == "__main__":
    main()

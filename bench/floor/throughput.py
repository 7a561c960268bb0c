"""The rows of throughput: a backlog worked off by the floor, by a loop written by hand and by plain Faust."""

import sys
from collections.abc import Iterator

from bench.floor.child import PATIENCE_SECONDS, Child, ChildError
from bench.floor.fill import fill_customers, fill_events
from bench.floor.house import House, told
from bench.floor.result import Compared, Figures, Measured
from bench.floor.run import Run
from bench.floor.sizes import Sizes

FLOOR, BY_HAND, PLAIN = "floor", "by hand", "plain Faust"
DURABLE = {
    FLOOR: "state before its action, proven; the rest of the state within about a second, then positions",
    BY_HAND: "state before its action, acknowledged; the rest within about a second, then positions",
    PLAIN: "positions every few seconds; table and actions sent, not waited for",
}
STUCK_SECONDS = 120.0
"""Plain Faust now and then takes nothing at all after its start; after so long it is started once more."""
MODULES = {FLOOR: "worker", BY_HAND: "hand_written", PLAIN: "plain_faust"}

COMPARED = (
    Compared(FLOOR, BY_HAND, "events_per_second", "speed / by hand"),
    Compared(FLOOR, PLAIN, "events_per_second", "speed / plain Faust"),
    Compared(FLOOR, BY_HAND, "cpu_us_per_event", "CPU / by hand"),
    Compared(PLAIN, FLOOR, "cpu_us_per_event", "CPU / floor"),
)


def throughput(house: House, sizes: Sizes) -> Iterator[Measured]:
    """One round of every series, at both numbers of customers."""
    for customers in dict.fromkeys((sizes.few_customers, sizes.many_customers)):
        for series in (FLOOR, BY_HAND, PLAIN):
            events = sizes.plain_events if series == PLAIN else sizes.events
            figures = backlog(house, series, customers, events)
            yield Measured(f"throughput, {customers:,} customers", series, DURABLE[series], figures)


def backlog(house: House, series: str, customers: int, events: int, profile: str = "") -> Figures:
    """The figures of one program that works off so many events of so many customers."""
    if series == PLAIN:
        try:
            return _worked_off(house, series, customers, events, profile, STUCK_SECONDS)
        except ChildError as fault:
            sys.stderr.write(f"{fault}\n{series} is started once more\n")
    return _worked_off(house, series, customers, events, profile, PATIENCE_SECONDS)


def _worked_off(house: House, series: str, customers: int, events: int, profile: str, seconds: float) -> Figures:
    with house.fresh(customers) as run:
        actions = fill_events(run, events)
        if series == FLOOR:
            fill_customers(run)
        task = told(run, events=events, actions=actions, profile=profile)
        with house.child(MODULES[series], task) as child:
            child.wait("ready")
            child.go()
            return checked(series, task, child, seconds)


def checked(series: str, run: Run, child: Child, seconds: float = PATIENCE_SECONDS) -> Figures:
    """The result of a child, which must have done all; `repeated_actions` are those of what had to be done again."""
    figures = child.result(seconds)
    if figures["events"] != run.events or figures["actions"] < run.actions:
        wanted = f"{run.events} events and {run.actions} actions"
        raise ChildError(f"{series}: expected {wanted}, found {figures}; its log ends:\n{child.log()}")
    return {**figures, "repeated_actions": figures["actions"] - run.actions}

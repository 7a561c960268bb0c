"""Waits: for a time, until a date, for events and states of the person, and digests."""

from engine.compile.promise import Around
from engine.compile.triggers import types_of
from engine.program import (
    ALWAYS,
    AwaitedEvent,
    AwaitedState,
    DigestStep,
    Opening,
    Step,
    WaitForStep,
    WaitStep,
    WaitUntilStep,
)
from journeys.model import Awaited, Digest, Moment, Wait, WaitFor, WaitUntil
from journeys.model.parts import WEEKDAYS, minutes_of, window_of
from journeys.model.walk import awaited_of


def wait(around: Around, node: Wait, then: Step, path: str) -> WaitStep:
    """`wait: 20h`."""
    restart = frozenset(types_of(node.restart_on)) if node.restart_on is not None else frozenset[str]()
    return WaitStep(around.id(node.id, path), node.wait, then, around.rescue, _opening(around, node, path), restart)


def wait_until(around: Around, node: WaitUntil, then: Step, behind: Step, path: str) -> WaitUntilStep:
    """`wait_until: customer.renewal_on`, or the next of some weekdays; `behind` is where `past: skip` goes on."""
    until = node.wait_until
    moment = until if isinstance(until, Moment) else None
    return WaitUntilStep(
        around.id(node.id, path),
        around.expression(until) if isinstance(until, str) else None,
        _weekdays(moment),
        minutes_of(moment.at if moment is not None else node.at or "00:00"),
        node.offset,
        _opening(around, node, path),
        node.past,
        then,
        behind,
        None if node.else_ is None else around.block(node.else_, then, f"{path}.else"),
        around.rescue,
    )


def wait_for(around: Around, node: WaitFor, then: Step, path: str) -> WaitForStep:
    """`wait_for:` with one event, one state, or a list of both."""
    done = around.block(node.do, then, f"{path}.do")
    awaited: dict[str, tuple[AwaitedEvent, ...]] = {}
    states: list[AwaitedState] = []
    for number, each in enumerate(awaited_of(node)):
        follows = around.block(each.do, done, f"{path}.wait_for[{number}].do")
        if isinstance(each, Awaited):
            where = tuple(around.condition(source) for source in (node.where, each.where) if source is not None)
            own = node.from_ is None and each.on.startswith(("message.", "task."))
            awaited[each.on] = (*awaited.get(each.on, ()), AwaitedEvent(where, own, follows, number))
        else:
            states.append(AwaitedState(around.condition(each.when), follows, number))
    otherwise = around.block(node.else_, then, f"{path}.else")
    label = around.id(node.id, path)
    return WaitForStep(label, awaited, node.within, otherwise, around.rescue, tuple(states), node.look_back, then)


def digest(around: Around, node: Digest, then: Step, path: str) -> DigestStep:
    """`digest:` with what is kept of each event."""
    return DigestStep(
        around.id(node.id, path),
        frozenset(types_of(node.digest)),
        None if node.where is None else around.condition(node.where),
        node.for_,
        node.most,
        frozenset(types_of(node.flush_on)) if node.flush_on is not None else frozenset(),
        around.inputs(node.keep),
        node.as_,
        then,
        around.block(node.else_, then, f"{path}.else"),
        around.rescue,
    )


def _opening(around: Around, node: Wait | WaitUntil, path: str) -> Opening:
    if node.between is None and node.hours is None and node.jitter is None:
        return ALWAYS
    between = None if node.between is None else window_of(node.between)
    return Opening(between, around.hours(node.hours, path), node.jitter)


def _weekdays(moment: Moment | None) -> frozenset[int] | None:
    if moment is None or moment.weekday is None:
        return None
    named = [moment.weekday] if isinstance(moment.weekday, str) else moment.weekday
    return frozenset(WEEKDAYS.index(each) for each in named)

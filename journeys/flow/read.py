"""A journey to its flow: one case for each node."""

from collections.abc import Iterator
from typing import assert_never

import msgspec

from journeys.flow.doors import condition_text, entries, exits, shifted, types
from journeys.flow.shape import Flow, Stop, Way, place, short
from journeys.model import (
    Add,
    Answer,
    Awaited,
    Becoming,
    BestOffer,
    Blocked,
    Call,
    Choose,
    Digest,
    Emit,
    Enter,
    Exit,
    Journey,
    Moment,
    Node,
    Otherwise,
    Parallel,
    Repeat,
    Send,
    Set,
    Split,
    Start,
    Tagged,
    Task,
    Untagged,
    Wait,
    WaitFor,
    WaitUntil,
)
from journeys.tree import Path

TIMED_OUT, REFUSED, EXPIRED, ELSE, BODY, FELL_BACK = "timed_out", "refused", "expired", "else", "do", "fell_back"
FOUND = "found"
"""Keys of ways; others are numbers from 0 (branches of a `choose`, events of a `wait_for`), arms and outcomes."""


def flow_of(journey: Journey) -> Flow:
    """The flow of a journey whose ids are filled in (journeys/ids.py)."""
    return Flow(
        journey.journey,
        journey.title,
        tuple(entries(journey)),
        tuple(exits(journey.exit)),
        _first_collected(journey, _stops(journey.steps, ("steps",))),
        _stops(journey.on_error, ("on_error",)),
    )


def _first_collected(journey: Journey, stops: tuple[Stop, ...]) -> tuple[Stop, ...]:
    """A digest that stands first is never empty where whatever begins the journey is collected by it."""
    first = journey.steps[0]
    triggers = journey.enter if isinstance(journey.enter, list) else [journey.enter]
    if not isinstance(first, Digest) or first.where is not None or first.else_:
        return stops
    taken = set(_listed(first.digest))
    if any(not isinstance(each, Enter) or not taken.issuperset(_listed(each.on)) for each in triggers):
        return stops
    return (msgspec.structs.replace(stops[0], ways=()), *stops[1:])


def _listed(on: str | list[str]) -> list[str]:
    return [on] if isinstance(on, str) else on


def _stops(nodes: list[Node], path: Path) -> tuple[Stop, ...]:
    return tuple(_stop(node, (*path, number)) for number, node in enumerate(nodes))


def _stop(node: Node, path: Path) -> Stop:
    match node:
        case WaitUntil() | WaitFor() | Task() | Call() | Start() | Digest():
            return _resting(node, path)
        case Choose() | Answer() | Split() | Repeat() | Parallel():
            return _branching(node, path)
        case Send():
            return _send(node, path)
        case Wait():
            return Stop(node.id or "", "wait", f"wait {node.wait.text}", path)
        case BestOffer():
            return _best_offer(node, path)
        case Exit():
            return Stop(place(path), "exit", node.exit, path, outcome=node.exit)
        case Set() | Add() | Tagged() | Untagged() | Emit():
            verb, title = _writing(node)
            return Stop(place(path), verb, short(title), path)
        case _:
            assert_never(node)


def _writing(node: Set | Add | Tagged | Untagged | Emit) -> tuple[str, str]:
    match node:
        case Set():
            return "set", f"set {', '.join(node.set)}"
        case Add():
            return "add", f"add to {', '.join(node.add)}"
        case Tagged():
            return "tag", f"tag {types(node.tag)}"
        case Untagged():
            return "untag", f"untag {types(node.untag)}"
        case Emit():
            return "emit", f"emit {node.emit}" + (f" to {node.to}" if node.to else "")
        case _:
            assert_never(node)


def _resting(node: WaitUntil | WaitFor | Task | Call | Start | Digest, path: Path) -> Stop:
    name = node.id or ""
    match node:
        case WaitUntil():
            ways = (_way(ELSE, "no date", node.else_, path),) if node.else_ is not None else ()
            return Stop(name, "wait_until", short(f"wait until {_moment(node)}"), path, ways, straight=True)
        case WaitFor():
            return _wait_for(node, path)
        case Task():
            told = [_way(key, key, each.do, (*path, "outcomes", key), "do") for key, each in node.outcomes.items()]
            due = short(f"by {node.due}") if isinstance(node.due, str) else f"after {node.due.text}"
            late = _way(EXPIRED, due, node.else_, path, late=True)
            return Stop(name, "task", f"task {node.task}", path, (*told, late))
        case Call():
            late = _way(TIMED_OUT, f"no answer in {node.within.text}", node.else_, path, late=True)
            return Stop(name, "call", f"call {node.call}", path, (late,), straight=True)
        case Start():
            over = f"not over after {node.within.text}" if node.within else "not over"
            ways = (_way(TIMED_OUT, over, node.else_, path, late=True),) if node.join else ()
            return Stop(name, "start", f"start {node.start}", path, ways, straight=True)
        case Digest():
            title = short(f"collect {types(node.digest)} for {node.for_.text}")
            return Stop(name, "digest", title, path, (_way(ELSE, "none came", node.else_, path),), straight=True)
        case _:
            assert_never(node)


def _moment(node: WaitUntil) -> str:
    until = node.wait_until
    if isinstance(until, Moment):
        days = [until.weekday] if isinstance(until.weekday, str) else until.weekday or []
        return f"{' or '.join(days)} {until.at}".strip()
    return shifted(until, node.offset) + (f" at {node.at}" if node.at else "")


def _wait_for(node: WaitFor, path: Path) -> Stop:
    one = not isinstance(node.wait_for, list)
    listed = node.wait_for if isinstance(node.wait_for, list) else [node.wait_for]
    late = _way(TIMED_OUT, f"after {node.within.text}", node.else_, path, late=True)
    done = _stops(node.do, (*path, "do"))
    heads = []
    for number, each in enumerate(listed):
        at: Path = (*path, "wait_for") if one else (*path, "wait_for", number)
        awaited = Awaited(on=each, where=node.where) if isinstance(each, str) else each
        inner = _stops(awaited.do, (*at, "do"))
        heads.append(Way(str(number), _awaited(awaited), at, inner))
    title = short(f"wait for {heads[0].label.partition(',')[0]}") if one else "wait for the first"
    if one and done and not heads[0].stops:
        ways = [Way("0", heads[0].label, heads[0].path, done)]
    else:
        ways = [Way("", "", (*path, "do"), done, heads=tuple(heads))] if done else heads
    return Stop(node.id or "", "wait_for", title, path, (*ways, late))


def _awaited(each: Awaited | Becoming) -> str:
    if isinstance(each, Becoming):
        return short(condition_text(each.when))
    return short(each.on + (f", {condition_text(each.where)}" if each.where is not None else ""))


def _branching(node: Choose | Answer | Split | Repeat | Parallel, path: Path) -> Stop:
    match node:
        case Choose():
            return Stop(place(path), "choose", "choose", path, tuple(_branches(node, path)))
        case Answer():
            found = _way(FOUND, "found", node.do, path, "do")
            return Stop(place(path), "answer", f"answer from {node.answer}", path, (found, _none(node, path)))
        case Split():
            arms = tuple(
                _way(name, f"{name}, {arm.weight:g}%", arm.do, (*path, "arms", name), "do")
                for name, arm in node.arms.items()
            )
            return Stop(node.id or "", "split", f"split {node.split}", path, arms)
        case Repeat():
            body = _way(BODY, f"at most {node.repeat}×", node.do, path, "do", loop=True)
            until = f"repeat until {condition_text(node.until)}" if node.until is not None else f"repeat {node.repeat}×"
            never = (_way(ELSE, "never", node.else_, path),) if node.until is not None else ()
            return Stop(node.id or "", "repeat", short(until), path, (body, *never), straight=True)
        case Parallel():
            branches = tuple(
                _way(name, name, branch.do, (*path, "branches", name), "do") for name, branch in node.branches.items()
            )
            join = node.join if isinstance(node.join, str) else f"first {node.join.first}"
            return Stop(node.id or "", "parallel", f"{node.parallel}: {join} of", path, branches)
        case _:
            assert_never(node)


def _none(node: Answer, path: Path) -> Way:
    return _way(ELSE, "none", node.else_, path)


def _branches(node: Choose, path: Path) -> Iterator[Way]:
    for number, branch in enumerate(node.choose):
        at: Path = (*path, "choose", number)
        if isinstance(branch, Otherwise):
            yield _way(ELSE, "else", branch.else_, at)
        else:
            yield _way(str(number), short(condition_text(branch.when)), branch.do, at, "do")


def _send(node: Send, path: Path) -> Stop:
    joint = " or " if node.fallback is None or node.pick == "best" else ", then "
    channels = joint.join(node.channels) if node.channels else node.channel
    best = "the best of " if node.pick == "best" else ""
    title = f"send {node.send}" + (f" by {best}{channels}" if channels else "")
    ways: tuple[Way, ...] = ()
    if node.fallback is not None:
        ways = (Way(FELL_BACK, f"next channel after {node.fallback.after.text}", path, late=True),)
    if isinstance(node.when_blocked, Blocked):
        ways += (_way(REFUSED, "refused", node.when_blocked.else_, (*path, "when_blocked")),)
    return Stop(node.id or "", "send", title, path, ways, straight=True)


def _best_offer(node: BestOffer, path: Path) -> Stop:
    title = f"best of {node.best_offer}" if node.pick == 1 else f"best {node.pick} of {node.best_offer}"
    return Stop(node.id or "", "best_offer", title, path, (_way(ELSE, "none", node.else_, path),), straight=True)


def _way(
    key: str,
    label: str,
    nodes: list[Node] | None,
    path: Path,
    under: str = "else",
    *,
    late: bool = False,
    loop: bool = False,
) -> Way:
    """A way with the nodes under a key of the mapping at `path`; it stands there, or, an `else`, at that key."""
    at: Path = (*path, under)
    return Way(key, label, at if under == "else" and nodes else path, _stops(nodes or [], at), late=late, loop=loop)

"""The walk over nodes: the blocks that stand inside one, each with its path, and a node with its blocks changed."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeVar, assert_never

from journeys.model.journey import Journey
from journeys.model.leaves import Add, Emit, Exit, Set, Tagged, Untagged, Wait
from journeys.model.nodes import (
    Answer,
    Arm,
    Awaited,
    Becoming,
    BestOffer,
    Blocked,
    Call,
    Choose,
    Digest,
    Node,
    Otherwise,
    Outcome,
    Parallel,
    ParallelBranch,
    Repeat,
    Send,
    Split,
    Start,
    Task,
    WaitFor,
    WaitUntil,
    When,
)
from journeys.model.parts import Part

Block = tuple[str, list[Node]]
"""A path below its node, such as `choose[0].do`, and the nodes there."""
Change = Callable[[list[Node]], list[Node]]


def awaited_of(node: WaitFor) -> list[Awaited | Becoming]:
    """What a `wait_for` waits for, as a list, whichever way it was written."""
    found = node.wait_for
    if isinstance(found, str):
        return [Awaited(on=found)]
    return found if isinstance(found, list) else [found]


def blocks(node: Node) -> list[Block]:
    """The blocks of a node in the order in which they are written; none for a leaf."""
    found: list[Block] = []

    def take(path: str, block: list[Node]) -> list[Node]:
        found.append((path, block))
        return block

    _changed(node, take)
    return found


def with_blocks(node: Node, change: Change) -> Node:
    """The node with every block in it as `change` gives it."""
    return _changed(node, lambda _path, block: change(block))


def all_nodes(journey: Journey) -> Iterator[tuple[str, Node]]:
    """Every node with its path, each before those inside it: `steps`, then `on_error`."""
    yield from _below("steps", journey.steps)
    yield from _below("on_error", journey.on_error)


def _below(path: str, nodes: Iterable[Node]) -> Iterator[tuple[str, Node]]:
    for index, node in enumerate(nodes):
        place = f"{path}[{index}]"
        yield place, node
        for name, block in blocks(node):
            yield from _below(f"{place}.{name}", block)


P = TypeVar("P", bound=Part)
D = TypeVar("D", Arm, Outcome, ParallelBranch)
Take = Callable[[str, list[Node]], list[Node]]


def _changed(node: Node, take: Take) -> Node:
    match node:
        case Wait() | Set() | Add() | Tagged() | Untagged() | Emit() | Exit():
            return node
        case WaitFor():
            return _wait_for(node, take)
        case Choose():
            return _with(node, choose=[_branch(each, f"choose[{i}]", take) for i, each in enumerate(node.choose)])
        case Split():
            return _with(node, arms=_named("arms", node.arms, take))
        case Send():
            blocked = node.when_blocked
            if not isinstance(blocked, Blocked):
                return node
            return _with(node, when_blocked=_with(blocked, else_=take("when_blocked.else", blocked.else_)))
        case Task():
            outcomes = _named("outcomes", node.outcomes, take)
            return _with(node, outcomes=outcomes, else_=take("else", node.else_))
        case Parallel():
            return _with(node, branches=_named("branches", node.branches, take))
        case Repeat() | Answer():
            return _with(node, do=take("do", node.do), else_=take("else", node.else_))
        case WaitUntil():
            return node if node.else_ is None else _with(node, else_=take("else", node.else_))
        case Call() | Start() | Digest() | BestOffer():
            return _with(node, else_=take("else", node.else_))
        case _:
            assert_never(node)


def _wait_for(node: WaitFor, take: Take) -> WaitFor:
    found = node.wait_for
    changed: Any = found
    if isinstance(found, list):
        changed = [_with(one, do=take(f"wait_for[{i}].do", one.do)) for i, one in enumerate(found)]
    elif not isinstance(found, str):
        changed = _with(found, do=take("wait_for.do", found.do))
    return _with(node, wait_for=changed, do=take("do", node.do), else_=take("else", node.else_))


def _branch(branch: When | Otherwise, path: str, take: Take) -> When | Otherwise:
    if isinstance(branch, Otherwise):
        return _with(branch, else_=take(f"{path}.else", branch.else_))
    return _with(branch, do=take(f"{path}.do", branch.do))


def _named(name: str, parts: dict[str, D], take: Take) -> dict[str, D]:
    return {key: _with(part, do=take(f"{name}.{key}.do", part.do)) for key, part in parts.items()}


def _with(part: P, **changes: Any) -> P:
    return part.model_copy(update=changes)

"""The ids of waits, sends and tasks: those written, and the default, a slug of verb and argument."""

import re
from collections.abc import Iterable
from typing import assert_never

from journeys.model import Blocked, Choose, Exit, Journey, Node, Otherwise, Send, Set, Task, Wait, WaitFor, When

NAMED = ("wait", "wait_for", "send", "task")


def default_id(verb: str, arguments: Iterable[str]) -> str:
    """`wait-20h`, `wait-for-message-clicked`; for a send or task its own name. At most 80 characters."""
    if verb in ("send", "task"):
        return "".join(arguments)
    words = f"{verb}-{'-or-'.join(arguments)}".lower()
    return re.sub(r"[^a-z0-9]+", "-", words)[:80].strip("-")


def with_ids(journey: Journey) -> Journey:
    """The journey with an id at every node that has one. They are unique if `check` finds no fault in it."""
    return journey.model_copy(update={"steps": _all(journey.steps), "on_error": _all(journey.on_error)})


def _all(nodes: list[Node]) -> list[Node]:
    return [_one(node) for node in nodes]


def _one(node: Node) -> Node:
    match node:
        case Wait():
            return node.model_copy(update={"id": node.id or default_id("wait", [node.wait.text])})
        case WaitFor():
            return _wait_for(node)
        case Choose():
            return node.model_copy(update={"choose": [_branch(branch) for branch in node.choose]})
        case Send():
            blocked = node.when_blocked
            if isinstance(blocked, Blocked):
                blocked = blocked.model_copy(update={"else_": _all(blocked.else_)})
            return node.model_copy(update={"id": node.id or default_id("send", [node.send]), "when_blocked": blocked})
        case Task():
            return _task(node)
        case Set() | Exit():
            return node
        case _:
            assert_never(node)


def _wait_for(node: WaitFor) -> WaitFor:
    awaited = node.wait_for
    types = [awaited] if isinstance(awaited, str) else [one.on for one in awaited]
    if not isinstance(awaited, str):
        awaited = [one.model_copy(update={"do": _all(one.do)}) for one in awaited]
    return node.model_copy(
        update={
            "id": node.id or default_id("wait_for", types),
            "wait_for": awaited,
            "do": _all(node.do),
            "else_": _all(node.else_),
        }
    )


def _task(node: Task) -> Task:
    outcomes = {name: outcome.model_copy(update={"do": _all(outcome.do)}) for name, outcome in node.outcomes.items()}
    name = node.id or default_id("task", [node.task])
    return node.model_copy(update={"id": name, "outcomes": outcomes, "else_": _all(node.else_)})


def _branch(branch: When | Otherwise) -> When | Otherwise:
    if isinstance(branch, When):
        return branch.model_copy(update={"do": _all(branch.do)})
    return branch.model_copy(update={"else_": _all(branch.else_)})

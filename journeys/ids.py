"""The ids of the nodes that have one: those written, and the default, a slug of verb and argument."""

import re
from collections.abc import Iterable
from typing import assert_never

from journeys.model import (
    Add,
    Answer,
    Awaited,
    BestOffer,
    Call,
    Choose,
    Digest,
    Emit,
    Exit,
    Journey,
    Moment,
    Node,
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
from journeys.model.walk import awaited_of, with_blocks

NAMED = (
    "wait", "wait_until", "wait_for", "split", "send", "best_offer", "task", "call", "repeat", "parallel", "start",
    "digest",
)  # fmt: skip
OWN_NAME = ("send", "task")
"""Nodes whose default id is their argument alone."""


def default_id(verb: str, arguments: Iterable[str]) -> str:
    """`wait-20h`, `wait-for-message-clicked`; for a send or task its own name. At most 80 characters."""
    if verb in OWN_NAME:
        return "".join(arguments)
    words = f"{verb}-{'-or-'.join(arguments)}".lower()
    return re.sub(r"[^a-z0-9]+", "-", words)[:80].strip("-")


def with_ids(journey: Journey) -> Journey:
    """The journey with an id at every node that has one. They are unique if `check` finds no fault in it."""
    return journey.model_copy(update={"steps": _all(journey.steps), "on_error": _all(journey.on_error)})


def arguments_of(node: Node) -> tuple[str, list[str]]:
    """The verb of a node that has an id, and the words that its default id is made of; an empty verb for others."""
    match node:
        case Wait():
            return "wait", [node.wait.text]
        case WaitUntil():
            return "wait_until", _until(node)
        case WaitFor():
            return "wait_for", [each.on if isinstance(each, Awaited) else "when" for each in awaited_of(node)]
        case Split():
            return "split", [node.split]
        case Send():
            return "send", [node.send]
        case BestOffer():
            return "best_offer", [node.best_offer]
        case Task():
            return "task", [node.task]
        case Call():
            return "call", [node.call]
        case Repeat():
            return "repeat", [str(node.repeat)]
        case Parallel():
            return "parallel", [node.parallel]
        case Start():
            return "start", [node.start]
        case Digest():
            return "digest", [node.digest] if isinstance(node.digest, str) else node.digest
        case Choose() | Answer() | Set() | Add() | Tagged() | Untagged() | Emit() | Exit():
            return "", []
        case _:
            assert_never(node)


def _until(node: WaitUntil) -> list[str]:
    if not isinstance(node.wait_until, Moment):
        return [node.wait_until]
    weekday = node.wait_until.weekday
    named = [] if weekday is None else [weekday] if isinstance(weekday, str) else weekday
    return [*named, node.wait_until.at]


def _all(nodes: list[Node]) -> list[Node]:
    return [_one(node) for node in nodes]


def _one(node: Node) -> Node:
    node = with_blocks(node, _all)
    verb, arguments = arguments_of(node)
    if not verb:
        return node
    written: str | None = getattr(node, "id", None)
    return node.model_copy(update={"id": written or default_id(verb, arguments)})

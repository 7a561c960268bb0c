"""Nodes that ask something of others: a message, work of a person, a service, another journey."""

from engine.compile.promise import Around
from engine.program import CallStep, MessageSpec, SendStep, StartStep, Step, TaskStep, Variant
from engine.variables import variable_paths
from journeys.model import Blocked, Call, Send, Start, Task


def send(around: Around, node: Send, then: Step, path: str) -> SendStep:
    """`send:` on one channel, or on the first of several that policy lets through."""
    message = around.messages.get(node.send)
    if message is None:
        raise around.fault(path, f"message {node.send} is unknown; write messages/{node.send}/ or send another")
    variants = tuple(_variant(message, channel) for channel in _channels(around, node, message, path))
    blocked = node.when_blocked
    refused = around.block(blocked.else_, then, f"{path}.when_blocked.else") if isinstance(blocked, Blocked) else then
    label = around.id(node.id, path)
    return SendStep(label, message, variants, node.void_after, then, refused, around.rescue)


def task(around: Around, node: Task, then: Step, path: str) -> TaskStep:
    """`task:` with its outcomes."""
    outcomes = {
        name: around.block(outcome.do, then, f"{path}.outcomes.{name}.do") for name, outcome in node.outcomes.items()
    }
    otherwise = around.block(node.else_, then, f"{path}.else")
    data = around.inputs(node.data)
    hours = around.hours(node.hours, path)
    label = around.id(node.id, path)
    return TaskStep(
        label, node.task, node.queue, node.due, node.warn, data, outcomes, then, otherwise, around.rescue, hours
    )


def call(around: Around, node: Call, then: Step, path: str) -> CallStep:
    """`call:` of a service of the project."""
    otherwise = around.block(node.else_, then, f"{path}.else")
    data = around.inputs(node.with_)
    label = around.id(node.id, path)
    return CallStep(label, node.call, data, node.as_ or "", node.within, then, otherwise, around.rescue)


def start(around: Around, node: Start, then: Step, path: str) -> StartStep:
    """`start:` of another journey; one that is joined has a longest time."""
    if node.join and node.within is None:
        raise around.fault(path, f"start {node.start} joins without within; write within: 7d")
    otherwise = around.block(node.else_, then, f"{path}.else")
    data = around.inputs(node.with_)
    within = node.within if node.join else None
    return StartStep(around.id(node.id, path), node.start, data, within, then, otherwise, around.rescue)


def _variant(message: MessageSpec, channel: str) -> Variant:
    paths = variable_paths(message.variables[channel])
    return Variant(channel, paths, message.recipients.get(channel, ""))


def _channels(around: Around, node: Send, message: MessageSpec, path: str) -> list[str]:
    variants = sorted(message.variables)
    wanted = node.channels or ([node.channel] if node.channel is not None else [])
    if not wanted and len(variants) == 1:
        return variants
    if wanted and set(wanted) <= set(variants):
        return wanted
    found = f"channel {', '.join(wanted)}" if wanted else "no channel"
    raise around.fault(
        path, f"send {node.send} names {found}, the message has {', '.join(variants) or 'none'}; name one"
    )

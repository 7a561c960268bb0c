"""Nodes that ask something of others: a message, work of a person, a service, another journey."""

from engine.compile.errors import DefinitionError
from engine.compile.promise import Around
from engine.program import (
    BestOfferStep,
    CallStep,
    FallbackRule,
    MessageSpec,
    SendStep,
    StartStep,
    Step,
    TaskStep,
    Variant,
)
from engine.variables import variable_paths
from journeys.model import BestOffer, Blocked, Call, Defer, Fallback, Send, Start, Task
from journeys.model.leaves import answers_of
from journeys.model.nodes import CONVERSATION


def send(around: Around, node: Send, then: Step, path: str) -> SendStep:
    """`send:` on one channel, or on the first or best of several that policy lets through."""
    message = around.messages.get(node.send)
    if message is None:
        raise around.fault(path, f"message {node.send} is unknown; write messages/{node.send}/ or send another")
    follows = node.channel == CONVERSATION
    variants = variants_of(message, None if follows else node.channel, _all(message) if follows else node.channels)
    if not variants:
        raise _no_channel(around, node, message, path)
    blocked = node.when_blocked
    refused = around.block(blocked.else_, then, f"{path}.when_blocked.else") if isinstance(blocked, Blocked) else then
    label = around.id(node.id, path)
    defer = blocked.defer if isinstance(blocked, Defer) else None
    fallback = None if node.fallback is None else _fallback(node.fallback)
    best = node.pick == "best"
    begins = variants_of(message, None, node.begin_on) if node.begin_on else ()
    return SendStep(
        label, message, variants, node.void_after, then, refused, around.rescue,
        defer=defer, best=best, fallback=fallback, follows=follows, begins=begins,
    )  # fmt: skip


def task(around: Around, node: Task, then: Step, path: str) -> TaskStep:
    """`task:` with its outcomes."""
    outcomes = {
        name: around.block(outcome.do, then, f"{path}.outcomes.{name}.do") for name, outcome in node.outcomes.items()
    }
    otherwise = around.block(node.else_, then, f"{path}.else")
    data = around.inputs(node.data)
    hours = around.hours(node.hours, path)
    label = around.id(node.id, path)
    says = None if node.hand_over is None else _says(around, node.hand_over, node.begin_on, label, then, path)
    due = around.expression(node.due) if isinstance(node.due, str) else node.due
    return TaskStep(
        label, node.task, node.queue, due, node.warn, data, outcomes, then, otherwise, around.rescue, hours, says
    )


def _says(around: Around, name: str, channels: list[str] | None, label: str, then: Step, path: str) -> SendStep:
    """How what people write in a conversation leaves; nothing follows it, for the task is still open."""
    message = around.messages.get(name)
    if message is None:
        raise around.fault(path, f"message {name} is unknown; write messages/{name}/ or name another")
    variants = variants_of(message, None, _all(message))
    begins = variants_of(message, None, channels) if channels else variants
    return SendStep(label, message, variants, None, then, then, follows=True, begins=begins)


def _all(message: MessageSpec) -> list[str]:
    return sorted(message.variables)


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


def variants_of(message: MessageSpec, channel: str | None, channels: list[str] | None) -> tuple[Variant, ...]:
    """The channels that a message may take, as named, or its only one; none where that does not fit the message."""
    variants = sorted(message.variables)
    wanted = channels or ([channel] if channel is not None else [])
    if not wanted and len(variants) == 1:
        wanted = variants
    fits = bool(wanted) and set(wanted) <= set(variants)
    return tuple(_variant(message, each) for each in wanted) if fits else ()


def best_offer(around: Around, node: BestOffer, then: Step, path: str) -> BestOfferStep:
    """`best_offer:` over a catalog of the release."""
    otherwise = around.block(node.else_, then, f"{path}.else")
    label = around.id(node.id, path)
    return BestOfferStep(
        label, node.best_offer, node.pick, node.as_, node.void_after, node.defer, then, otherwise, around.rescue
    )


def _fallback(node: Fallback) -> FallbackRule:
    written = [node.unless] if isinstance(node.unless, str) else node.unless
    return FallbackRule(node.after, frozenset().union(*(answers_of(each) for each in written)))


def _variant(message: MessageSpec, channel: str) -> Variant:
    paths = variable_paths(message.variables[channel])
    return Variant(channel, paths, message.recipients.get(channel, ""))


def _no_channel(around: Around, node: Send, message: MessageSpec, path: str) -> DefinitionError:
    variants = sorted(message.variables)
    wanted = node.channels or ([node.channel] if node.channel is not None else [])
    found = f"channel {', '.join(wanted)}" if wanted else "no channel"
    return around.fault(
        path, f"send {node.send} names {found}, the message has {', '.join(variants) or 'none'}; name one"
    )

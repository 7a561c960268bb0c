"""Messages that are sent: that they are there, with a text for the channel."""

from collections.abc import Iterable, Iterator

from journeys.load import Folder, MessageDraft
from journeys.mend import problem
from journeys.model.nodes import CONVERSATION
from journeys.outline import is_slug, nodes
from journeys.problem import Problem, did_you_mean, listed
from journeys.tree import Mapping, Scalar, Sequence, Tree, texts


def faults(folder: Folder) -> Iterator[Problem]:
    """Sends of unknown messages, or on channels that a message has no text for; messages without any text."""
    for draft in folder.drafts:
        for node in nodes(draft.positions.root):
            yield from _beginning(draft.path, node)
            yield from sent(folder, draft.path, node)
            yield from sent(folder, draft.path, node, "hand_over")
    for name, message in folder.message_drafts.items():
        if not message.parts:
            file = f"messages/{name}/message.yaml"
            hint = f"write messages/{name}/email.html"
            yield Problem(file, 1, 1, "J013", f"the message `{name}` has no text for any channel", hint)


def sent(folder: Folder, file: str, part: Mapping, key: str = "send") -> Iterator[Problem]:
    """Faults of the message that a node or an offer names under a key, and of its channels."""
    named = part.get(key)
    if not isinstance(named, Scalar) or not is_slug(named):
        return
    message = folder.message_drafts.get(named.text)
    if message is None:
        known = folder.message_drafts
        hint = did_you_mean(named.text, known, f"write messages/{named.text}/message.yaml and email.html")
        yield problem(file, named.start, "J012", f"unknown message `{named.text}`", hint)
    elif message.parts and (key == "hand_over" or _follows(part)):
        yield from _texts(file, message, texts(part.get("begin_on")))
    elif message.parts:
        yield from _channel(file, message, named, part)


def _beginning(file: str, node: Mapping) -> Iterator[Problem]:
    entry = node.entry("begin_on")
    if entry is None or node.entry("hand_over") or _follows(node):
        return
    cure = "`hand_over: MESSAGE`" if node.entry("task") else "`channel: conversation`"
    yield problem(file, entry.key.start, "J066", "`begin_on` outside of a conversation", f"write {cure} beside it")


def _follows(node: Mapping) -> bool:
    channel = node.get("channel")
    return isinstance(channel, Scalar) and channel.text == CONVERSATION


def _channel(file: str, message: MessageDraft, written: Scalar, node: Mapping) -> Iterator[Problem]:
    channel, several = node.get("channel"), node.get("channels")
    among = several.items if isinstance(several, Sequence) else [channel]
    of = "send" if node.entry("send") else "offer"
    there = _channels(message)
    if channel is None and several is None and len(there) > 1:
        what = f"the message `{message.name}` has texts for {listed(there, 'and')}, and the {of} names no channel"
        yield problem(file, written.start, "J014", what, f"write `channel: {there[0]}` under the {of}")
    yield from _texts(file, message, among)


def _texts(file: str, message: MessageDraft, among: Iterable[Tree | None]) -> Iterator[Problem]:
    """Each channel named that the message has no text for."""
    there = _channels(message)
    for named in among:
        if not isinstance(named, Scalar) or not isinstance(named.value, str) or named.text in there:
            continue
        what = f"the message `{message.name}` has no text for the channel `{named.text}`"
        hint = did_you_mean(named.text, there, f"it has one for {listed(there, 'and')}")
        yield problem(file, named.start, "J013", what, hint)


def _channels(message: MessageDraft) -> list[str]:
    return sorted({part.partition(".")[0] for part in message.parts})

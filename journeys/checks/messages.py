"""Messages that are sent: that they are there, with a text for the channel."""

from collections.abc import Iterator

from journeys.load import Folder, MessageDraft
from journeys.mend import problem
from journeys.model.nodes import CONVERSATION
from journeys.outline import is_slug, nodes
from journeys.problem import Problem, did_you_mean, listed
from journeys.tree import Mapping, Scalar, Sequence


def faults(folder: Folder) -> Iterator[Problem]:
    """Sends of unknown messages, or on channels that a message has no text for; messages without any text."""
    for draft in folder.drafts:
        for node in nodes(draft.positions.root):
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
    elif message.parts and key != "hand_over" and not _follows(part):
        yield from _channel(file, message, named, part)


def _follows(node: Mapping) -> bool:
    channel = node.get("channel")
    return isinstance(channel, Scalar) and channel.text == CONVERSATION


def _channel(file: str, message: MessageDraft, written: Scalar, node: Mapping) -> Iterator[Problem]:
    channel, several = node.get("channel"), node.get("channels")
    among = several.items if isinstance(several, Sequence) else [channel]
    of = "send" if node.entry("send") else "offer"
    texts = sorted({part.partition(".")[0] for part in message.parts})
    if channel is None and several is None and len(texts) > 1:
        what = f"the message `{message.name}` has texts for {listed(texts, 'and')}, and the {of} names no channel"
        yield problem(file, written.start, "J014", what, f"write `channel: {texts[0]}` under the {of}")
    for named in among:
        if not isinstance(named, Scalar) or not isinstance(named.value, str) or named.text in texts:
            continue
        what = f"the message `{message.name}` has no text for the channel `{named.text}`"
        hint = did_you_mean(named.text, texts, f"it has one for {listed(texts, 'and')}")
        yield problem(file, named.start, "J013", what, hint)

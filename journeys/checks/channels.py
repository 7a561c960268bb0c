"""Channels that are tried one after the other: that there are several, that there is time, what counts as answer."""

from collections.abc import Iterator

from journeys.duration import Duration
from journeys.load import Folder
from journeys.mend import problem
from journeys.model.leaves import COMPLAINED, REPLIED, TOLD
from journeys.outline import nodes
from journeys.problem import Problem, did_you_mean
from journeys.tree import Entry, Mapping, Scalar, Sequence, Tree, texts

ANSWERS = (*TOLD, REPLIED, COMPLAINED)


def faults(folder: Folder) -> Iterator[Problem]:
    """Each choice among channels that leaves none, and each fallback that never comes, or not as it is meant."""
    for draft in folder.drafts:
        ttl = _text(draft.positions.root, "ttl")
        for node in nodes(draft.positions.root):
            if node.entry("send"):
                yield from _choice(draft.path, node)
                fallback = node.entry("fallback")
                if fallback is not None and isinstance(fallback.value, Mapping):
                    yield from _answers(draft.path, fallback.value)
                    yield from _times(draft.path, node, fallback.value, ttl)


def _choice(file: str, node: Mapping) -> Iterator[Problem]:
    """One channel or several; `pick: best` and `fallback` need several to choose from, each once."""
    pick, fallback, channels = node.entry("pick"), node.entry("fallback"), node.get("channels")
    written = list(texts(channels)) if isinstance(channels, Sequence) else []
    one = node.entry("channel")
    if one is not None and node.entry("channels"):
        yield _at_key(file, one, "`channel` beside `channels`", "keep one of them")
    for number, each in enumerate(written):
        if each.text in {before.text for before in written[:number]}:
            yield _fault(file, each, f"the channel `{each.text}` stands there twice", "keep one of them")
    best = pick is not None and isinstance(pick.value, Scalar) and pick.value.text == "best"
    for entry in (pick if best else None, fallback):
        if entry is not None and len({each.text for each in written}) < 2:
            name = "`pick: best`" if entry is pick else "`fallback`"
            what = f"{name} with {'one channel' if written else 'no `channels`'}"
            yield _at_key(file, entry, what, "write two or more, `channels: [push, email]`")


def _answers(file: str, fallback: Mapping) -> Iterator[Problem]:
    for each in texts(fallback.get("unless")):
        if each.text not in ANSWERS:
            hint = did_you_mean(each.text, ANSWERS, f"write one of {', '.join(ANSWERS)}")
            yield _fault(file, each, f"`{each.text}` is no answer to a message", hint)


def _times(file: str, node: Mapping, fallback: Mapping, ttl: Scalar | None) -> Iterator[Problem]:
    after, worth = _text(fallback, "after"), _text(node, "void_after")
    if after is None or (span := _ms(after.text)) is None:
        return
    if not span:
        yield _fault(file, after, "the next channel is tried at once", "write how long an answer is waited for")
    for limit, name in ((ttl, "ttl"), (worth, "void_after")):
        most = None if limit is None else _ms(limit.text)
        if limit is not None and most and span >= most:
            what = f"`after: {after.text}` is not over before `{name}: {limit.text}` is"
            yield _fault(file, after, what, "write a shorter one")


def _ms(text: str) -> int | None:
    """Roughly how long a duration is; None for a text that is none."""
    try:
        duration = Duration.parse(text)
    except ValueError:
        return None
    return duration.roughly_ms


def _text(tree: Tree | None, name: str) -> Scalar | None:
    value = tree.get(name) if isinstance(tree, Mapping) else None
    return value if isinstance(value, Scalar) and isinstance(value.value, str) else None


def _fault(file: str, at: Scalar, what: str, hint: str) -> Problem:
    return problem(file, at.start, "J066", what, hint)


def _at_key(file: str, entry: Entry, what: str, hint: str) -> Problem:
    return problem(file, entry.key.start, "J066", what, hint)

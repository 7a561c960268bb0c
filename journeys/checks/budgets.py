"""Budgets: one amount each, and a known cost of every channel that a budget of money pays for."""

from collections.abc import Iterator

from journeys.load import Draft, Folder
from journeys.mend import problem
from journeys.outline import nodes
from journeys.problem import Problem
from journeys.tree import Entry, Mapping, Scalar, Sequence


def faults(folder: Folder) -> Iterator[Problem]:
    """Each budget with no amount or with two, and each send on a channel whose cost the project does not name."""
    costs = _costs(folder)
    for draft in folder.drafts:
        root = draft.positions.root
        entry = root.entry("budget") if isinstance(root, Mapping) else None
        if entry is None or not isinstance(entry.value, Mapping):
            continue
        amounts = [name for name in ("messages", "cost") if entry.value.entry(name)]
        if len(amounts) != 1:
            yield _amounts(draft, entry, amounts)
        elif amounts == ["cost"] and costs is not None:
            yield from _unpaid(folder, draft, costs)


def _amounts(draft: Draft, entry: Entry, amounts: list[str]) -> Problem:
    what = "the budget has two amounts" if amounts else "the budget has no amount"
    hint = "write one budget, in messages or in cost" if amounts else "write `messages: 1000`, or `cost: 50.00`"
    return problem(draft.path, entry.key.start, "J080", what, hint)


def _costs(folder: Folder) -> set[str] | None:
    """The channels whose cost is known; without a project.yaml it is that of the one in use."""
    if folder.project_draft is None:
        return None
    root = folder.project_draft.positions.root
    channels = root.get("channels") if isinstance(root, Mapping) else None
    return {entry.name for entry in channels.entries} if isinstance(channels, Mapping) else set()


def _unpaid(folder: Folder, draft: Draft, costs: set[str]) -> Iterator[Problem]:
    told: set[str] = set()
    for node in nodes(draft.positions.root):
        for channel, where in _channels(folder, node):
            if channel not in costs and channel not in told:
                told.add(channel)
                what = f"the journey has a budget of money, and nobody knows what `{channel}` costs"
                hint = f"write `channels: {{{channel}: {{cost: 0.05}}}}` in project.yaml"
                yield problem(draft.path, where.start, "J081", what, hint)


def _channels(folder: Folder, node: Mapping) -> Iterator[tuple[str, Scalar]]:
    """The channels of a send, with where they are named; the message's own where none is."""
    sent, several = node.get("send"), node.get("channels")
    among = several.items if isinstance(several, Sequence) else [node.get("channel")]
    named = [each for each in among if isinstance(each, Scalar)]
    if not isinstance(sent, Scalar):
        return
    for each in named:
        yield each.text, each
    message = folder.message_drafts.get(sent.text)
    if not named and message is not None:
        for channel in sorted({part.partition(".")[0] for part in message.parts}):
            yield channel, sent
